// Count: how many samples of its own class every sample has within its radius.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "cpu/crew.hpp"
#include "cpu/outliers.hpp"
#include "cpu/packed.hpp"
#include "cpu/problem.hpp"
#include "cpu/sieve.hpp"
#include "cpu/within.hpp"

namespace kstar::cpu {

class Count {
 public:
    // Asks for the samples and, unless `of_references` is null, by the same products for the
    // references, too; in the self form they are both sides. A sample's own weight is left out.
    Count(const Problem& problem, Within& of_samples, Within* of_references, Work& work)
        : problem_(problem),
          samples_(problem.samples),
          references_(problem.references),
          layout_(problem.layout()),
          rows_(of_samples),
          columns_(problem.self_form ? &of_samples : of_references),
          sample_seeds_(seeds(problem.kernels, samples_.full, samples_.count, Part::kRows)),
          reference_seeds_(
              seeds(problem.kernels, references_.full, references_.count, Part::kColumns)),
          work_(work) {}

    void run(const Crew& crew) {
        each_outlier_pair(problem_, &Side::full, false, crew,
                          [this](int64_t i, int64_t j) { refine(i, j); });
        const std::vector<Tile> all = tiles(layout_, false);
        crew.run(static_cast<int64_t>(all.size()), [&] {
            return [&, walker = Walker(*this)](int64_t piece) mutable { walker.walk(all[piece]); };
        });
        rows_.write();
        if (columns_ != nullptr && columns_ != &rows_) {
            columns_->write();
        }
    }

 private:
    class Walker {
     public:
        explicit Walker(Count& count)
            : count_(count),
              tiles_(count.samples_.full.tiles(count.problem_.kernels)),
              width_(columns_at_once(tiles_, count.samples_.full.words())),
              rows_(count.problem_.kernels, count.samples_.full, Part::kRows,
                    most_in_piece(kStripRows)),
              columns_(count.problem_.kernels, count.references_.full, Part::kColumns, width_),
              undecided_(new Pair[kCell * (width_ + tiles_.columns)]),
              products_(new int32_t[tiles_.rows * (width_ + tiles_.columns)]) {
            for (auto* of_rows : {&row_outer_, &row_inner_, &row_weights_, &row_counts_}) {
                of_rows->reserve(most_in_piece(kStripRows) + tiles_.rows);
            }
            for (auto* of_columns :
                 {&column_outer_, &column_inner_, &column_weights_, &column_counts_}) {
                of_columns->reserve(width_ + tiles_.columns);
            }
        }

        void walk(const Tile& tile) {
            const Side& samples = count_.samples_;
            const Side& references = count_.references_;
            rows_.fill(samples.full, count_.sample_seeds_.data(), tile.rows.begin,
                       tile.rows.size());
            gather(tile.rows, rows_.padded(), samples, &count_.rows_, row_outer_, row_inner_,
                   row_weights_);
            row_counts_.assign(rows_.padded(), 0);
            for (int64_t begin = tile.columns.begin; begin < tile.columns.end; begin += width_) {
                const Range columns{begin, std::min(begin + width_, tile.columns.end)};
                columns_.fill(references.full, count_.reference_seeds_.data(), begin,
                              columns.size());
                gather(columns, columns_.padded(), references, count_.columns_, column_outer_,
                       column_inner_, column_weights_);
                column_counts_.assign(columns_.padded(), 0);
                block(tile.rows, columns, tile.mixed);
                if (count_.columns_ != nullptr) {
                    add(columns, column_counts_, *count_.columns_);
                }
            }
            add(tile.rows, row_counts_, count_.rows_);
        }

     private:
        // Thresholds and weights of a stretch of samples; `asking` is null where these do not ask.
        // Padding never asks and weighs nothing, and neither do outliers.
        void gather(Range range, int64_t padded, const Side& side, const Within* asking,
                    std::vector<int32_t>& outer, std::vector<int32_t>& inner,
                    std::vector<int32_t>& weights) {
            outer.assign(padded, kNever);
            inner.assign(padded, kNever);
            weights.assign(padded, 0);
            for (int64_t k = 0; k < range.size(); ++k) {
                const int64_t i = range.begin + k;
                weights[k] = side.full.outlier(i) ? 0 : side.weights[i];
                if (asking != nullptr) {
                    outer[k] = asking->outer(i);
                    inner[k] = asking->inner(i);
                }
            }
        }

