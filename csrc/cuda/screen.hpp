// The second sieve of Search: pairs that narrow balls leave open, by full ones. Only those that it
// leaves open, too, are worth the original rows and float64.
#pragma once

#include <cmath>
#include <cstdint>

#include "cuda/instructions.hpp"
#include "cuda/parameters.hpp"

namespace kstar::cuda {

__global__ void screen_pairs(Screening work) {
    constexpr int kAtOnce = 8;  // numbers that a lane reads together
    const unsigned lane = threadIdx.x % 32;
    each_by_a_warp(work.count, [&](int64_t p) {
        const Pair pair = work.pairs[p];
        const uint16_t* x = work.rows.points + static_cast<int64_t>(pair.row) * work.rows.width;
        const uint16_t* y =
            work.columns.points + static_cast<int64_t>(pair.column) * work.columns.width;
        float sum = 0;
        for (int32_t k = lane * kAtOnce; k < work.rows.width; k += 32 * kAtOnce) {
            alignas(16) uint16_t left[kAtOnce], right[kAtOnce];
            read_together(left, x + k);
            read_together(right, y + k);
            KSTAR_UNROLL
            for (int n = 0; n < kAtOnce; ++n) {
                sum = fmaf(from_half(left[n]), from_half(right[n]), sum);
            }
        }
        sum = sum_of_warp(sum);
        if (lane == 0) {
            sum += work.rows.seeds[pair.row] + work.columns.seeds[pair.column];
            work.open[p] =
                !(sum < fminf(work.row_thresholds[pair.row], work.column_thresholds[pair.column]));
        }
    });
}

}  // namespace kstar::cuda
