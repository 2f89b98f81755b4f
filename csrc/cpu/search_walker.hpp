// What one thread of a search needs to walk over tiles.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "cpu/boxes.hpp"
#include "cpu/column_blocks.hpp"
#include "cpu/nearest.hpp"
#include "cpu/packed.hpp"
#include "cpu/problem.hpp"

namespace kstar::cpu {

class SearchWalker {
 public:
    SearchWalker(const Problem& problem, Nearest& nearest, ColumnBlocks& blocks, Work& work)
        : problem_(problem),
          samples_(problem.samples.narrow),
          layout_(problem.layout()),
          tiles_(samples_.tiles(problem.kernels)),
          nearest_(nearest),
          blocks_(blocks),
          cell_((kCell + tiles_.rows - 1) / tiles_.rows * tiles_.rows),
          rows_(problem.kernels, samples_, Part::kRows, most_in_piece(kStripRows)),
          columns_(problem.kernels, problem.references.narrow, Part::kColumns, blocks.most()),
          box_(samples_),
          row_limits_(cell_),
          survivors_(new Pair[cell_ * (blocks.most() + tiles_.columns)]),
          work_(work) {
        cells_.reserve(most_in_piece(kStripRows) / kCell);
        column_limits_.reserve(blocks.most() + tiles_.columns);
    }

    void walk(const Tile& tile) {
        take_rows(tile.rows);
        for (size_t b = blocks_.of(tile.columns.begin);
             b < blocks_.size() && blocks_.range(b).begin < tile.columns.end; ++b) {
            const Range columns = common(blocks_.range(b), tile.columns);
            const Box& box = blocks_.box(b);
            if (!may_hold(box_.gap(box), std::min(lowest_of_rows(), blocks_.lowest_of(b)))) {
                continue;
            }
            bool taken = false;
            for (Cell& cell : cells_) {
                if (may_hold(cell.box.gap(box), std::min(cell.lowest, blocks_.lowest_of(b)))) {
                    if (!taken) {
                        take_columns(columns);
                        taken = true;
                    }
                    look(cell.rows, columns, tile.mixed);
                    cell.lowest = lowest(nearest_.rows.narrow, cell.rows);
                }
            }
            if (taken) {
                blocks_.note_lowest(b);
            }
        }
    }

 private:
    static constexpr int64_t kAhead = 2;  // survivors whose points are fetched before their turn

    // A stretch of the rows, with a box of its own.
    struct Cell {
        Range rows;
        Box box;
        int32_t lowest;  // of its limits, as they last were
    };

    // Tiles that follow each other mostly have the same rows.
    void take_rows(Range rows) {
        if (rows_taken_.begin != rows.begin || rows_taken_.end != rows.end) {
            pack_rows(rows);
        }
        for (Cell& cell : cells_) {
            cell.lowest = lowest(nearest_.rows.narrow, cell.rows);
        }
    }

    void pack_rows(Range rows) {
        rows_.fill(samples_, nearest_.narrow.sample_seeds.data(), rows.begin, rows.size());
        cells_.clear();
        box_ = Box(samples_);
        for (int64_t begin = rows.begin; begin < rows.end; begin += cell_) {
            const Range members{begin, std::min(begin + cell_, rows.end)};
            cells_.push_back({members, Box(samples_, members), kAlways});
            box_.include(cells_.back().box);
        }
        rows_taken_ = rows;
    }

    void take_columns(Range columns) {
        columns_.fill(problem_.references.narrow, nearest_.narrow.reference_seeds.data(),
                      columns.begin, columns.size());
        column_limits_.assign(columns_.padded(), kNever);
        for (int64_t c = 0; nearest_.columns != nullptr && c < columns.size(); ++c) {
            column_limits_[c] = nearest_.columns->narrow[columns.begin + c];
        }
    }

    int32_t lowest_of_rows() const {
        int32_t result = kNever;
        for (const Cell& cell : cells_) {
            result = std::min(result, cell.lowest);
        }
        return result;
    }

    // Whether the product of a pair at least so far apart may exceed a limit.
    bool may_hold(double gap, int32_t limit) const {
        return samples_.certificate.highest_product(gap) > limit;
    }

    void look(Range rows, Range columns, bool mixed) {
        const Range row_groups = rows_.groups_of(rows);
        const int64_t at_once = mixed ? 1 : row_groups.size();
        for (int64_t group = row_groups.begin; group < row_groups.end; group += at_once) {
            const int64_t first = rows_taken_.begin + group * tiles_.rows;
            const Range members{first, std::min(first + at_once * tiles_.rows, rows.end)};
            for (int64_t r = 0; r < at_once * tiles_.rows; ++r) {
                row_limits_[r] = r < members.size() ? nearest_.rows.narrow[first + r] : kNever;
            }
            const Range asked = mixed ? layout_.asked(members, columns, true) : columns;
            const Range groups = columns_.groups_of(asked);
            const int64_t left_out = groups.begin * tiles_.columns;
            int32_t* limits = column_limits_.data() + left_out;
            const int64_t count =
                tiles_.search(rows_.strip({group, group + at_once}, columns_, groups),
                              {row_limits_.data(), limits}, survivors_.get());
            settle(members, {columns.begin + left_out, columns.end}, limits, mixed, count);
            work_.tile_pairs += members.size() * asked.size();
        }
    }

    void settle(Range rows, Range columns, int32_t* limits, bool mixed, int64_t count) {
        Nearest::Counts counts;
        for (int64_t p = 0; p < count; ++p) {
            if (p + kAhead < count) {
                const Pair next = survivors_[p + kAhead];
                nearest_.expect(rows.begin + next.row, columns.begin + next.column);
            }
            const Pair pair = survivors_[p];
            const int64_t i = rows.begin + pair.row;
            const int64_t j = columns.begin + pair.column;
            if (i >= rows.end || j >= columns.end || (mixed && !layout_.asks(i, j, true))) {
                continue;
            }
            if (nearest_.settle(i, j, pair.product, counts) && nearest_.columns != nullptr) {
                limits[pair.column] = nearest_.columns->narrow[j];
            }
        }
        work_.screened += counts.screened;
        work_.refined += counts.refined;
    }

    const Problem& problem_;
    const Balls& samples_;
    const Layout layout_;
    const Tiles& tiles_;
    Nearest& nearest_;
    ColumnBlocks& blocks_;
    const int64_t cell_;  // rows of a cell: whole micro-tiles
    Packed rows_;
    Packed columns_;
    Range rows_taken_{0, 0};
    std::vector<Cell> cells_;  // of the rows
    Box box_;                  // around all of them
    std::vector<int32_t> row_limits_;
    std::vector<int32_t> column_limits_;
    std::unique_ptr<Pair[]> survivors_;
    Work& work_;
};

}  // namespace kstar::cpu
