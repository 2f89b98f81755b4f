// Refinement: the canonical squared distances of a list of pairs, over several threads.
#pragma once

#include <algorithm>
#include <cfenv>
#include <cstdint>
#include <thread>
#include <vector>

#include "cpu/ieee_mode.hpp"
#include "cpu/rows.hpp"
#include "distance.hpp"

namespace kstar::cpu {

struct PairList {
    const int64_t* samples;
    const int64_t* references;
    int64_t count;
};

template <typename X, typename Y>
void refine_range(const Rows<X>& x, const Rows<Y>& y, int64_t dimensions, const PairList& pairs,
                  int64_t first, int64_t last, double* squared) {
    const IeeeMode ieee;
    for (int64_t pair = first; pair < last; ++pair) {
        const int64_t i = pairs.samples[pair];
        const int64_t j = pairs.references[pair];
        const X* row_x = x.data + i * x.stride;
        const Y* row_y = y.data + j * y.stride;
        if (x.norms == nullptr) {
            squared[pair] = squared_distance(Row<X>{row_x}, Row<Y>{row_y}, dimensions);
        } else {
            squared[pair] = squared_distance(UnitRow<X>{row_x, x.norms[i]},
                                             UnitRow<Y>{row_y, y.norms[j]}, dimensions);
        }
    }
}

// Writes the squared distance of each pair. Distances do not depend on one another, so neither
// does the result on the number of threads.
template <typename X, typename Y>
void refine(const Rows<X>& x, const Rows<Y>& y, int64_t dimensions, const PairList& pairs,
            int threads, double* squared) {
    constexpr int64_t kWorthAThread = 1 << 16;  // multiply-adds
    const int64_t useful = 1 + pairs.count * dimensions / kWorthAThread;
    const int64_t workers = std::max<int64_t>(1, std::min<int64_t>(threads, useful));
    const int64_t share = (pairs.count + workers - 1) / workers;
    std::vector<std::thread> others;
    for (int64_t first = share; first < pairs.count; first += share) {
        others.emplace_back([&, first] {
            refine_range(x, y, dimensions, pairs, first, std::min(first + share, pairs.count),
                         squared);
        });
    }
    refine_range(x, y, dimensions, pairs, 0, std::min(share, pairs.count), squared);
    for (std::thread& other : others) {
        other.join();
    }
}

}  // namespace kstar::cpu
