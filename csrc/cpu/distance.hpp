// The CPU engine's canonical squared distance, and the one that tests compare the CUDA engine's
// (cuda/refine.hpp) with: the twin of kstar_gpu/definition.py. Every operation is rounded on its
// own, so translation units that include this must be compiled with -ffp-contract=off.
#pragma once

#include <cstdint>

#include "common/target.hpp"

namespace kstar::cpu {
inline namespace KSTAR_TARGET {

constexpr int kLanes = 32;

// Products are summed into 32 lanes in rising k; the lanes are folded in halves. Row types have
// `double operator[](int64_t k) const`.
template <typename RowX, typename RowY>
double squared_distance(const RowX& x, const RowY& y, int64_t dimensions) {
    double lanes[kLanes] = {};
    int64_t k = 0;
    for (; k + kLanes <= dimensions; k += kLanes) {
        for (int lane = 0; lane < kLanes; ++lane) {
            const double difference = x[k + lane] - y[k + lane];
            lanes[lane] += difference * difference;
        }
    }
    for (int lane = 0; k + lane < dimensions; ++lane) {
        const double difference = x[k + lane] - y[k + lane];
        lanes[lane] += difference * difference;
    }
    int half = kLanes / 2;
    while (half >= dimensions) {
        half /= 2;  // only zeros would be added
    }
    for (; half > 0; half /= 2) {
        for (int lane = 0; lane < half; ++lane) {
            lanes[lane] += lanes[lane + half];
        }
    }
    return lanes[0];
}

}  // namespace KSTAR_TARGET
}  // namespace kstar::cpu
