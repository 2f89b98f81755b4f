// How far samples look: from what is known of their nearest foreign sample to a product below which
// a pair need not be looked at. The bounds are those of kstar_gpu/engines/bounds.py.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "cuda/instructions.hpp"
#include "cuda/survivors.hpp"

namespace kstar::cuda {

constexpr float kLowest = std::numeric_limits<float>::lowest();  // only masked pairs are below
constexpr double kOutward = 1 + 0x1p-40;  // covers the few roundings of a formula

// A distance, in the balls' unit, that the canonical one of a pair does not exceed: `at_most`
// there.
__device__ inline double at_most(const Sieve& sieve, int32_t row, int32_t column, float product) {
    const double slack = sieve.rows.slack[row] + sieve.columns.slack[column];
    const double radii = sieve.rows.radii[row] + sieve.columns.radii[column];
    const double squared = slack - 2.0 * product;  // NaN stays NaN
    return (__dsqrt_rn(squared < 0 ? 0 : squared) + radii) * kOutward * sieve.bounds.above;
}

// Lets a sample know that some foreign one is no farther than this.
__device__ inline void limit(const Nearest& nearest, int32_t sample, double distance) {
    if (nearest.limit != nullptr && distance < INFINITY) {  // so it is a number
        atomicMin(&nearest.limit[sample], __double_as_longlong(distance));
    }
}

__global__ void set_thresholds(Thresholds work) {
    each_by_a_thread(work.count, [&](int64_t i) {
        const Nearest& nearest = work.nearest;
        const double measured = __dsqrt_rn(__longlong_as_double(nearest.squared[i]));
        const double radius =
            fmin(measured * work.bounds.unit, __longlong_as_double(nearest.limit[i]));
        const double reach = radius * work.bounds.above + work.reach.radii[i];
        const float threshold = __double2float_rd(-(work.bounds.farther * reach * reach));
        work.reach.thresholds[i] = nearest.settled[i] ? INFINITY : fmaxf(threshold, kLowest);
    });
}

// Products bound distances from above, too: what survived says how far to look, before any pair is
// measured.
__global__ void tighten_pairs(Search work) {
    each_by_a_thread(found(work.survivors), [&](int64_t p) {
        const Pair pair = work.survivors.pairs[p];
        const double distance = at_most(work.full, pair.row, pair.column, pair.product);
        limit(work.row_nearest, pair.row, distance);
        limit(work.column_nearest, pair.column, distance);
    });
}

}  // namespace kstar::cuda
