// A search in few dimensions: every sample by itself asks the tree of the other side.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "cpu/crew.hpp"
#include "cpu/nearest.hpp"
#include "cpu/problem.hpp"
#include "cpu/tree.hpp"

namespace kstar::cpu {

class TreeSearcher {
 public:
    TreeSearcher(const Problem& problem, Nearest& nearest, const Tree& tree, Work& work)
        : problem_(problem),
          samples_(problem.samples.narrow),
          kernels_(problem.kernels),
          nearest_(nearest),
          tree_(tree),
          branches_(new int32_t[kFan * tree.groups().size()]),
          leaves_(new int32_t[kAtOnce * kFan]),
          survivors_(new Pair[kAtOnce * kFan * kFan]),
          work_(work) {}

    void walk(Range rows) {
        for (int64_t i = rows.begin; i < rows.end; ++i) {
            if (nearest_.rows.narrow[i] != kNever) {
                search(i);
            }
        }
        work_.tile_pairs += std::exchange(pairs_, 0);
        work_.screened += counts_.screened;
        work_.refined += counts_.refined;
        counts_ = {};
    }

 private:
    static constexpr int64_t kNone = -1;
    static constexpr int64_t kAtOnce = 16;  // branches

    void search(int64_t i) {
        // Samples stand near each other: so may those nearest to them.
        if (best_ != kNone && asks(i, best_)) {
            settle(i, best_, nearest_.narrow.product(i, best_));
        }
        Probe probe{};
        probe.point = samples_.words_of(i);
        probe.words = samples_.words();
        probe.seed = nearest_.narrow.sample_seeds[i];
        probe.limit = kNever;
        limit(probe, i);
        int64_t count = kernels_.near_boxes(probe, tree_.branch_boxes(), tree_.groups().data(),
                                            tree_.groups().size(), branches_.get());
        count = std::remove_if(branches_.get(), branches_.get() + count,
                               [&](int32_t branch) {
                                   return tree_.holds_only(branch, problem_.samples.codes[i]);
                               }) -
                branches_.get();
        for (int64_t k = 0; k < count; k += kAtOnce) {
            limit(probe, i);
            search(i, probe, branches_.get() + k, std::min(kAtOnce, count - k));
        }
    }

    void limit(Probe& probe, int64_t i) const {
        const int32_t product = nearest_.rows.narrow[i];
        if (product != probe.limit) {
            probe.limit = product;
            probe.gap = shifted(samples_.certificate.gap(product));
        }
    }

    void search(int64_t i, const Probe& probe, const int32_t* branches, int64_t count) {
        const int64_t near =
            kernels_.near_boxes(probe, tree_.leaf_boxes(), branches, count, leaves_.get());
        Pair* const survivors = survivors_.get();
        Pair* const end = survivors + kernels_.search_leaves(probe, tree_.leaves(), leaves_.get(),
                                                             near, survivors);
        pairs_ += near * kFan;
        // The most promising one first: most others need not be settled then.
        const auto best = std::max_element(
            survivors, end, [](const Pair& a, const Pair& b) { return a.product < b.product; });
        if (best != end) {
            std::swap(*survivors, *best);
        }
        for (const Pair* pair = survivors; pair != end; ++pair) {
            nearest_.expect(i, tree_.leaf(pair->row).begin + pair->column);
        }
        for (const Pair* pair = survivors; pair != end; ++pair) {
            const Range leaf = tree_.leaf(pair->row);
            const int64_t j = leaf.begin + pair->column;
            if (j < leaf.end && asks(i, j)) {
                settle(i, j, pair->product);
            }
        }
    }

    bool asks(int64_t i, int64_t j) const {
        return problem_.samples.codes[i] != problem_.references.codes[j];
    }

    void settle(int64_t i, int64_t j, int32_t product) {
        const double before = nearest_.rows.squared(i);
        nearest_.settle(i, j, product, counts_);
        if (nearest_.rows.squared(i) < before) {
            best_ = j;
        }
    }

