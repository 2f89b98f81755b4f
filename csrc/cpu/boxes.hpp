// Where stretches of samples lie: boxes around their points, so that a whole block of pairs can be
// passed over unread; and the order of samples that keeps boxes small.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "cpu/crew.hpp"
#include "cpu/problem.hpp"
#include "cpu/walk.hpp"

namespace kstar::cpu {

struct Box {
    std::vector<int16_t> low;
    std::vector<int16_t> high;

    // Outliers, of which no tile knows anything, are left out.
    Box(const Balls& balls, Range range)
        : low(balls.width, std::numeric_limits<int16_t>::max()),
          high(balls.width, std::numeric_limits<int16_t>::min()) {
        for (int64_t i = range.begin; i < range.end; ++i) {
            const int16_t* point = balls.point(i);
            for (int64_t k = 0; k < balls.width && !balls.outlier(i); ++k) {
                low[k] = std::min(low[k], point[k]);
                high[k] = std::max(high[k], point[k]);
            }
        }
    }

    // Squared distance between the nearest points of two boxes.
    double gap(const Box& other) const {
        int64_t squared = 0;
        for (size_t k = 0; k < low.size(); ++k) {
            const int32_t apart = std::max(other.low[k] - high[k], low[k] - other.high[k]);
            const int64_t positive = std::max(apart, 0);
            squared += positive * positive;
        }
        return static_cast<double>(squared);
    }
};

// Splits a stretch of one class at a median of its longest side, again and again, until a cell is
// left. The left part is as many cells as the largest power of two that fits, so that 2, 4, ...
// cells from the class's start on were split off together, too.
inline void arrange_class(const Balls& balls, int64_t* first, int64_t* last) {
    if (last - first <= kCell) {
        return;
    }
    int64_t left = kCell;
    while (2 * left < last - first) {
        left *= 2;
    }
    std::vector<int16_t> low(balls.width, std::numeric_limits<int16_t>::max());
    std::vector<int16_t> high(balls.width, std::numeric_limits<int16_t>::min());
    for (const int64_t* i = first; i != last; ++i) {
        const int16_t* point = balls.point(*i);
        for (int64_t k = 0; k < balls.width; ++k) {
            low[k] = std::min(low[k], point[k]);
            high[k] = std::max(high[k], point[k]);
        }
    }
    int64_t longest = 0;
    for (int64_t k = 1; k < balls.width; ++k) {
        longest = high[k] - low[k] > high[longest] - low[longest] ? k : longest;
    }
    const auto coordinate = [&](int64_t i) { return balls.point(i)[longest]; };
    std::nth_element(first, first + left, last, [&](int64_t i, int64_t j) {
        return std::make_pair(coordinate(i), i) < std::make_pair(coordinate(j), j);
    });
    arrange_class(balls, first, first + left);
    arrange_class(balls, first + left, last);
}

// Writes an order of the positions in which those of a class still stand together, and near ones
// near each other.
inline void arrange(const Balls& balls, const int32_t* codes, int64_t count, int64_t* order,
                    const Crew& crew) {
    std::iota(order, order + count, 0);
    std::vector<Range> classes;
    for (int64_t first = 0; first < count; first = classes.back().end) {
        classes.push_back(
            {first, std::upper_bound(codes + first, codes + count, codes[first]) - codes});
    }
    crew.run(static_cast<int64_t>(classes.size()), [&] {
        return [&](int64_t piece) {
            arrange_class(balls, order + classes[piece].begin, order + classes[piece].end);
        };
    });
}

}  // namespace kstar::cpu
