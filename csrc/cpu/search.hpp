// Search: the nearest foreign sample of every sample.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "cpu/boxes.hpp"
#include "cpu/crew.hpp"
#include "cpu/outliers.hpp"
#include "cpu/panel.hpp"
#include "cpu/problem.hpp"

namespace kstar::cpu {

// How much work was done, for profiles and for tests of bounded cost.
struct Work {
    std::atomic<int64_t> tile_pairs{0};  // went through the tile kernel
    std::atomic<int64_t> screened{0};    // went through the full-width product
    std::atomic<int64_t> refined{0};     // went through the canonical distance
};

// The balls of one width, and per sample the product that a pair must exceed to be of interest.
class Sieve {
 public:
    Sieve(const Problem& problem, const Balls& samples, const Balls& references)
        : sample_seeds(seeds(problem.kernels, samples, problem.samples.count)),
          reference_seeds(seeds(problem.kernels, references, problem.references.count)),
          kernels_(problem.kernels),
          samples_(samples),
          references_(references),
          thresholds_(problem.samples.count) {
        for (int64_t i = 0; i < problem.samples.count; ++i) {
            thresholds_[i] = samples.outlier(i) ? kNever : kAlways;
        }
    }

    int32_t threshold(int64_t i) const { return thresholds_[i].load(std::memory_order_relaxed); }

    // A sample that asks no longer, or does not ask in tiles at all, keeps to it.
    void settle(int64_t i) { thresholds_[i] = kNever; }
    void tighten(int64_t i, double squared) {
        if (threshold(i) != kNever) {
            thresholds_[i] = samples_.certificate.farther(squared, samples_.radii[i]);
        }
    }

    // The product of one pair, as a tile would have it.
    int32_t product(int64_t i, int64_t j) const {
        if (samples_.outlier(i) || references_.outlier(j)) {
            return kNever;  // nothing is known of an outlier
        }
        return sample_seeds[i] + reference_seeds[j] +
               kernels_.dot(samples_.point(i), references_.point(j), samples_.stride);
    }

    const std::vector<int32_t> sample_seeds;
    const std::vector<int32_t> reference_seeds;

 private:
    const Kernels& kernels_;
    const Balls& samples_;
    const Balls& references_;
    std::vector<std::atomic<int32_t>> thresholds_;
};

class Search {
 public:
    // `squared` and `rows` hold infinity and -1, or zero and a row for those already known.
    Search(const Problem& problem, double* squared, int64_t* rows, Work& work)
        : problem_(problem),
          self_form_(problem.self_form),
          samples_(problem.samples),
          references_(problem.references),
          has_narrow_(samples_.narrow.points != samples_.full.points),
          layout_(problem.layout()),
          squared_(samples_.count),
          narrow_(problem, samples_.narrow, references_.narrow),
          full_(problem, samples_.full, references_.full),
          rows_(rows),
          output_(squared),
          // Columns whose full points, too, stay in a core's own cache: the survivors of all rows
          // of a tile are screened with them.
          blocks_(pieces(references_.codes, references_.count,
                         panel_columns(references_.full.feature_pairs()))),
          work_(work) {
        for (const Range& block : blocks_) {
            boxes_.emplace_back(references_.narrow, block);
        }
        for (int64_t i = 0; i < samples_.count; ++i) {
            squared_[i] = squared[i];
            if (squared[i] == 0) {
                narrow_.settle(i);
                full_.settle(i);
            }
        }
    }

    void run(const Crew& crew) {
        seed(crew);
        each_outlier_pair(problem_, true, crew, [this](int64_t i, int64_t j) {
            ++work_.refined;
            refine(i, j);
        });
        const std::vector<Tile> all = tiles(layout_, true);
        crew.run(static_cast<int64_t>(all.size()), [&] {
            return [&, walker = Walker(*this)](int64_t piece) mutable { walker.walk(all[piece]); };
        });
        std::copy(squared_.begin(), squared_.end(), output_);
    }

 private:
    // Every sample first sees one column in so many, and at most so many columns.
    static constexpr int64_t kSeedStep = 16;
    static constexpr int64_t kSeedColumns = 1024;
    static constexpr int64_t kLocks = 1024;

    // What one thread needs to walk over tiles.
    class Walker {
     public:
        explicit Walker(Search& search)
            : search_(search),
              kernels_(search.problem_.kernels),
              rows_(kernels_, kernels_.rows),
              columns_(kernels_, kernels_.columns),
              row_thresholds_(kernels_.rows),
              survivors_(kernels_.rows * 2 * kMostColumns) {}

