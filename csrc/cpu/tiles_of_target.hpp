// What is done with the products of a micro-tile, whichever instructions make them. They need what
// a tile's Session holds.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cpu/kernels.hpp"
#include "cpu/simd.hpp"

namespace kstar::cpu {
inline namespace KSTAR_TARGET {

// Appends the pairs of one vector whose bits are set.
inline Pair* append(uint32_t set, Vector products, int64_t row, int64_t first_column, Pair* to) {
    if (set == 0) {
        return to;
    }
    int32_t values[Vector::kLanes];
    products.store(values);
    for (; set != 0; set &= set - 1) {
        const int lane = __builtin_ctz(set);
        *to++ = {static_cast<int32_t>(row), static_cast<int32_t>(first_column + lane),
                 values[lane]};
    }
    return to;
}

template <typename Tile>
int64_t search(const Strip& strip, const Thresholds& thresholds, Pair* survivors) {
    [[maybe_unused]] const typename Tile::Session session{};
    Pair* end = survivors;
    for (int64_t rows = 0; rows < strip.row_groups; ++rows) {
        const int32_t* row_thresholds = thresholds.rows + rows * Tile::kRows;
        for (int64_t group = 0; group < strip.column_groups; ++group) {
            const Tile tile(strip, rows, group);
            // Kept, not compared again: with bytes most tiles have a survivor.
            Mask survive[Tile::kRows][Tile::kVectors];
            Mask any{};
#pragma GCC unroll 8
            for (int v = 0; v < Tile::kVectors; ++v) {
                const Vector limits =
                    Vector::load(thresholds.columns + group * Tile::kColumns + v * Vector::kLanes);
#pragma GCC unroll 8
                for (int r = 0; r < Tile::kRows; ++r) {
                    survive[r][v] =
                        greater(tile.sums[r][v], min(limits, Vector::all(row_thresholds[r])));
                    any = either(any, survive[r][v]);
                }
            }
            if (bits(any) == 0) {
                continue;
            }
            for (int r = 0; r < Tile::kRows; ++r) {
                for (int v = 0; v < Tile::kVectors; ++v) {
                    end = append(bits(survive[r][v]), tile.sums[r][v], rows * Tile::kRows + r,
                                 group * Tile::kColumns + v * Vector::kLanes, end);
                }
            }
        }
    }
    return end - survivors;
}

template <typename Tile>
int64_t count(const Strip& strip, const Tally& tally, Pair* undecided) {
    [[maybe_unused]] const typename Tile::Session session{};
    Pair* end = undecided;
    for (int64_t rows = 0; rows < strip.row_groups; ++rows) {
        const int64_t first = rows * Tile::kRows;
        const int32_t* row_inner = tally.row_inner + first;
        const int32_t* row_outer = tally.row_outer + first;
        const int32_t* row_weights = tally.row_weights + first;
        Vector row_counts[Tile::kRows];
        for (int r = 0; r < Tile::kRows; ++r) {
            row_counts[r] = Vector::all(0);
        }
        for (int64_t group = 0; group < strip.column_groups; ++group) {
            const Tile tile(strip, rows, group);
#pragma GCC unroll 8
            for (int v = 0; v < Tile::kVectors; ++v) {
                const int64_t column = group * Tile::kColumns + v * Vector::kLanes;
                const Vector inner = Vector::load(tally.column_inner + column);
                const Vector outer = Vector::load(tally.column_outer + column);
                const Vector weights = Vector::load(tally.column_weights + column);
                Vector counts = Vector::load(tally.column_counts + column);
                const auto in_row = [&](int r) {
                    return greater(tile.sums[r][v], Vector::all(row_inner[r]));
                };
                const auto in_column = [&](int r) { return greater(tile.sums[r][v], inner); };
                // Between the thresholds, of the row or of the column.
                const auto open = [&](int r) {
                    const Vector product = tile.sums[r][v];
                    return either(
                        only_second(in_row(r), greater(product, Vector::all(row_outer[r]))),
                        only_second(in_column(r), greater(product, outer)));
                };
                Mask any = greater(inner, inner);  // none
#pragma GCC unroll 8
                for (int r = 0; r < Tile::kRows; ++r) {
                    row_counts[r] = add_where(in_row(r), row_counts[r], weights);
                    counts = add_where(in_column(r), counts, Vector::all(row_weights[r]));
                    any = either(any, open(r));
                }
                counts.store(tally.column_counts + column);
                for (int r = 0; bits(any) != 0 && r < Tile::kRows; ++r) {
                    end = append(bits(open(r)), tile.sums[r][v], first + r, column, end);
                }
            }
        }
        for (int r = 0; r < Tile::kRows; ++r) {
            tally.row_counts[first + r] += sum(row_counts[r]);
        }
    }
    return end - undecided;
}

// Every lane keeps a champion of its own, without a branch; the best of a row's lanes wins.
template <typename Tile>
void challenge(const Strip& strip, const Champions& champions) {
    [[maybe_unused]] const typename Tile::Session session{};
    Vector best[Tile::kRows], columns[Tile::kRows];
    for (int r = 0; r < Tile::kRows; ++r) {
        best[r] = Vector::all(champions.products[r]);
        columns[r] = Vector::all(champions.columns[r]);
    }
    for (int64_t group = 0; group < strip.column_groups; ++group) {
        const Tile tile(strip, 0, group);
#pragma GCC unroll 8
        for (int v = 0; v < Tile::kVectors; ++v) {
            const int64_t column = group * Tile::kColumns + v * Vector::kLanes;
            const Vector codes = Vector::load(champions.column_codes + column);
            const Vector here = Vector::rising(static_cast<int32_t>(column));
#pragma GCC unroll 8
            for (int r = 0; r < Tile::kRows; ++r) {
                const Vector product = tile.sums[r][v];
                const Mask better = both(unequal(codes, Vector::all(champions.row_codes[r])),
                                         greater(product, best[r]));
                best[r] = choose(better, product, best[r]);
                columns[r] = choose(better, here, columns[r]);
            }
        }
    }
    for (int r = 0; r < Tile::kRows; ++r) {
        int32_t products[Vector::kLanes], column[Vector::kLanes];
        best[r].store(products);
        columns[r].store(column);
        const int lane =
            static_cast<int>(std::max_element(products, products + Vector::kLanes) - products);
        champions.products[r] = products[lane];
        champions.columns[r] = column[lane];
    }
}

template <typename Tile>
void multiply(const Strip& strip, int32_t* products) {
    [[maybe_unused]] const typename Tile::Session session{};
    const int64_t columns = strip.column_groups * Tile::kColumns;
    for (int64_t group = 0; group < strip.column_groups; ++group) {
        const Tile tile(strip, 0, group);
        for (int r = 0; r < Tile::kRows; ++r) {
            for (int v = 0; v < Tile::kVectors; ++v) {
                tile.sums[r][v].store(products + r * columns + group * Tile::kColumns +
                                      v * Vector::kLanes);
            }
        }
    }
}

template <typename Tile>
constexpr Tiles tiles_of(int shift, decltype(Tiles::pack_rows) pack_rows,
                         decltype(Tiles::pack_columns) pack_columns) {
    return {Tile::kRows,  Tile::kColumns, Tile::kWords, shift,           pack_rows,
            pack_columns, search<Tile>,   count<Tile>,  challenge<Tile>, multiply<Tile>};
}

}  // namespace KSTAR_TARGET
}  // namespace kstar::cpu
