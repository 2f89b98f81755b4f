// Search: the nearest foreign sample of every sample.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "cpu/boxes.hpp"
#include "cpu/changed.hpp"
#include "cpu/crew.hpp"
#include "cpu/outliers.hpp"
#include "cpu/packed.hpp"
#include "cpu/problem.hpp"
#include "cpu/sieve.hpp"

namespace kstar::cpu {

class Search {
 public:
    // `squared` and `rows` hold infinity and any row, or zero and a row for those already known.
    Search(const Problem& problem, double* squared, int64_t* rows, Work& work)
        : problem_(problem),
          self_form_(problem.self_form),
          samples_(problem.samples),
          references_(problem.references),
          layout_(problem.layout()),
          squared_(samples_.count),
          narrow_(problem, samples_.narrow, references_.narrow),
          rows_(rows),
          output_(squared),
          blocks_(pieces(references_.codes, references_.count, block_columns())),
          lowest_(blocks_.size()),
          work_(work) {
        if (samples_.narrow.points != samples_.full.points) {
            full_.emplace(problem, samples_.full, references_.full);
        }
        for (const Range& block : blocks_) {
            boxes_.emplace_back(references_.narrow, block);
        }
        for (int64_t i = 0; i < samples_.count; ++i) {
            squared_[i] = squared[i];
            if (squared[i] == 0) {
                narrow_.settle(i);
                if (full_) {
                    full_->settle(i);
                }
            }
        }
    }

