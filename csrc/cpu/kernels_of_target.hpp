// The kernels, written once over `simd.hpp`; each kernels_*.cpp compiles them for one target.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>

#include "common/rows.hpp"
#include "cpu/distance.hpp"
#include "cpu/kernels.hpp"
#include "cpu/matrix_of_target.hpp"
#include "cpu/simd.hpp"

namespace kstar::cpu {
inline namespace KSTAR_TARGET {

constexpr int kTileColumns = kTileVectors * Vector::kLanes;

inline Vector all_of_pair(const int16_t* pair) {
    int32_t both;
    std::memcpy(&both, pair, sizeof both);
    return Vector::all(both);
}

// The sum of all lanes. Parts of it may wrap, where the whole fits.
inline int32_t sum(Vector vector) {
    int32_t lanes[Vector::kLanes];
    vector.store(lanes);
    uint32_t total = 0;
    for (const int32_t lane : lanes) {
        total += static_cast<uint32_t>(lane);
    }
    return static_cast<int32_t>(total);
}

// A square at the edge of a group writes beyond it, onto what is packed next.
static_assert(kTileRows % kSquare == 0 || kTileRows < kSquare);
static_assert(kTileColumns % kSquare == 0 && kWidthStep % (2 * kSquare) == 0);
static_assert(kSquare <= kPackingSlack);

void pack(const int16_t* first, int64_t stride, int64_t count, int64_t feature_pairs, int group,
          int16_t* packed) {
    const int64_t to_stride = 2 * group;
    for (int64_t start = 0; start < count; start += group, packed += to_stride * feature_pairs) {
        for (int64_t pair = 0; pair < feature_pairs; pair += kSquare) {
            for (int64_t member = 0; member < group; member += kSquare) {
                transpose(first + (start + member) * stride + 2 * pair, stride,
                          std::min<int64_t>(group, count - start) - member,
                          packed + to_stride * pair + 2 * member, to_stride, feature_pairs - pair);
            }
        }
    }
}

// The products of one micro-tile. All sums stay in registers.
struct MicroTile {
    Vector sums[kTileRows][kTileVectors];

    MicroTile(const Strip& strip, int64_t row_group, int64_t column_group) {
        const int32_t* row_seeds = strip.row_seeds + row_group * kTileRows;
        const int32_t* column_seeds = strip.column_seeds + column_group * kTileColumns;
#pragma GCC unroll 8
        for (int v = 0; v < kTileVectors; ++v) {
            const Vector seeds = Vector::load(column_seeds + v * Vector::kLanes);
#pragma GCC unroll 8
            for (int r = 0; r < kTileRows; ++r) {
                sums[r][v] = seeds + Vector::all(row_seeds[r]);
            }
        }
        const int16_t* row = strip.row_points + row_group * 2 * kTileRows * strip.feature_pairs;
        const int16_t* column =
            strip.column_points + column_group * 2 * kTileColumns * strip.feature_pairs;
        for (int64_t pair = 0; pair < strip.feature_pairs; ++pair) {
            Vector columns[kTileVectors];
#pragma GCC unroll 8
            for (int v = 0; v < kTileVectors; ++v) {
                columns[v] = Vector::load(column + 2 * v * Vector::kLanes);
            }
#pragma GCC unroll 8
            for (int r = 0; r < kTileRows; ++r) {
                const Vector both = all_of_pair(row + 2 * r);
#pragma GCC unroll 8
                for (int v = 0; v < kTileVectors; ++v) {
                    sums[r][v] = settled(add_products(sums[r][v], both, columns[v]));
                }
            }
            row += 2 * kTileRows;
            column += 2 * kTileColumns;
        }
    }
};

// Appends the pairs of one vector whose bits are set.
inline Pair* append(uint32_t set, Vector products, int64_t row, int64_t first_column, Pair* to) {
    int32_t values[Vector::kLanes];
    products.store(values);
    for (; set != 0; set &= set - 1) {
        const int lane = __builtin_ctz(set);
        *to++ = {static_cast<int32_t>(row), static_cast<int32_t>(first_column + lane),
                 values[lane]};
    }
    return to;
}

int64_t search(const Strip& strip, const Thresholds& thresholds, Pair* survivors) {
    Pair* end = survivors;
    for (int64_t rows = 0; rows < strip.row_groups; ++rows) {
        const int32_t* row_thresholds = thresholds.rows + rows * kTileRows;
        for (int64_t group = 0; group < strip.column_groups; ++group) {
            const MicroTile tile(strip, rows, group);
            const auto survives = [&](int r, int v) {
                const int64_t column = group * kTileColumns + v * Vector::kLanes;
                return greater(tile.sums[r][v], min(Vector::load(thresholds.columns + column),
                                                    Vector::all(row_thresholds[r])));
            };
            Mask any = survives(0, 0);
#pragma GCC unroll 8
            for (int v = 0; v < kTileVectors; ++v) {
#pragma GCC unroll 8
                for (int r = 0; r < kTileRows; ++r) {
                    any = either(any, survives(r, v));
                }
            }
            if (bits(any) == 0) {
                continue;
            }
            for (int r = 0; r < kTileRows; ++r) {
                for (int v = 0; v < kTileVectors; ++v) {
                    end = append(bits(survives(r, v)), tile.sums[r][v], rows * kTileRows + r,
                                 group * kTileColumns + v * Vector::kLanes, end);
                }
            }
        }
    }
    return end - survivors;
}

int64_t count(const Strip& strip, const Tally& tally, Pair* undecided) {
    Pair* end = undecided;
    for (int64_t rows = 0; rows < strip.row_groups; ++rows) {
        const int64_t first = rows * kTileRows;
        const int32_t* row_inner = tally.row_inner + first;
        const int32_t* row_outer = tally.row_outer + first;
        const int32_t* row_weights = tally.row_weights + first;
        Vector row_counts[kTileRows];
        for (int r = 0; r < kTileRows; ++r) {
            row_counts[r] = Vector::all(0);
        }
        for (int64_t group = 0; group < strip.column_groups; ++group) {
            const MicroTile tile(strip, rows, group);
#pragma GCC unroll 8
            for (int v = 0; v < kTileVectors; ++v) {
                const int64_t column = group * kTileColumns + v * Vector::kLanes;
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
                for (int r = 0; r < kTileRows; ++r) {
                    row_counts[r] = add_where(in_row(r), row_counts[r], weights);
                    counts = add_where(in_column(r), counts, Vector::all(row_weights[r]));
                    any = either(any, open(r));
                }
                counts.store(tally.column_counts + column);
                for (int r = 0; bits(any) != 0 && r < kTileRows; ++r) {
                    end = append(bits(open(r)), tile.sums[r][v], first + r, column, end);
                }
            }
        }
        for (int r = 0; r < kTileRows; ++r) {
            tally.row_counts[first + r] += sum(row_counts[r]);
        }
    }
    return end - undecided;
}

// Every lane keeps a champion of its own, without a branch; the best of a row's lanes wins.
void challenge(const Strip& strip, const Champions& champions) {
    Vector best[kTileRows], columns[kTileRows];
    for (int r = 0; r < kTileRows; ++r) {
        best[r] = Vector::all(champions.products[r]);
        columns[r] = Vector::all(champions.columns[r]);
    }
    for (int64_t group = 0; group < strip.column_groups; ++group) {
        const MicroTile tile(strip, 0, group);
#pragma GCC unroll 8
        for (int v = 0; v < kTileVectors; ++v) {
            const int64_t column = group * kTileColumns + v * Vector::kLanes;
            const Vector codes = Vector::load(champions.column_codes + column);
            const Vector here = Vector::rising(static_cast<int32_t>(column));
#pragma GCC unroll 8
            for (int r = 0; r < kTileRows; ++r) {
                const Vector product = tile.sums[r][v];
                const Mask better = both(unequal(codes, Vector::all(champions.row_codes[r])),
                                         greater(product, best[r]));
                best[r] = choose(better, product, best[r]);
                columns[r] = choose(better, here, columns[r]);
            }
        }
    }
    for (int r = 0; r < kTileRows; ++r) {
        int32_t products[Vector::kLanes], column[Vector::kLanes];
        best[r].store(products);
        columns[r].store(column);
        const int lane =
            static_cast<int>(std::max_element(products, products + Vector::kLanes) - products);
        champions.products[r] = products[lane];
        champions.columns[r] = column[lane];
    }
}

void multiply(const Strip& strip, int32_t* products) {
    const int64_t columns = strip.column_groups * kTileColumns;
    for (int64_t group = 0; group < strip.column_groups; ++group) {
        const MicroTile tile(strip, 0, group);
        for (int r = 0; r < kTileRows; ++r) {
            for (int v = 0; v < kTileVectors; ++v) {
                tile.sums[r][v].store(products + r * columns + group * kTileColumns +
                                      v * Vector::kLanes);
            }
        }
    }
}

int32_t dot(const int16_t* x, const int16_t* y, int64_t width) {
    constexpr int kStep = 2 * Vector::kLanes;
    constexpr int kChains = 4;
    Vector sums[kChains];
    for (Vector& sum : sums) {
        sum = Vector::all(0);
    }
    int64_t k = 0;
    for (; k + kChains * kStep <= width; k += kChains * kStep) {
#pragma GCC unroll 4
        for (int chain = 0; chain < kChains; ++chain) {
            sums[chain] = add_products(sums[chain], Vector::load(x + k + chain * kStep),
                                       Vector::load(y + k + chain * kStep));
        }
    }
    for (; k + kStep <= width; k += kStep) {
        sums[0] = add_products(sums[0], Vector::load(x + k), Vector::load(y + k));
    }
    uint32_t total = static_cast<uint32_t>(sum((sums[0] + sums[1]) + (sums[2] + sums[3])));
    for (; k < width; ++k) {
        total += static_cast<uint32_t>(x[k] * y[k]);
    }
    return static_cast<int32_t>(total);
}

double distance(const Rows& x, int64_t i, const Rows& y, int64_t j) {
    return with_rows(x, i, y, j, [&](const auto& row_x, const auto& row_y) {
        return squared_distance(row_x, row_y, x.dimensions);
    });
}

// Sums that need no fixed order, but enough chains to be vectors.
template <typename Term>
double sum_of(int64_t count, const Term& term) {
    constexpr int kChains = 16;
    double chains[kChains] = {};
    int64_t k = 0;
    for (; k + kChains <= count; k += kChains) {
        for (int chain = 0; chain < kChains; ++chain) {
            chains[chain] += term(k + chain);
        }
    }
    double total = 0;
    for (; k < count; ++k) {
        total += term(k);
    }
    for (const double chain : chains) {
        total += chain;
    }
    return total;
}

double moment(const Rows& x, int64_t i, const double* centre, const double* weights) {
    return with_row(x, i, [&](const auto& row) {
        const auto shifted = [&](int64_t k) { return row[k] - centre[k]; };
        return weights == nullptr
                   ? sum_of(x.dimensions, [&](int64_t k) { return shifted(k) * shifted(k); })
                   : sum_of(x.dimensions, [&](int64_t k) { return weights[k] * shifted(k); });
    });
}

double round_row(const Rows& x, int64_t i, const double* centre, double scale, int16_t* point,
                 double* length) {
    constexpr double kToInteger = 0x1.8p52;  // added and subtracted, rounds to an integer
    constexpr double kExact = 0x1p50;        // integers below need no rounding in a sum
    constexpr double kVanishing = 0x1p-500;  // above any error whose square underflows
    constexpr double kMost = 0x7fff;
    return with_row(x, i, [&](const auto& row) {
        const double squared = sum_of(x.dimensions, [&](int64_t k) {
            const double v = scale * (row[k] - centre[k]);
            const double rounded = (v + kToInteger) - kToInteger;
            // Rows that are written to meanwhile may hold anything: so put, NaN is a number, too.
            const double within = std::min(kMost, std::max(-kMost, rounded));
            point[k] = static_cast<int16_t>(static_cast<int32_t>(within));
            return (v - rounded) * (v - rounded);
        });
        *length = std::sqrt(sum_of(x.dimensions, [&](int64_t k) {
            const double whole = point[k];
            return whole * whole;
        }));
        // An error of zero counts only if the difference was not rounded either.
        for (int64_t k = 0; squared == 0 && k < x.dimensions; ++k) {
            const double units = scale * centre[k];
            if (std::abs(units) > kExact || units != std::nearbyint(units) ||
                (point[k] + units) / scale != row[k]) {
                return kVanishing;
            }
        }
        return std::sqrt(squared) + (squared == 0 ? 0 : kVanishing);
    });
}

#define KSTAR_TEXT(name) #name
#define KSTAR_NAME(target) KSTAR_TEXT(target)

extern const Kernels kKernels;
const Kernels kKernels{KSTAR_NAME(KSTAR_TARGET),
                       kTileRows,
                       kTileColumns,
                       pack,
                       search,
                       count,
                       challenge,
                       multiply,
                       dot,
                       distance,
                       moment,
                       round_row,
                       multiply_matrices<float>,
                       multiply_matrices<double>,
                       gram_schmidt};

}  // namespace KSTAR_TARGET
}  // namespace kstar::cpu
