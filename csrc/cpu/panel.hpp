// A block of balls packed for the kernels: rows of a tile, or a stretch of its columns.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "cpu/problem.hpp"

namespace kstar::cpu {

constexpr int64_t kPanelBytes = 256 << 10;  // of packed columns: they stay in a core's own cache
constexpr int64_t kMostColumns = 2 * kCell;
constexpr int32_t kLowSeed = -(1 << 30);  // below any product that could matter

// How many columns are packed together.
inline int64_t panel_columns(int64_t feature_pairs) {
    return std::clamp(kPanelBytes / (4 * feature_pairs) / kCell * kCell, kCell, kMostColumns);
}

class Panel {
 public:
    // `group` is the number of rows, or of columns, of a micro-tile.
    Panel(const Kernels& kernels, int group) : kernels_(kernels), group_(group) {}

    // Packs `count` balls: number `first`, and then every `step`-th.
    void fill(const Balls& balls, const int32_t* seeds, int64_t first, int64_t count,
              int64_t step = 1) {
        const int64_t padded = (count + group_ - 1) / group_ * group_;
        points_.resize(2 * padded * balls.feature_pairs());
        kernels_.pack(balls.point(first), step * balls.stride, count, balls.feature_pairs(), group_,
                      points_.data());
        seeds_.assign(padded, kLowSeed);  // of padding, too
        for (int64_t i = 0; i < count; ++i) {
            seeds_[i] = seeds[first + i * step];
        }
        feature_pairs_ = balls.feature_pairs();
    }

    int64_t groups() const { return static_cast<int64_t>(seeds_.size()) / group_; }
    int64_t padded() const { return static_cast<int64_t>(seeds_.size()); }

    // One group of this panel's rows against all columns of the other.
    Strip strip(int64_t group, const Panel& columns) const {
        return {points_.data() + 2 * group * group_ * feature_pairs_,
                seeds_.data() + group * group_,
                columns.points_.data(),
                columns.seeds_.data(),
                columns.groups(),
                feature_pairs_};
    }

 private:
    const Kernels& kernels_;
    int group_;
    int64_t feature_pairs_ = 0;
    std::vector<int16_t> points_;
    std::vector<int32_t> seeds_;
};

// The seeds of all balls of a side.
inline std::vector<int32_t> seeds(const Kernels& kernels, const Balls& balls, int64_t count) {
    std::vector<int32_t> result(count, kLowSeed);
    for (int64_t i = 0; i < count; ++i) {
        if (!balls.outlier(i)) {
            const int16_t* point = balls.point(i);
            result[i] =
                balls.certificate.seed(kernels.dot(point, point, balls.stride), balls.radii[i]);
        }
    }
    return result;
}

}  // namespace kstar::cpu