    void run(const Crew& crew) {
        seed(crew);
        each_outlier_pair(problem_, true, crew, [this](int64_t i, int64_t j) {
            ++work_.refined;
            refine(i, j);
        });
        for (size_t block = 0; block < blocks_.size(); ++block) {
            note_lowest(block);
        }
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
              rows_(kernels_, kernels_.rows, most_in_piece(kStripRows), feature_pairs(search)),
              columns_(kernels_, kernels_.columns, most_in_piece(search.block_columns()),
                       feature_pairs(search)),
              box_(search.samples_.narrow),
              row_thresholds_(kCell),
              survivors_(new Pair[kCell * 2 * kMostColumns]) {
            cells_.reserve(most_in_piece(kStripRows) / kCell);
            column_thresholds_.reserve(2 * kMostColumns);
        }

        void walk(const Tile& tile) {
            take_rows(tile.rows);
            for (size_t b = search_.block_of(tile.columns.begin);
                 b < search_.blocks_.size() && search_.blocks_[b].begin < tile.columns.end; ++b) {
                const Range columns{std::max(search_.blocks_[b].begin, tile.columns.begin),
                                    std::min(search_.blocks_[b].end, tile.columns.end)};
                const Box& box = search_.boxes_[b];
                if (!may_hold(box_.gap(box), std::min(lowest_of_rows(), search_.lowest_of(b)))) {
                    continue;
                }
                bool taken = false;
                for (Cell& cell : cells_) {
                    if (may_hold(cell.box.gap(box), std::min(cell.lowest, search_.lowest_of(b)))) {
                        if (!taken) {
                            take_columns(columns);
                            taken = true;
                        }
                        look(cell.rows, columns, tile.mixed);
                        cell.lowest = search_.lowest(cell.rows);
                    }
                }
                if (taken) {
                    search_.note_lowest(b);
                }
            }
        }

     private:
        static int64_t feature_pairs(const Search& search) {
            return search.samples_.narrow.feature_pairs();
        }

        // A stretch of the rows, with a box of its own.
        struct Cell {
            Range rows;
            Box box;
            int32_t lowest;  // of its thresholds, as they last were
        };

        // Tiles that follow each other mostly have the same rows.
        void take_rows(Range rows) {
            if (rows_taken_.begin != rows.begin || rows_taken_.end != rows.end) {
                pack_rows(rows);
            }
            for (Cell& cell : cells_) {
                cell.lowest = search_.lowest(cell.rows);
            }
        }

        void pack_rows(Range rows) {
            const Balls& balls = search_.samples_.narrow;
            rows_.fill(balls, search_.narrow_.sample_seeds.data(), rows.begin, rows.size());
            cells_.clear();
            box_ = Box(balls);
            for (int64_t begin = rows.begin; begin < rows.end; begin += kCell) {
                const Range members{begin, std::min(begin + kCell, rows.end)};
                cells_.push_back({members, Box(balls, members), kAlways});
                box_.include(cells_.back().box);
            }
            rows_taken_ = rows;
        }

        void take_columns(Range columns) {
            columns_.fill(search_.references_.narrow, search_.narrow_.reference_seeds.data(),
                          columns.begin, columns.size());
            column_thresholds_.assign(columns_.padded(), kNever);
            for (int64_t c = 0; search_.self_form_ && c < columns.size(); ++c) {
                column_thresholds_[c] = search_.narrow_.threshold(columns.begin + c);
            }
        }

        int32_t lowest_of_rows() const {
            int32_t result = kNever;
            for (const Cell& cell : cells_) {
                result = std::min(result, cell.lowest);
            }
            return result;
        }

        // Whether the product of a pair at least so far apart may exceed a threshold.
        bool may_hold(double gap, int32_t threshold) const {
            return search_.samples_.narrow.certificate.highest_product(gap) > threshold;
        }

        void look(Range rows, Range columns, bool mixed) {
            const Range row_groups = rows_.groups_of(rows);
            const int64_t at_once = mixed ? 1 : row_groups.size();
            for (int64_t group = row_groups.begin; group < row_groups.end; group += at_once) {
                const int64_t first = rows_taken_.begin + group * kernels_.rows;
                const Range members{first, std::min(first + at_once * kernels_.rows, rows.end)};
                for (int64_t r = 0; r < at_once * kernels_.rows; ++r) {
                    row_thresholds_[r] =
                        r < members.size() ? search_.narrow_.threshold(first + r) : kNever;
                }
                const Range asked = mixed ? search_.layout_.asked(members, columns, true) : columns;
                const Range groups = columns_.groups_of(asked);
                const int64_t left_out = groups.begin * kernels_.columns;
                int32_t* thresholds = column_thresholds_.data() + left_out;
                const int64_t count =
                    kernels_.search(rows_.strip({group, group + at_once}, columns_, groups),
                                    {row_thresholds_.data(), thresholds}, survivors_.get());
                settle(members, {columns.begin + left_out, columns.end}, thresholds, mixed, count);
                search_.work_.tile_pairs += members.size() * asked.size();
            }
        }

        void settle(Range rows, Range columns, int32_t* thresholds, bool mixed, int64_t count) {
            for (int64_t p = 0; p < count; ++p) {
                const Pair pair = survivors_[p];
                const int64_t i = rows.begin + pair.row;
                const int64_t j = columns.begin + pair.column;
                if (i >= rows.end || j >= columns.end ||
                    (mixed && !search_.layout_.asks(i, j, true))) {
                    continue;
                }
                if (search_.settle(i, j, pair.product, work_) && search_.self_form_) {
                    thresholds[pair.column] = search_.narrow_.threshold(j);
                }
            }
            search_.work_.screened += work_.screened;
            search_.work_.refined += work_.refined;
            work_ = {};
        }

        Search& search_;
        const Kernels& kernels_;
        Packed rows_;
        Packed columns_;
        Range rows_taken_{0, 0};
        std::vector<Cell> cells_;  // of the rows
        Box box_;                  // around all of them
        std::vector<int32_t> row_thresholds_;
        std::vector<int32_t> column_thresholds_;
        std::unique_ptr<Pair[]> survivors_;

     public:
        struct Counts {
            int64_t screened = 0;
            int64_t refined = 0;
        };

     private:
        Counts work_;
    };

    // How many columns are looked at together: as few as have a small box. Where there are no
    // boxes, so many that their full points, too, stay in a core's own cache: the survivors of all
    // rows of a tile are screened with them.
    int64_t block_columns() const {
        return references_.narrow.width <= kBoxedWidth
                   ? kCell
                   : columns_at_once(references_.full.feature_pairs());
    }

    // The lowest threshold of some samples: products up to it are of interest to none of them.
    int32_t lowest(Range samples) const {
        int32_t result = kNever;
        for (int64_t i = samples.begin; i < samples.end; ++i) {
            result = std::min(result, narrow_.threshold(i));
        }
        return result;
    }

