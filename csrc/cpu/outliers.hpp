// Outliers lie too far out for the unit of the others: no tile knows anything of them, so all their
// pairs are looked at one by one. They are few (kstar_gpu/engines/cpu/balls.py).
#pragma once

#include <cstdint>
#include <vector>

#include "cpu/crew.hpp"
#include "cpu/problem.hpp"

namespace kstar::cpu {

inline std::vector<int64_t> outliers(const Side& side, Balls Side::* balls) {
    std::vector<int64_t> found;
    for (int64_t i = 0; i < side.count; ++i) {
        if ((side.*balls).outlier(i)) {
            found.push_back(i);
        }
    }
    return found;
}

// Calls `look(i, j)` once for every pair of different classes, or of one, with an outlier in it:
// of these balls of each side.
template <typename Look>
void each_outlier_pair(const Problem& problem, Balls Side::* balls, bool foreign, const Crew& crew,
                       const Look& look) {
    const Side& samples = problem.samples;
    const Side& references = problem.references;
    const auto asks = [&](int64_t i, int64_t j) {
        const bool met = problem.self_form && (i == j || (j < i && (samples.*balls).outlier(j)));
        return (samples.codes[i] != references.codes[j]) == foreign && !met;
    };
    const std::vector<int64_t> rows = outliers(samples, balls);
    crew.run(static_cast<int64_t>(rows.size()), [&] {
        return [&](int64_t piece) {
            for (int64_t j = 0; j < references.count; ++j) {
                if (asks(rows[piece], j)) {
                    look(rows[piece], j);
                }
            }
        };
    });
    if (problem.self_form) {
        return;
    }
    const std::vector<int64_t> columns = outliers(references, balls);
    crew.run(static_cast<int64_t>(columns.size()), [&] {
        return [&](int64_t piece) {
            for (int64_t i = 0; i < samples.count; ++i) {
                if (!(samples.*balls).outlier(i) && asks(i, columns[piece])) {
                    look(i, columns[piece]);
                }
            }
        };
    });
}

}  // namespace kstar::cpu
