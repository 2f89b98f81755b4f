// Search: the nearest foreign sample of every sample.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "cpu/column_blocks.hpp"
#include "cpu/crew.hpp"
#include "cpu/nearest.hpp"
#include "cpu/outliers.hpp"
#include "cpu/problem.hpp"
#include "cpu/search_tree.hpp"
#include "cpu/search_walker.hpp"
#include "cpu/seeding.hpp"

namespace kstar::cpu {

// Which samples nothing is known of, but tiles can tell something.
inline std::vector<uint8_t> beginners(const Problem& problem, const Known& known) {
    std::vector<uint8_t> asks(problem.samples.count);
    for (int64_t i = 0; i < problem.samples.count; ++i) {
        asks[i] = known.narrow[i] != kNever && std::isinf(known.squared(i));
    }
    return asks;
}

// Lets them meet a first one of the references, one in `step` of which is seen. What they were told
// since, by others' first ones, is seldom near.
template <typename Refine>
void start(const Problem& problem, int64_t step, const std::vector<uint8_t>& asks, const Crew& crew,
           const Refine& refine) {
    if (std::find(asks.begin(), asks.end(), 1) == asks.end()) {
        return;
    }
    Seeding(problem, step).run(crew, [&](int64_t i, int64_t j) {
        if (asks[i] != 0) {
            refine(i, j);
        }
    });
}

// Lets samples that nothing is known of meet one of these references: of all of them the one of
// most promise.
inline void start_among(const Problem& problem, Known& of_samples, const Crew& crew) {
    Nearest nearest(problem, of_samples, nullptr);
    start(problem, 1, beginners(problem, of_samples), crew,
          [&](int64_t i, int64_t j) { nearest.refine(i, j); });
    of_samples.write();
}

// Both sides ask by the same products, all but a few pairs in tiles.
inline void search_tiles(const Problem& problem, Nearest& nearest, const Crew& crew, Work& work) {
    ColumnBlocks blocks(problem, nearest.columns == nullptr ? nullptr : &nearest.columns->narrow);
    for (size_t block = 0; block < blocks.size(); ++block) {
        blocks.note_lowest(block);
    }
    const std::vector<Tile> all = tiles(problem.layout(), true);
    crew.run(static_cast<int64_t>(all.size()), [&] {
        return [&, walker = SearchWalker(problem, nearest, blocks, work)](int64_t piece) mutable {
            walker.walk(all[piece]);
        };
    });
}

// Asks for the samples and, unless `of_references` is null, also for the references. Either side
// asks a tree of the other where that pays; else both ask tiles.
inline void search(const Problem& problem, Known& of_samples, Known* of_references,
                   const Crew& crew, Work& work) {
    const Problem mirrored = problem.mirrored();
    Nearest nearest(problem, of_samples, of_references);
    const std::vector<uint8_t> samples_begin = beginners(problem, of_samples);
    std::vector<uint8_t> references_begin;
    if (of_references != nullptr) {
        references_begin = beginners(mirrored, *of_references);
    }
    const bool by_trees = search_tree(problem, nearest, crew, work);
    if (by_trees && of_references != nullptr) {
        Nearest back(mirrored, *of_references, &of_samples);
        TreeSearch(mirrored, back, crew, work).run();
    }
    if (!by_trees) {
        start(problem, Seeding::step_among(problem.references.count), samples_begin, crew,
              [&](int64_t i, int64_t j) { nearest.refine(i, j); });
        start(mirrored, Seeding::step_among(problem.samples.count), references_begin, crew,
              [&](int64_t j, int64_t i) { nearest.refine(i, j); });
    }
    each_outlier_pair(problem, &Side::narrow, true, crew, [&](int64_t i, int64_t j) {
        Nearest::Counts counts;
        nearest.settle_apart(i, j, counts);
        work.screened += counts.screened;
        work.refined += counts.refined;
    });
    if (!by_trees) {
        search_tiles(problem, nearest, crew, work);
    }
    of_samples.write();
    if (of_references != nullptr) {
        of_references->write();
    }
}

}  // namespace kstar::cpu