    int32_t lowest_of(size_t block) const { return lowest_[block].load(std::memory_order_relaxed); }
    // Thresholds only rise, so that one noted earlier is still valid.
    void note_lowest(size_t block) {
        lowest_[block] = self_form_ ? lowest(blocks_[block]) : kNever;
    }

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
        if (full_) {
            ++work.screened;
            product = full_->product(i, j);
            if (!(row_asks && product > full_->threshold(i)) &&
                !(column_asks && product > full_->threshold(j))) {
                return false;
            }
        }
        ++work.refined;
        const double squared = refine(i, j);
        if (!(squared <= squared_[i]) && belies(i, j, product, squared)) {
            refuse_changed();
        }
        return true;
    }

    // Whether a canonical distance is longer than the product of full balls allows. If so, features
    // changed, and the search, which thresholds bound no longer, would not end in time.
    bool belies(int64_t i, int64_t j, int32_t product, double squared) const {
        const Balls& balls = samples_.full;
        const bool known = !balls.outlier(i) && !references_.full.outlier(j);
        return known &&
               (std::isnan(squared) || product > balls.certificate.nearer(squared, balls.radii[i]));
    }

    double refine(int64_t i, int64_t j) {
        const double squared = problem_.distance(i, j);
        offer(i, squared, references_.order[j]);
        if (self_form_) {
            offer(j, squared, samples_.order[i]);
        }
        return squared;
    }

    // Keeps the nearest and, among equals, the one of lowest row.
    void offer(int64_t i, double squared, int64_t row) {
        if (!(squared <= squared_[i])) {
            return;
        }
        const std::lock_guard<std::mutex> lock(locks_[i % kLocks]);
        const double before = squared_[i];
        if (squared < before) {
            squared_[i] = squared;
            rows_[i] = row;
            narrow_.tighten(i, squared);
            if (full_) {
                full_->tighten(i, squared);
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
        const int64_t width = columns_at_once(narrow.feature_pairs());
        std::vector<Packed> stretches;
        std::vector<int32_t> codes;
        for (int64_t begin = 0; begin < chosen; begin += width) {
            stretches.emplace_back(kernels, kernels.columns, width, narrow.feature_pairs());
            stretches.back().fill(narrow, narrow_.reference_seeds.data(), begin * step,
                                  std::min(width, chosen - begin), step);
        }
        codes.resize(chosen + kernels.columns);
        for (int64_t c = 0; c < chosen; ++c) {
            codes[c] = references_.codes[c * step];
        }
        const int64_t cells = (samples_.count + kCell - 1) / kCell;
        crew.run(cells, [&] {
            return [&, rows = Packed(kernels, kernels.rows, kCell, narrow.feature_pairs())](
                       int64_t cell) mutable {
                const int64_t begin = cell * kCell;
                const int64_t end = std::min(begin + kCell, samples_.count);
                rows.fill(samples_.narrow, narrow_.sample_seeds.data(), begin, end - begin);
                for (int64_t group = 0; group < rows.groups(); ++group) {
                    const int64_t first = begin + group * kernels.rows;
                    seed_group(rows, group, first, std::min(first + kernels.rows, end), stretches,
                               codes, step);
                }
            };
        });
    }

    void seed_group(const Packed& rows, int64_t group, int64_t first, int64_t last,
                    const std::vector<Packed>& stretches, const std::vector<int32_t>& codes,
                    int64_t step) {
        std::array<int32_t, kCell> own{}, products, columns, best;  // a cell is several groups
        products.fill(2 * kLowSeed);
        best.fill(-1);
        std::copy(samples_.codes + first, samples_.codes + last, own.begin());
        int64_t offset = 0;
        for (const Packed& stretch : stretches) {
            columns.fill(-1);
            problem_.kernels.challenge(
                rows.strip(group, stretch),
                {own.data(), codes.data() + offset, products.data(), columns.data()});
            for (int r = 0; r < problem_.kernels.rows; ++r) {
                const int64_t column = offset + columns[r];
                if (columns[r] >= 0 && column * step < references_.count) {
                    best[r] = static_cast<int32_t>(column);
                }
            }
            offset += stretch.padded();
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
    const Layout layout_;
    std::vector<std::atomic<double>> squared_;
    Sieve narrow_;
    std::optional<Sieve> full_;  // where the narrow balls are not the full ones themselves
    int64_t* rows_;
    double* output_;
    std::vector<Range> blocks_;                 // of columns
    std::vector<Box> boxes_;                    // around the blocks
    std::vector<std::atomic<int32_t>> lowest_;  // threshold of each block
    std::mutex locks_[kLocks];
    Work& work_;
};

}  // namespace kstar::cpu
