// The second sieve of Search: the pairs that narrow balls leave open, by full ones. Only those that
// it leaves open, too, are worth the original rows and float64.
#pragma once

#include <cmath>
#include <cstdint>

#include "cuda/survivors.hpp"

namespace kstar::cuda {

// Replaces the products of narrow balls by those of full ones.
__global__ void screen_pairs(Search work) {
    constexpr int kAtOnce = 8;  // numbers that a lane reads together
    const unsigned lane = threadIdx.x % 32;
    const Side &rows = work.full_rows, &columns = work.full_columns;
    each_by_a_warp(found(work.survivors), [&](int64_t p) {
        Pair& pair = work.survivors.pairs[p];
        const uint16_t* x = rows.points + static_cast<int64_t>(pair.row) * rows.width;
        const uint16_t* y = columns.points + static_cast<int64_t>(pair.column) * columns.width;
        float sum = 0;
        for (int32_t k = lane * kAtOnce; k < rows.width; k += 32 * kAtOnce) {
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
            pair.product = sum + (rows.seeds[pair.row] + columns.seeds[pair.column]);
        }
    });
}

}  // namespace kstar::cuda