        void walk(const Tile& tile) {
            const Balls& balls = search_.samples_.narrow;
            rows_.fill(balls, search_.narrow_.sample_seeds.data(), tile.rows.begin,
                       tile.rows.size());
            const Box box(balls, tile.rows);
            for (size_t b = search_.block_of(tile.columns.begin);
                 b < search_.blocks_.size() && search_.blocks_[b].begin < tile.columns.end; ++b) {
                const Range columns{std::max(search_.blocks_[b].begin, tile.columns.begin),
                                    std::min(search_.blocks_[b].end, tile.columns.end)};
                if (may_hold(tile.rows, columns, box.gap(search_.boxes_[b]))) {
                    columns_.fill(search_.references_.narrow,
                                  search_.narrow_.reference_seeds.data(), columns.begin,
                                  columns.size());
                    block(tile.rows, columns, tile.mixed);
                }
            }
        }

     private:
        // Loads the columns' thresholds. Returns whether a pair of this block, at least so far
        // apart, may exceed any threshold.
        bool may_hold(Range rows, Range columns, double gap) {
            int32_t lowest = kNever;
            for (int64_t i = rows.begin; i < rows.end; ++i) {
                lowest = std::min(lowest, search_.narrow_.threshold(i));
            }
            column_thresholds_.assign(columns.size() + kernels_.columns, kNever);
            if (search_.self_form_) {
                for (int64_t c = 0; c < columns.size(); ++c) {
                    column_thresholds_[c] = search_.narrow_.threshold(columns.begin + c);
                    lowest = std::min(lowest, column_thresholds_[c]);
                }
            }
            return search_.samples_.narrow.certificate.highest_product(gap) > lowest;
        }

        void block(Range rows, Range columns, bool mixed) {
            for (int64_t group = 0; group < rows_.groups(); ++group) {
                const int64_t first = rows.begin + group * kernels_.rows;
                for (int r = 0; r < kernels_.rows; ++r) {
                    row_thresholds_[r] =
                        first + r < rows.end ? search_.narrow_.threshold(first + r) : kNever;
                }
                const int64_t count = kernels_.search(
                    rows_.strip(group, columns_),
                    {row_thresholds_.data(), column_thresholds_.data()}, survivors_.data());
                settle(first, rows.end, columns, mixed, count);
            }
            search_.work_.tile_pairs += rows.size() * columns.size();
        }

        void settle(int64_t first_row, int64_t last_row, Range columns, bool mixed, int64_t count) {
            for (int64_t p = 0; p < count; ++p) {
                const Pair pair = survivors_[p];
                const int64_t i = first_row + pair.row;
                const int64_t j = columns.begin + pair.column;
                if (i >= last_row || j >= columns.end ||
                    (mixed && !search_.layout_.asks(i, j, true))) {
                    continue;
                }
                if (search_.settle(i, j, pair.product, work_) && search_.self_form_) {
                    column_thresholds_[pair.column] = search_.narrow_.threshold(j);
                }
            }
            search_.work_.screened += work_.screened;
            search_.work_.refined += work_.refined;
            work_ = {};
        }

        Search& search_;
        const Kernels& kernels_;
        Panel rows_;
        Panel columns_;
        std::vector<int32_t> row_thresholds_;
        std::vector<int32_t> column_thresholds_;
        std::vector<Pair> survivors_;

     public:
        struct Counts {
            int64_t screened = 0;
            int64_t refined = 0;
        };

     private:
        Counts work_;
    };

    // The block of columns that a column belongs to.
    size_t block_of(int64_t column) const {
        const auto after = std::upper_bound(
            blocks_.begin(), blocks_.end(), column,
            [](int64_t position, const Range& block) { return position < block.begin; });
        return static_cast<size_t>(after - blocks_.begin()) - 1;
    }

    // Takes a pair that survived its tile through the remaining sieves; returns whether it was
    // refined.
    bool settle(int64_t i, int64_t j, int32_t product, Walker::Counts& work) {
        // Meanwhile other pairs may have brought the thresholds nearer.
        const bool row_asks = product > narrow_.threshold(i);
        const bool column_asks = self_form_ && product > narrow_.threshold(j);
        if (!row_asks && !column_asks) {
            return false;
        }
        if (has_narrow_) {
            ++work.screened;
            const int32_t finer = full_.product(i, j);
            if (!(row_asks && finer > full_.threshold(i)) &&
                !(column_asks && finer > full_.threshold(j))) {
                return false;
            }
        }
        ++work.refined;
        refine(i, j);
        return true;
    }

