// Search: the nearest foreign sample of every sample.
#pragma once

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

// Asks for the samples and, unless `of_references` is null, by the same products for the
// references, too.
inline void search(const Problem& problem, Known& of_samples, Known* of_references,
                   const Crew& crew, Work& work) {
    Nearest nearest(problem, of_samples, of_references);
    Seeding(problem, nearest.narrow).run(crew, [&](int64_t i, int64_t j) {
        if (of_samples.narrow[i] != kNever) {
            nearest.refine(i, j);
        }
    });
    if (of_references != nullptr) {
        const Problem mirrored = problem.mirrored();
        const Sieve sieve(mirrored, mirrored.samples.narrow, mirrored.references.narrow);
        Seeding(mirrored, sieve).run(crew, [&](int64_t j, int64_t i) {
            if (of_references->narrow[j] != kNever) {
                nearest.refine(i, j);
            }
        });
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