        void block(Range rows, Range columns, bool mixed) {
            const int64_t most = mixed ? 1 : kCell / tiles_.rows;
            for (int64_t group = 0; group < rows_.groups(); group += most) {
                const int64_t at_once = std::min(most, rows_.groups() - group);
                const int64_t first = rows.begin + group * tiles_.rows;
                const Range members{first, std::min(first + at_once * tiles_.rows, rows.end)};
                Range asked = columns;
                Range shared = columns;
                if (mixed) {
                    asked = count_.layout_.asked(members, columns, false);
                    shared = count_.layout_.shared(members, columns);
                }
                const Range whole = columns_.groups_within(shared);
                count_groups(rows, columns, {group, group + at_once}, whole);
                if (mixed) {
                    const Range all = columns_.groups_of(asked);
                    count_one_by_one(rows, columns, members, group,
                                     {all.begin, std::min(whole.begin, all.end)});
                    count_one_by_one(rows, columns, members, group,
                                     {std::max(whole.end, all.begin), all.end});
                }
                count_.work_.tile_pairs += members.size() * asked.size();
            }
            count_.work_.refined += refined_;
            refined_ = 0;
        }

        // Groups of columns that all these rows ask about.
        void count_groups(Range rows, Range columns, Range row_groups, Range groups) {
            const int64_t r = row_groups.begin * tiles_.rows;
            const int64_t c = groups.begin * tiles_.columns;
            const int64_t open = tiles_.count(
                rows_.strip(row_groups, columns_, groups),
                {row_outer_.data() + r, row_inner_.data() + r, row_weights_.data() + r,
                 row_counts_.data() + r, column_outer_.data() + c, column_inner_.data() + c,
                 column_weights_.data() + c, column_counts_.data() + c},
                undecided_.get());
            for (int64_t p = 0; p < open; ++p) {
                const Pair pair = undecided_[p];
                refine(rows, columns, r + pair.row, c + pair.column, pair.product);
            }
        }

        // Groups of columns that hold other pairs, too.
        void count_one_by_one(Range rows, Range columns, Range members, int64_t group,
                              Range groups) {
            if (groups.size() <= 0) {
                return;
            }
            const int64_t width = groups.size() * tiles_.columns;
            tiles_.multiply(rows_.strip(group, columns_, groups), products_.get());
            const int64_t c = groups.begin * tiles_.columns;
            const Range among{columns.begin + c, std::min(columns.begin + c + width, columns.end)};
            for (int64_t i = members.begin; i < members.end; ++i) {
                const int32_t* product = products_.get() + (i - members.begin) * width;
                const Range asked = count_.layout_.asked({i, i + 1}, among, false);
                for (int64_t k = asked.begin - columns.begin; k < asked.end - columns.begin; ++k) {
                    decide(rows, columns, i - rows.begin, k, product[k - c]);
                }
            }
        }

        // What the kernel does for one pair.
        void decide(Range rows, Range columns, int64_t r, int64_t c, int32_t product) {
            row_counts_[r] += product > row_inner_[r] ? column_weights_[c] : 0;
            column_counts_[c] += product > column_inner_[c] ? row_weights_[r] : 0;
            refine(rows, columns, r, c, product);
        }

        // Decides by the canonical distance what the product leaves open, on either side.
        void refine(Range rows, Range columns, int64_t r, int64_t c, int32_t product) {
            const bool row_open = product > row_outer_[r] && product <= row_inner_[r];
            const bool column_open = product > column_outer_[c] && product <= column_inner_[c];
            if ((!row_open && !column_open) || column_weights_[c] == 0 || row_weights_[r] == 0) {
                return;
            }
            const int64_t i = rows.begin + r;
            const int64_t j = columns.begin + c;
            const double squared = count_.problem_.distance(i, j);
            ++refined_;
            if (row_open && count_.rows_.holds(i, squared)) {
                row_counts_[r] += column_weights_[c];
            }
            if (column_open && count_.columns_->holds(j, squared)) {
                column_counts_[c] += row_weights_[r];
            }
        }

        void add(Range range, const std::vector<int32_t>& counts, Within& to) {
            for (int64_t k = 0; k < range.size(); ++k) {
                to.add(range.begin + k, counts[k]);
            }
        }

        Count& count_;
        const Tiles& tiles_;
        int64_t width_;
        Packed rows_;
        Packed columns_;
        std::unique_ptr<Pair[]> undecided_;
        std::unique_ptr<int32_t[]> products_;
        std::vector<int32_t> row_outer_, row_inner_, row_weights_, row_counts_;
        std::vector<int32_t> column_outer_, column_inner_, column_weights_, column_counts_;
        int64_t refined_ = 0;
    };

    void refine(int64_t i, int64_t j) {
        const double squared = problem_.distance(i, j);
        ++work_.refined;
        if (rows_.holds(i, squared)) {
            rows_.add(i, references_.weights[j]);
        }
        if (columns_ != nullptr && columns_->holds(j, squared)) {
            columns_->add(j, samples_.weights[i]);
        }
    }

    const Problem& problem_;
    const Side& samples_;
    const Side& references_;
    const Layout layout_;
    Within& rows_;
    Within* const columns_;  // null where they do not ask
    std::vector<int32_t> sample_seeds_;
    std::vector<int32_t> reference_seeds_;
    Work& work_;
};

}  // namespace kstar::cpu
