// Balls packed for the kernels: the rows of a tile, or a stretch of its columns.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "cpu/problem.hpp"

namespace kstar::cpu {

constexpr int64_t kPackedBytes = 256 << 10;  // of packed columns: they stay in a core's own cache
constexpr int64_t kMostColumns = 2 * kCell;
constexpr int32_t kLowSeed = -(1 << 30);  // below any product that could matter

// How many columns are packed together.
inline int64_t columns_at_once(int64_t feature_pairs) {
    return std::clamp(kPackedBytes / (4 * feature_pairs) / kCell * kCell, kCell, kMostColumns);
}

class Packed {
 public:
    // Room for so many balls. `group` is the number of rows, or of columns, of a micro-tile.
    Packed(const Kernels& kernels, int group, int64_t most, int64_t feature_pairs)
        : kernels_(kernels),
          group_(group),
          points_(new int16_t[2 * (whole_groups(most) * feature_pairs + kPackingSlack)]) {
        seeds_.reserve(whole_groups(most));
    }

    // Packs `count` balls, no more than there is room for: number `first`, and then every
    // `step`-th.
    void fill(const Balls& balls, const int32_t* seeds, int64_t first, int64_t count,
              int64_t step = 1) {
        kernels_.pack(balls.point(first), step * balls.stride, count, balls.feature_pairs(), group_,
                      points_.get());
        seeds_.assign(whole_groups(count), kLowSeed);  // of padding, too
        for (int64_t i = 0; i < count; ++i) {
            seeds_[i] = seeds[first + i * step];
        }
        feature_pairs_ = balls.feature_pairs();
        first_ = first;
        count_ = count;
    }

    int64_t groups() const { return static_cast<int64_t>(seeds_.size()) / group_; }
    int64_t padded() const { return static_cast<int64_t>(seeds_.size()); }

    // Some groups of these rows against some of those columns.
    Strip strip(Range groups, const Packed& columns, Range column_groups) const {
        return {points_of(groups.begin),
                seeds_.data() + groups.begin * group_,
                columns.points_of(column_groups.begin),
                columns.seeds_.data() + column_groups.begin * columns.group_,
                groups.size(),
                column_groups.size(),
                feature_pairs_};
    }
    Strip strip(int64_t group, const Packed& columns, Range column_groups) const {
        return strip({group, group + 1}, columns, column_groups);
    }
    Strip strip(int64_t group, const Packed& columns) const {
        return strip(group, columns, {0, columns.groups()});
    }

    // The groups that hold only these positions, or padding.
    Range groups_within(Range positions) const {
        const int64_t begin = (positions.begin - first_ + group_ - 1) / group_;
        const int64_t end =
            positions.end == first_ + count_ ? groups() : (positions.end - first_) / group_;
        return {begin, std::max(begin, end)};
    }

    // The groups that hold these positions.
    Range groups_of(Range positions) const {
        const int64_t begin = (positions.begin - first_) / group_;
        const int64_t end = (positions.end - first_ + group_ - 1) / group_;
        return {begin, positions.size() == 0 ? begin : end};
    }

 private:
    int64_t whole_groups(int64_t count) const { return (count + group_ - 1) / group_ * group_; }
    const int16_t* points_of(int64_t group) const {
        return points_.get() + 2 * group * group_ * feature_pairs_;
    }

    const Kernels& kernels_;
    int group_;
    int64_t first_ = 0;  // position of the first member
    int64_t count_ = 0;
    int64_t feature_pairs_ = 0;
    std::unique_ptr<int16_t[]> points_;
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
