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
#include "cpu/search_walker.hpp"
#include "cpu/seeding.hpp"

namespace kstar::cpu {

// Lets samples that nothing is known of, but that tiles can tell something, meet a first one.
template <typename Refine>
void start(const Problem& problem, int64_t step, const Known& known, const Crew& crew,
           const Refine& refine) {
    // As it was before: what a sample is told by others' first ones is seldom near.
    std::vector<uint8_t> asks(problem.samples.count);
    for (int64_t i = 0; i < problem.samples.count; ++i) {
        asks[i] = known.narrow[i] != kNever && std::isinf(known.squared(i));
    }
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
    start(problem, 1, of_samples, crew, [&](int64_t i, int64_t j) { nearest.refine(i, j); });
    of_samples.write();
}

// Asks for the samples and, unless `of_references` is null, by the same products for the
// references, too.
inline void search(const Problem& problem, Known& of_samples, Known* of_references,
                   const Crew& crew, Work& work) {
    Nearest nearest(problem, of_samples, of_references);
    start(problem, Seeding::step_among(problem.references.count), of_samples, crew,
          [&](int64_t i, int64_t j) { nearest.refine(i, j); });
    if (of_references != nullptr) {
        const Problem mirrored = problem.mirrored();
        start(mirrored, Seeding::step_among(problem.samples.count), *of_references, crew,
              [&](int64_t j, int64_t i) { nearest.refine(i, j); });
    }
    each_outlier_pair(problem, &Side::narrow, true, crew, [&](int64_t i, int64_t j) {
        Nearest::Counts counts;
        nearest.settle_apart(i, j, counts);
        work.screened += counts.screened;
        work.refined += counts.refined;
    });
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
    of_samples.write();
    if (of_references != nullptr) {
        of_references->write();
    }
}

}  // namespace kstar::cpu