    const Problem& problem_;
    const Balls& samples_;
    const Kernels& kernels_;
    Nearest& nearest_;
    const Tree& tree_;
    std::unique_ptr<int32_t[]> branches_;  // that are near
    std::unique_ptr<int32_t[]> leaves_;    // that are near
    std::unique_ptr<Pair[]> survivors_;
    int64_t best_ = kNone;  // the last reference that was nearer than any before
    Nearest::Counts counts_;
    int64_t pairs_ = 0;
    Work& work_;
};

class TreeSearch {
 public:
    TreeSearch(const Problem& problem, Nearest& nearest, const Crew& crew, Work& work)
        : problem_(problem),
          nearest_(nearest),
          crew_(crew),
          work_(work),
          tree_(problem.references.narrow, problem.references.codes, problem.references.count,
                nearest.narrow.reference_seeds.data(), crew) {}

    // Asks for all samples.
    void run() {
        run([](int64_t) { return true; });
    }

    // Asks for some pieces of the samples; returns how large a share of their pairs, but for those
    // of one class, was looked at.
    template <typename Wanted>
    double share(const Wanted& wanted) {
        const int64_t before = work_.tile_pairs;
        int64_t pairs = 1;
        for (const Range piece : run(wanted)) {
            for (int64_t i = piece.begin; i < piece.end; ++i) {
                pairs += problem_.references.count - of_class(problem_.samples.codes[i]);
            }
        }
        return static_cast<double>(work_.tile_pairs - before) / static_cast<double>(pairs);
    }

    // Asks for some pieces of the samples; returns those.
    template <typename Wanted>
    std::vector<Range> run(const Wanted& wanted) {
        std::vector<Range> pieces;
        for (int64_t begin = 0; begin < problem_.samples.count; begin += kFan) {
            if (wanted(begin / kFan)) {
                pieces.push_back({begin, std::min(begin + kFan, problem_.samples.count)});
            }
        }
        crew_.run(static_cast<int64_t>(pieces.size()), [&] {
            return [&, searcher = TreeSearcher(problem_, nearest_, tree_, work_)](
                       int64_t piece) mutable { searcher.walk(pieces[piece]); };
        });
        return pieces;
    }

 private:
    int64_t of_class(int32_t code) const {
        const int32_t* const codes = problem_.references.codes;
        const auto [first, last] = std::equal_range(codes, codes + problem_.references.count, code);
        return last - first;
    }

    const Problem& problem_;
    Nearest& nearest_;
    const Crew& crew_;
    Work& work_;
    const Tree tree_;
};

// Asks a tree for the samples, if a trial with some of them shows that so few pairs have to be
// looked at that tiles would be slower, in which a pair costs less and serves both its samples.
// Returns whether that is so.
inline bool search_tree(const Problem& problem, Nearest& nearest, const Crew& crew, Work& work) {
    constexpr int64_t kTrials = 16;
    constexpr int64_t kLeastStep = 32;
    constexpr int64_t kGlance = 8;  // a part of the trial that shows most of what is hopeless
    constexpr double kHopeless = 1.0 / 8;
    constexpr double kMost = 1.0 / 24;
    if (!may_be_tree(problem.references.narrow, problem.references.count)) {
        return false;
    }
    TreeSearch search(problem, nearest, crew, work);
    const int64_t step = std::max(kLeastStep, problem.samples.count / (kFan * kTrials));
    const auto tried = [&](int64_t piece) { return piece % step == 0; };
    const auto glanced = [&](int64_t piece) { return piece % (kGlance * step) == 0; };
    if (search.share(glanced) > kHopeless ||
        search.share([&](int64_t piece) { return tried(piece) && !glanced(piece); }) > kMost) {
        return false;
    }
    search.run([&](int64_t piece) { return !tried(piece); });
    return true;
}

}  // namespace kstar::cpu
