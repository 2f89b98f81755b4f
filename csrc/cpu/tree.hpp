// Samples in a tree of two levels: leaves of a few that are near each other, branches of a few
// leaves, and boxes around both, so that most of them are passed over unread.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <numeric>
#include <vector>

#include "cpu/crew.hpp"
#include "cpu/kernels.hpp"
#include "cpu/packed.hpp"
#include "cpu/problem.hpp"
#include "cpu/walk.hpp"

namespace kstar::cpu {

// A squared distance of points as it is compared with gaps: 2^32 - 1 is beyond any.
inline int32_t shifted(double squared) {
    const double whole = std::ceil(std::clamp<double>(squared, 0, 0xffffffff));
    return static_cast<int32_t>(static_cast<int64_t>(whole) + std::numeric_limits<int32_t>::min());
}

// Every branch has kFan leaves, some of them empty. Leaf l is of branch l / kFan.
class Tree {
 public:
    // `seeds` are of the balls' products.
    Tree(const Balls& balls, const int32_t* codes, int64_t count, const int32_t* seeds,
         const Crew& crew)
        : words_(balls.words()) {
        std::vector<int32_t> of_leaves;
        const std::vector<Range> full = pieces(codes, count, kFan, kFan);
        for (const Range members : full) {
            of_leaves.push_back(codes[members.begin]);
        }
        for (const Range of : pieces(of_leaves.data(), of_leaves.size(), kFan, kFan)) {
            const Range members{full[of.begin].begin, full[of.end - 1].end};
            const int32_t code = codes[members.begin];
            codes_.push_back(code == codes[members.end - 1] ? code : kMixed);
            leaves_.insert(leaves_.end(), full.begin() + of.begin, full.begin() + of.end);
            leaves_.resize(codes_.size() * kFan, {members.end, members.end});
        }
        groups_.resize((codes_.size() + kFan - 1) / kFan);
        std::iota(groups_.begin(), groups_.end(), 0);
        points_.reset(new Line[leaves_.size() * words_]());
        leaf_boxes_.reset(new Line[codes_.size() * 2 * words_]);
        branch_boxes_.reset(new Line[groups_.size() * 2 * words_]);
        seeds_.assign(leaves_.size() * kFan, kLowSeed);
        crew.run(groups_.size(), [&] { return [&](int64_t group) { make(balls, seeds, group); }; });
    }

    const Line* leaf_boxes() const { return leaf_boxes_.get(); }
    const Line* branch_boxes() const { return branch_boxes_.get(); }
    Leaves leaves() const { return {points_.get(), seeds_.data()}; }

    // Numbers of all groups of boxes of branches.
    const std::vector<int32_t>& groups() const { return groups_; }
    // Whether all samples of a branch are of this class. Groups may have branches without any.
    bool holds_only(int64_t branch, int32_t code) const {
        return branch >= static_cast<int64_t>(codes_.size()) || codes_[branch] == code;
    }

    Range samples(int64_t branch) const {
        return {leaves_[branch * kFan].begin, leaves_[branch * kFan + kFan - 1].end};
    }
    const Range& leaf(int64_t number) const { return leaves_[number]; }

 private:
    static constexpr int32_t kMixed = -1;

    // The branches of a group, and their leaves.
    void make(const Balls& balls, const int32_t* seeds, int64_t group) {
        const int64_t branches = codes_.size();
        for (int64_t b = group * kFan; b < (group + 1) * kFan; ++b) {
            enclose(balls, b < branches ? samples(b) : Range{0, 0}, branch_boxes_.get(), b);
            for (int64_t leaf = b * kFan; b < branches && leaf < (b + 1) * kFan; ++leaf) {
                fill(balls, seeds, leaf);
                enclose(balls, leaves_[leaf], leaf_boxes_.get(), leaf);
            }
        }
    }

    void fill(const Balls& balls, const int32_t* seeds, int64_t leaf) {
        for (int64_t k = 0; k < leaves_[leaf].size(); ++k) {
            const int64_t i = leaves_[leaf].begin + k;
            seeds_[leaf * kFan + k] = seeds[i];
            for (int64_t w = 0; w < words_; ++w) {
                points_[leaf * words_ + w].words[k] = balls.words_of(i)[w];
            }
        }
    }

    // Writes the box around some samples. Outliers, of which no product tells anything, are left
    // out. A box around nothing is as far from everything as numbers are.
    void enclose(const Balls& balls, Range members, Line* boxes, int64_t box) {
        constexpr int16_t kLowest = std::numeric_limits<int16_t>::min();
        constexpr int16_t kHighest = std::numeric_limits<int16_t>::max();
        int16_t low[kBoxedWidth + 1], high[kBoxedWidth + 1];
        std::fill_n(low, 2 * words_, kHighest);
        std::fill_n(high, 2 * words_, kLowest);
        bool empty = true;
        for (int64_t i = members.begin; i < members.end; ++i) {
            if (!balls.outlier(i)) {
                empty = false;
                const int16_t* point = balls.point(i);
                for (int64_t k = 0; k < 2 * words_; ++k) {
                    low[k] = std::min(low[k], point[k]);
                    high[k] = std::max(high[k], point[k]);
                }
            }
        }
        if (empty) {  // in few numbers: the sum of so many squares would wrap
            std::fill(low + 2, low + 2 * words_, kLowest);
            std::fill(high + 2, high + 2 * words_, kHighest);
        }
        Line* const lines = boxes + box / kFan * 2 * words_;
        for (int64_t w = 0; w < words_; ++w) {
            std::memcpy(&lines[2 * w].words[box % kFan], low + 2 * w, sizeof(int32_t));
            std::memcpy(&lines[2 * w + 1].words[box % kFan], high + 2 * w, sizeof(int32_t));
        }
    }

    int64_t words_;
    std::vector<Range> leaves_;
    std::vector<int32_t> codes_;  // of branches
    std::vector<int32_t> groups_;
    std::unique_ptr<Line[]> points_;
    std::unique_ptr<Line[]> leaf_boxes_;
    std::unique_ptr<Line[]> branch_boxes_;
    std::vector<int32_t> seeds_;
};

}  // namespace kstar::cpu
