// Balls packed for the kernels: the rows of a tile, or a stretch of its columns.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
#include <vector>

#include "cpu/problem.hpp"

namespace kstar::cpu {

constexpr int64_t kPackedBytes = 256 << 10;  // of packed columns: they stay in a core's own cache
constexpr int64_t kMostColumns = 4 * kCell;
constexpr int32_t kLowSeed = -(1 << 30);  // below any product that could matter

// How many columns are packed together.
inline int64_t columns_at_once(const Tiles& tiles, int64_t words) {
    const int64_t whole = std::lcm(kCell, static_cast<int64_t>(tiles.columns));
    return std::clamp(kPackedBytes / (4 * words) / whole * whole, whole, kMostColumns);
}

enum class Part { kRows, kColumns };  // of tiles

class Packed {
 public:
    // Room for so many of these balls, as the rows or as the columns of tiles.
    Packed(const Kernels& kernels, const Balls& balls, Part part, int64_t most)
        : tiles_(balls.tiles(kernels)),
          part_(part),
          group_(part == Part::kRows ? tiles_.rows : tiles_.columns),
          words_((balls.words() + tiles_.words - 1) / tiles_.words * tiles_.words),
          lines_(new Line[(whole_groups(most) * words_ + kPackingSlack) / kLineWords + 1]) {
        seeds_.reserve(whole_groups(most));
    }

    // Packs `count` balls, no more than there is room for: number `first`, and then every
    // `step`-th.
    void fill(const Balls& balls, const int32_t* seeds, int64_t first, int64_t count,
              int64_t step = 1) {
        const auto pack = part_ == Part::kRows ? tiles_.pack_rows : tiles_.pack_columns;
        pack(balls.words_of(first), step * balls.word_stride(), count, balls.words(), points());
        seeds_.assign(whole_groups(count), kLowSeed);  // of padding, too
        for (int64_t i = 0; i < count; ++i) {
            seeds_[i] = seeds[first + i * step];
        }
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
                words_};
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
    static constexpr int64_t kLineWords = sizeof(Line) / sizeof(int32_t);

    int64_t whole_groups(int64_t count) const { return (count + group_ - 1) / group_ * group_; }
    int32_t* points() const { return reinterpret_cast<int32_t*>(lines_.get()); }
    const int32_t* points_of(int64_t group) const { return points() + group * group_ * words_; }

    const Tiles& tiles_;
    Part part_;
    int group_;
    int64_t words_;
    int64_t first_ = 0;  // position of the first member
    int64_t count_ = 0;
    std::unique_ptr<Line[]> lines_;
    std::vector<int32_t> seeds_;
};

// The seeds of all balls of a side.
inline std::vector<int32_t> seeds(const Kernels& kernels, const Balls& balls, int64_t count,
                                  Part part) {
    const int shift = part == Part::kColumns ? balls.tiles(kernels).shift : 0;
    std::vector<int32_t> result(count, kLowSeed);
    for (int64_t i = 0; i < count; ++i) {
        if (!balls.outlier(i)) {
            result[i] = balls.certificate.seed(balls.squares[i], balls.radii[i]);
            result[i] -= shift == 0 ? 0 : shift * balls.sums[i];
        }
    }
    return result;
}

}  // namespace kstar::cpu