    void refine(int64_t i, int64_t j) {
        const double squared = problem_.distance(i, j);
        offer(i, squared, references_.order[j]);
        if (self_form_) {
            offer(j, squared, samples_.order[i]);
        }
    }

    // Keeps the nearest and, among equals, the one of lowest row.
    void offer(int64_t i, double squared, int64_t row) {
        if (squared > squared_[i]) {
            return;
        }
        const std::lock_guard<std::mutex> lock(locks_[i % kLocks]);
        const double before = squared_[i];
        if (squared < before) {
            squared_[i] = squared;
            rows_[i] = row;
            narrow_.tighten(i, squared);
            if (has_narrow_) {
                full_.tighten(i, squared);
            }
        } else if (squared == before) {
            rows_[i] = std::min(rows_[i], row);
        }
    }

    // Gives every sample a first foreign distance: to the one of most promise among some columns.
    void seed(const Crew& crew) {
        const Kernels& kernels = problem_.kernels;
        const Balls& narrow = references_.narrow;
        const int64_t step =
            std::max(kSeedStep, (references_.count + kSeedColumns - 1) / kSeedColumns);
        const int64_t chosen = (references_.count + step - 1) / step;
        const int64_t width = panel_columns(narrow.feature_pairs());
        std::vector<Panel> panels;
        std::vector<int32_t> codes;
        for (int64_t begin = 0; begin < chosen; begin += width) {
            panels.emplace_back(kernels, kernels.columns);
            panels.back().fill(narrow, narrow_.reference_seeds.data(), begin * step,
                               std::min(width, chosen - begin), step);
        }
        codes.resize(chosen + kernels.columns);
        for (int64_t c = 0; c < chosen; ++c) {
            codes[c] = references_.codes[c * step];
        }
        const int64_t strips = (samples_.count + kStripRows - 1) / kStripRows;
        crew.run(strips, [&] {
            return [&, rows = Panel(kernels, kernels.rows)](int64_t strip) mutable {
                const int64_t begin = strip * kStripRows;
                const int64_t end = std::min(begin + kStripRows, samples_.count);
                rows.fill(samples_.narrow, narrow_.sample_seeds.data(), begin, end - begin);
                for (int64_t group = 0; group < rows.groups(); ++group) {
                    const int64_t first = begin + group * kernels.rows;
                    seed_group(rows, group, first, std::min(first + kernels.rows, end), panels,
                               codes, step);
                }
            };
        });
    }

    void seed_group(const Panel& rows, int64_t group, int64_t first, int64_t last,
                    const std::vector<Panel>& panels, const std::vector<int32_t>& codes,
                    int64_t step) {
        std::vector<int32_t> own(problem_.kernels.rows), products(own.size(), 2 * kLowSeed);
        std::vector<int32_t> columns(own.size(), -1), best(own.size(), -1);
        std::copy(samples_.codes + first, samples_.codes + last, own.begin());
        int64_t offset = 0;
        for (const Panel& panel : panels) {
            columns.assign(columns.size(), -1);
            problem_.kernels.challenge(rows.strip(group, panel), {own.data(), codes.data() + offset,
                                                                  products.data(), columns.data()});
            for (size_t r = 0; r < columns.size(); ++r) {
                const int64_t column = offset + columns[r];
                if (columns[r] >= 0 && column * step < references_.count) {
                    best[r] = static_cast<int32_t>(column);
                }
            }
            offset += panel.padded();
        }
        for (int64_t i = first; i < last; ++i) {
            if (best[i - first] >= 0 && narrow_.threshold(i) != kNever) {
                refine(i, best[i - first] * step);
            }
        }
    }

    const Problem& problem_;
    const bool self_form_;
    const Side& samples_;
    const Side& references_;
    const bool has_narrow_;
    const Layout layout_;
    std::vector<std::atomic<double>> squared_;
    Sieve narrow_;
    Sieve full_;
    int64_t* rows_;
    double* output_;
    std::vector<Range> blocks_;
    std::vector<Box> boxes_;
    std::mutex locks_[kLocks];
    Work& work_;
};

}  // namespace kstar::cpu
