// Where a search starts: every sample first sees a few columns, and is given the foreign one of
// most promise among them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "cpu/crew.hpp"
#include "cpu/packed.hpp"
#include "cpu/problem.hpp"

namespace kstar::cpu {

class Seeding {
 public:
    // One column in `step` is seen.
    Seeding(const Problem& problem, int64_t step)
        : problem_(problem),
          sample_seeds_(of_points(problem.samples, Part::kRows)),
          reference_seeds_(of_points(problem.references, Part::kColumns)),
          step_(step) {
        const Side& side = problem.references;
        const Tiles& tiles = side.narrow.tiles(problem.kernels);
        const int64_t chosen = (side.count + step_ - 1) / step_;
        const int64_t width = columns_at_once(tiles, side.narrow.words());
        for (int64_t begin = 0; begin < chosen; begin += width) {
            stretches_.emplace_back(problem.kernels, side.narrow, Part::kColumns, width);
            stretches_.back().fill(side.narrow, reference_seeds_.data(), begin * step_,
                                   std::min(width, chosen - begin), step_);
        }
        codes_.resize(chosen + tiles.columns);
        for (int64_t c = 0; c < chosen; ++c) {
            codes_[c] = side.codes[c * step_];
        }
    }

    // Of so many columns few enough are seen that a search takes hardly longer.
    static int64_t step_among(int64_t columns) {
        return std::max(kStep, (columns + kMostColumnsSeen - 1) / kMostColumnsSeen);
    }

    // Calls `start(i, j)` with each sample and the column found for it.
    template <typename Start>
    void run(const Crew& crew, const Start& start) const {
        const Side& side = problem_.samples;
        const int64_t rows_at_once = side.narrow.tiles(problem_.kernels).rows;
        const int64_t cell = (kCell + rows_at_once - 1) / rows_at_once * rows_at_once;
        crew.run((side.count + cell - 1) / cell, [&] {
            return [&, cell, rows_at_once,
                    rows = Packed(problem_.kernels, side.narrow, Part::kRows, cell)](
                       int64_t piece) mutable {
                const int64_t begin = piece * cell;
                const int64_t end = std::min(begin + cell, side.count);
                rows.fill(side.narrow, sample_seeds_.data(), begin, end - begin);
                for (int64_t group = 0; group < rows.groups(); ++group) {
                    const int64_t first = begin + group * rows_at_once;
                    seed(rows, group, {first, std::min(first + rows_at_once, end)}, start);
                }
            };
        });
    }

 private:
    // One column in so many, and at most so many columns.
    static constexpr int64_t kStep = 16;
    static constexpr int64_t kMostColumnsSeen = 1024;

    template <typename Start>
    void seed(const Packed& rows, int64_t group, Range members, const Start& start) const {
        const Tiles& tiles = problem_.samples.narrow.tiles(problem_.kernels);
        std::array<int32_t, 2 * kCell> own{}, products, columns, best;  // more than a group
        products.fill(2 * kLowSeed);
        best.fill(-1);
        std::copy(problem_.samples.codes + members.begin, problem_.samples.codes + members.end,
                  own.begin());
        int64_t offset = 0;
        for (const Packed& stretch : stretches_) {
            columns.fill(-1);
            tiles.challenge(rows.strip(group, stretch),
                            {own.data(), codes_.data() + offset, products.data(), columns.data()});
            for (int r = 0; r < tiles.rows; ++r) {
                const int64_t column = offset + columns[r];
                if (columns[r] >= 0 && column * step_ < problem_.references.count) {
                    best[r] = static_cast<int32_t>(column);
                }
            }
            offset += stretch.padded();
        }
        for (int64_t i = members.begin; i < members.end; ++i) {
            if (best[i - members.begin] >= 0) {
                start(i, best[i - members.begin] * step_);
            }
        }
    }

    // Without what a certificate adds for radii: by that, a large ball would be of the most
    // promise.
    std::vector<int32_t> of_points(const Side& side, Part part) const {
        Balls points = side.narrow;
        points.certificate.weight = 0;
        return seeds(problem_.kernels, points, side.count, part);
    }

    const Problem& problem_;
    const std::vector<int32_t> sample_seeds_;
    const std::vector<int32_t> reference_seeds_;
    const int64_t step_;
    std::vector<Packed> stretches_;
    std::vector<int32_t> codes_;
};

}  // namespace kstar::cpu
