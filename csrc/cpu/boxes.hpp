// Where stretches of samples lie: boxes around their points, so that a whole block of pairs can be
// passed over unread; and the order of samples that keeps boxes small.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "cpu/crew.hpp"
#include "cpu/problem.hpp"
#include "cpu/walk.hpp"

namespace kstar::cpu {

struct Box {
    int64_t sides;
    std::array<int16_t, kBoxedWidth> low;
    std::array<int16_t, kBoxedWidth> high;

    // Around nothing. A box of wide balls, or of bytes, has no sides, and no gap to any other.
    explicit Box(const Balls& balls) : sides(boxed(balls) ? balls.width : 0) {
        low.fill(std::numeric_limits<int16_t>::max());
        high.fill(std::numeric_limits<int16_t>::min());
    }

    // Outliers, of which no tile knows anything, are left out.
    Box(const Balls& balls, Range range) : Box(balls) {
        for (int64_t i = range.begin; i < range.end; ++i) {
            if (!balls.outlier(i)) {
                include(balls.point(i), balls.point(i));
            }
        }
    }

    void include(const Box& other) { include(other.low.data(), other.high.data()); }

    void include(const int16_t* lowest, const int16_t* highest) {
        for (int64_t k = 0; k < sides; ++k) {
            low[k] = std::min(low[k], lowest[k]);
            high[k] = std::max(high[k], highest[k]);
        }
    }

    // Squared distance between the nearest points of two boxes.
    double gap(const Box& other) const {
        int64_t squared = 0;
        for (int64_t k = 0; k < sides; ++k) {
            const int32_t apart = std::max(other.low[k] - high[k], low[k] - other.high[k]);
            const int64_t positive = std::max(apart, 0);
            squared += positive * positive;
        }
        return static_cast<double>(squared);
    }
};

// Whether it may pay to look for the nearest of so many samples in a tree.
inline bool may_be_tree(const Balls& balls, int64_t count) {
    return !balls.bytes && balls.width <= kTreeWidth && count >= kTreeSamples;
}

// Splits a stretch of one class at a median of its longest side, again and again, until at most
// `least` are left: a cell, or a leaf of a tree. The left part is as many cells as the largest
// power of two that fits, so that 2, 4, ... cells from the class's start on were split off
// together, too; and likewise leaves of a cell.
inline void arrange_class(const Balls& balls, int64_t least, int64_t* first, int64_t* last) {
    if (last - first <= least) {
        return;
    }
    int64_t left = last - first > kCell ? kCell : kFan;
    while (2 * left < last - first) {
        left *= 2;
    }
    Box box(balls);
    for (const int64_t* i = first; i != last; ++i) {
        box.include(balls.point(*i), balls.point(*i));
    }
    int64_t longest = 0;
    for (int64_t k = 1; k < balls.width; ++k) {
        longest = box.high[k] - box.low[k] > box.high[longest] - box.low[longest] ? k : longest;
    }
    const auto coordinate = [&](int64_t i) { return balls.point(i)[longest]; };
    std::nth_element(first, first + left, last, [&](int64_t i, int64_t j) {
        return std::make_pair(coordinate(i), i) < std::make_pair(coordinate(j), j);
    });
    arrange_class(balls, least, first, first + left);
    arrange_class(balls, least, first + left, last);
}

// Writes an order of the positions in which those of a class still stand together, and near ones
// near each other.
inline void arrange(const Balls& balls, const int32_t* codes, int64_t count, int64_t* order,
                    const Crew& crew) {
    const int64_t least = may_be_tree(balls, count) ? kFan : kCell;
    std::iota(order, order + count, 0);
    std::vector<Range> classes;
    for (int64_t first = 0; first < count; first = classes.back().end) {
        classes.push_back(
            {first, std::upper_bound(codes + first, codes + count, codes[first]) - codes});
    }
    crew.run(static_cast<int64_t>(classes.size()), [&] {
        return [&](int64_t piece) {
            arrange_class(balls, least, order + classes[piece].begin, order + classes[piece].end);
        };
    });
}

}  // namespace kstar::cpu
