// Products of a few rows with a few columns, in the registers of this translation unit's
// instruction set; and how points are packed for them.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cpu/kernels.hpp"
#include "cpu/simd.hpp"

namespace kstar::cpu {
inline namespace KSTAR_TARGET {

constexpr int kTileColumns = kTileVectors * Vector::kLanes;

// A square at the edge of a group writes beyond it, onto what is packed next.
static_assert(kTileRows % kSquare == 0 || kTileRows < kSquare);
static_assert(kTileColumns % kSquare == 0 && kWidthStep % (2 * kSquare) == 0);
static_assert(kSquare <= kPackingSlack);

template <int kGroup, int kShift, int kWords = 1>
void pack(const int32_t* first, int64_t stride, int64_t count, int64_t words, int32_t* packed) {
    words = (words + kWords - 1) / kWords * kWords;  // the points have zeros behind
    for (int64_t start = 0; start < count; start += kGroup, packed += kGroup * words) {
        for (int64_t word = 0; word < words; word += kSquare) {
            for (int64_t member = 0; member < kGroup; member += kSquare) {
                transpose(first + (start + member) * stride + word, stride,
                          std::min<int64_t>(kGroup, count - start) - member, kShift,
                          packed + kGroup * word + member, kGroup, words - word);
            }
        }
    }
}

// Words of two 16-bit numbers.
struct Pairs {
    static constexpr int kWords = 1;  // that are multiplied together
    static Vector add(Vector sum, const Vector* row, const Vector* columns) {
        return add_products(sum, *row, *columns);
    }
};

// Words of four bytes.
struct Bytes {
    static constexpr int kWords = kByteWords;
    static Vector add(Vector sum, const Vector* row, const Vector* columns) {
        return add_byte_products(sum, row, columns);
    }
};

// The products of one micro-tile. All sums stay in registers.
template <typename Word>
struct MicroTile {
    struct Session {};
    static constexpr int kRows = kTileRows;
    static constexpr int kVectors = kTileVectors;
    static constexpr int kColumns = kTileColumns;
    static constexpr int kWords = Word::kWords;

    Vector sums[kRows][kVectors];

    MicroTile(const Strip& strip, int64_t row_group, int64_t column_group) {
        const int32_t* row_seeds = strip.row_seeds + row_group * kRows;
        const int32_t* column_seeds = strip.column_seeds + column_group * kColumns;
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
            const Vector seeds = Vector::load(column_seeds + v * Vector::kLanes);
#pragma GCC unroll 8
            for (int r = 0; r < kRows; ++r) {
                sums[r][v] = seeds + Vector::all(row_seeds[r]);
            }
        }
        const int32_t* row = strip.row_words + row_group * kRows * strip.words;
        const int32_t* column = strip.column_words + column_group * kColumns * strip.words;
        for (int64_t word = 0; word < strip.words; word += kWords) {
            Vector columns[kVectors][kWords], all[kWords];
#pragma GCC unroll 8
            for (int v = 0; v < kVectors; ++v) {
#pragma GCC unroll 2
                for (int w = 0; w < kWords; ++w) {
                    columns[v][w] = Vector::load(column + w * kColumns + v * Vector::kLanes);
                }
            }
#pragma GCC unroll 8
            for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
                for (int w = 0; w < kWords; ++w) {
                    all[w] = Vector::all(row[w * kRows + r]);
                }
#pragma GCC unroll 8
                for (int v = 0; v < kVectors; ++v) {
                    sums[r][v] = settled(Word::add(sums[r][v], all, columns[v]));
                }
            }
            row += kWords * kRows;
            column += kWords * kColumns;
        }
    }
};

}  // namespace KSTAR_TARGET
}  // namespace kstar::cpu
