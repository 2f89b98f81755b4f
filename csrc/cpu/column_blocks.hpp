// The columns of a search in blocks that are looked at together: boxes around them, and how near a
// pair must be to matter to any of them.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

#include "cpu/boxes.hpp"
#include "cpu/packed.hpp"
#include "cpu/problem.hpp"
#include "cpu/sieve.hpp"

namespace kstar::cpu {

// The lowest limit of some samples: products up to it are of interest to none of them.
inline int32_t lowest(const Limits& limits, Range samples) {
    int32_t result = kNever;
    for (int64_t i = samples.begin; i < samples.end; ++i) {
        result = std::min(result, limits[i]);
    }
    return result;
}

class ColumnBlocks {
 public:
    // `limits` is null where columns do not ask.
    ColumnBlocks(const Problem& problem, const Limits* limits)
        : most_(most_in_piece(length(problem))),
          limits_(limits),
          ranges_(pieces(problem.references.codes, problem.references.count, length(problem))),
          lowest_(ranges_.size()) {
        for (const Range& range : ranges_) {
            boxes_.emplace_back(problem.references.narrow, range);
        }
    }

    int64_t most() const { return most_; }  // columns of a block
    size_t size() const { return ranges_.size(); }
    Range range(size_t block) const { return ranges_[block]; }
    const Box& box(size_t block) const { return boxes_[block]; }

    int32_t lowest_of(size_t block) const { return lowest_[block].load(std::memory_order_relaxed); }
    // Limits only rise, so that one noted earlier is still valid.
    void note_lowest(size_t block) {
        lowest_[block] = limits_ == nullptr ? kNever : lowest(*limits_, ranges_[block]);
    }

    // The block that a column belongs to.
    size_t of(int64_t column) const {
        const auto after = std::upper_bound(
            ranges_.begin(), ranges_.end(), column,
            [](int64_t position, const Range& range) { return position < range.begin; });
        return static_cast<size_t>(after - ranges_.begin()) - 1;
    }

 private:
    // As few as have a small box. Where there are no boxes, so many that their full points, too,
    // stay in a core's own cache: the survivors of all rows of a tile are screened with them.
    static int64_t length(const Problem& problem) {
        const Side& side = problem.references;
        return boxed(side.narrow)
                   ? kCell
                   : columns_at_once(side.narrow.tiles(problem.kernels), side.full.words());
    }

    int64_t most_;
    const Limits* limits_;
    std::vector<Range> ranges_;
    std::vector<Box> boxes_;
    std::vector<std::atomic<int32_t>> lowest_;
};

}  // namespace kstar::cpu
