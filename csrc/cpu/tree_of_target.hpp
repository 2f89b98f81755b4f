// A sample against the boxes and leaves of a tree: which boxes its limits reach, and its products
// with the samples inside.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cpu/kernels.hpp"
#include "cpu/simd.hpp"
#include "cpu/tiles_of_target.hpp"

namespace kstar::cpu {
inline namespace KSTAR_TARGET {

// Appends the numbers of kFan boxes whose bits are set.
inline int32_t* append(uint32_t set, int32_t group, int32_t* to) {
    for (; set != 0; set &= set - 1) {
        *to++ = group * kFan + __builtin_ctz(set);
    }
    return to;
}

inline int64_t near_boxes(const Probe& probe, const Line* boxes, const int32_t* groups,
                          int64_t count, int32_t* near) {
    int32_t* end = near;
    for (int64_t k = 0; k < count; ++k) {
        const Line* lines = boxes + groups[k] * 2 * probe.words;
        uint32_t found = 0;
        for (int first = 0; first < kFan; first += Vector::kLanes) {
            Vector gap = Vector::all(INT32_MIN);  // sums without a sign need all bits
            for (int64_t w = 0; w < probe.words; ++w) {
                const Vector point = Vector::all(probe.point[w]);
                const Vector low = Vector::load(lines[2 * w].words + first);
                const Vector high = Vector::load(lines[2 * w + 1].words + first);
                const Vector apart =
                    larger(larger(difference(low, point), difference(point, high)), Vector::all(0));
                gap = add_products(gap, apart, apart);
            }
            found |= bits(greater(Vector::all(probe.gap), gap)) << first;
        }
        end = append(found, groups[k], end);
    }
    return end - near;
}

// A few vectors of products are made together: each by itself would wait for its own last sum.
inline int64_t search_leaves(const Probe& probe, const Leaves& leaves, const int32_t* chosen,
                             int64_t count, Pair* survivors) {
    constexpr int kTogether = 4;
    constexpr int kVectors = kFan / Vector::kLanes;
    constexpr int kLeaves = kTogether / kVectors;
    Pair* end = survivors;
    for (int64_t k = 0; k < count; k += kLeaves) {
        Vector sums[kTogether];
        const int32_t* points[kTogether];
#pragma GCC unroll 4
        for (int v = 0; v < kTogether; ++v) {
            const int64_t leaf = chosen[std::min<int64_t>(k + v / kVectors, count - 1)];
            const int first = v % kVectors * Vector::kLanes;
            sums[v] = Vector::load(leaves.seeds + leaf * kFan + first) + Vector::all(probe.seed);
            points[v] = leaves.points[leaf * probe.words].words + first;
        }
        for (int64_t w = 0; w < probe.words; ++w) {
            const Vector point = Vector::all(probe.point[w]);
#pragma GCC unroll 4
            for (int v = 0; v < kTogether; ++v) {
                sums[v] = add_products(sums[v], point, Vector::load(points[v] + w * kFan));
            }
        }
#pragma GCC unroll 4
        for (int v = 0; v < kTogether; ++v) {
            if (k + v / kVectors < count) {
                end = append(bits(greater(sums[v], Vector::all(probe.limit))), sums[v],
                             chosen[k + v / kVectors], v % kVectors * Vector::kLanes, end);
            }
        }
    }
    return end - survivors;
}

}  // namespace KSTAR_TARGET
}  // namespace kstar::cpu
