// Products of 32 points with 32 others, or 16 with 16, by the tiles of amx.hpp.
//
// Points are packed as these are loaded: 16 words of 16 points are one tile of rows, and transposed
// one tile of columns. 16-bit numbers are split into bytes, 256 high + low, whose low ones have no
// sign: four products of bytes are one of such numbers, modulo 2^32, exact where that fits.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "cpu/amx.hpp"
#include "cpu/kernels.hpp"
#include "cpu/simd.hpp"

namespace kstar::cpu {
inline namespace KSTAR_TARGET {

// Two tiles are loaded of a group at a time: of two times 16 points, or both bytes of 16 points.
constexpr int64_t kLoadedWords = 2 * kTileWords;

// The products of a micro-tile without the seeds of its rows, which come in when they are read.
template <int kRows, int kColumns>
struct StoredProducts {
    struct Row {
        const int32_t* products;
        Vector seed;
        Vector operator[](int v) const {
            return Vector::load(products + v * Vector::kLanes) + seed;
        }
    };

    const int32_t* row_seeds;
    alignas(kTileLine) int32_t products[kRows * kColumns];

    Row operator[](int r) const { return {products + r * kColumns, Vector::all(row_seeds[r])}; }
};

struct ByteTile {
    using Session = WholeTiles;
    static constexpr int kRows = 32;
    static constexpr int kColumns = 32;
    static constexpr int kVectors = kColumns / Vector::kLanes;
    static constexpr int kWords = kTileSide;

    StoredProducts<kRows, kColumns> sums;

    ByteTile(const Strip& strip, int64_t row_group, int64_t column_group) {
        sums.row_seeds = strip.row_seeds + row_group * kRows;
        const int32_t* column_seeds = strip.column_seeds + column_group * kColumns;
        load_tile<0>(column_seeds, 0);
        load_tile<1>(column_seeds + kTileSide, 0);
        load_tile<2>(column_seeds, 0);
        load_tile<3>(column_seeds + kTileSide, 0);
        const int32_t* row = strip.row_words + row_group * kRows * strip.words;
        const int32_t* column = strip.column_words + column_group * kColumns * strip.words;
        for (int64_t word = 0; word < strip.words; word += kWords) {
            load_tile<4>(row, kTileLine);
            load_tile<6>(column, kTileLine);
            add_tile_products<0, 4, 6>();
            load_tile<7>(column + kTileWords, kTileLine);
            add_tile_products<1, 4, 7>();
            load_tile<5>(row + kTileWords, kTileLine);
            add_tile_products<2, 5, 6>();
            add_tile_products<3, 5, 7>();
            row += kLoadedWords;
            column += kLoadedWords;
        }
        constexpr int64_t kStep = 4 * kColumns;
        int32_t* lower = sums.products + kTileSide * kColumns;
        store_tile<0>(sums.products, kStep);
        store_tile<1>(sums.products + kTileSide, kStep);
        store_tile<2>(lower, kStep);
        store_tile<3>(lower + kTileSide, kStep);
    }
};

struct PairTile {
    using Session = WholeTiles;
    static constexpr int kRows = 16;
    static constexpr int kColumns = 16;
    static constexpr int kVectors = kColumns / Vector::kLanes;
    static constexpr int kWords = 2 * kTileSide;

    StoredProducts<kRows, kColumns> sums;

    PairTile(const Strip& strip, int64_t row_group, int64_t column_group) {
        sums.row_seeds = strip.row_seeds + row_group * kRows;
        const int32_t* row = strip.row_words + row_group * kRows * strip.words;
        const int32_t* column = strip.column_words + column_group * kColumns * strip.words;
        load_tile<0>(strip.column_seeds + column_group * kColumns, 0);
        // One sum could do for both mixed products, but would have to wait for itself.
        zero_tile<1>();
        zero_tile<2>();
        zero_tile<3>();
        for (int64_t word = 0; word < strip.words; word += kWords) {
            load_tile<4>(row, kTileLine);
            load_tile<6>(column, kTileLine);
            add_tile_products<0, 4, 6, false, false>();  // low, low
            load_tile<7>(column + kTileWords, kTileLine);
            add_tile_products<1, 4, 7, false, true>();  // low, high
            load_tile<5>(row + kTileWords, kTileLine);
            add_tile_products<2, 5, 6, true, false>();  // high, low
            add_tile_products<3, 5, 7>();               // high, high
            row += kLoadedWords;
            column += kLoadedWords;
        }
        alignas(kTileLine) uint32_t parts[4][kTileWords];
        store_tile<0>(parts[0], kTileLine);
        store_tile<1>(parts[1], kTileLine);
        store_tile<2>(parts[2], kTileLine);
        store_tile<3>(parts[3], kTileLine);
        for (int64_t k = 0; k < kTileWords; ++k) {
            const uint32_t mixed = parts[1][k] + parts[2][k];
            sums.products[k] =
                static_cast<int32_t>(parts[0][k] + (mixed << 8) + (parts[3][k] << 16));
        }
    }
};

// 16 points after one another become one tile of rows or, turned, of columns.
template <bool kTurned>
void write_tile(const int32_t* words, int32_t* tile) {
    if constexpr (!kTurned) {
        std::memcpy(tile, words, 4 * kTileWords);
    } else {
        for (int64_t member = 0; member < kTileSide; member += kSquare) {
            for (int64_t word = 0; word < kTileSide; word += kSquare) {
                transpose(words + member * kTileSide + word, kTileSide, kSquare, 0,
                          tile + word * kTileSide + member, kTileSide, kSquare);
            }
        }
    }
}

// Copies some words of some points, `stride` apart; zeros fill the rest of 16 points up.
template <int kWords>
void copy_points(const int32_t* from, int64_t stride, int64_t points, int64_t words, int32_t* to) {
    if (points < kTileSide || words < kWords) {
        std::memset(to, 0, 4 * kTileSide * kWords);
    }
    points = std::min(points, kTileSide);
    for (int64_t p = 0; p < points; ++p) {
        if (words >= kWords) {
            std::memcpy(to + p * kWords, from + p * stride, 4 * kWords);
        } else {
            std::memcpy(to + p * kWords, from + p * stride, 4 * words);
        }
    }
}

template <bool kTurned>
void pack_bytes(const int32_t* first, int64_t stride, int64_t count, int64_t words,
                int32_t* packed) {
    alignas(kTileLine) int32_t points[kTileWords];
    for (int64_t group = 0; group < count; group += ByteTile::kRows) {
        for (int64_t word = 0; word < words; word += ByteTile::kWords) {
            for (int64_t half = group; half < group + ByteTile::kRows; half += kTileSide) {
                copy_points<kTileSide>(first + half * stride + word, stride, count - half,
                                       words - word, points);
                write_tile<kTurned>(points, packed);
                packed += kTileWords;
            }
        }
    }
}

template <bool kTurned>
void pack_pairs(const int32_t* first, int64_t stride, int64_t count, int64_t words,
                int32_t* packed) {
    alignas(kTileLine) int16_t numbers[4 * kTileWords];
    alignas(kTileLine) uint8_t low[4 * kTileWords], high[4 * kTileWords];
    for (int64_t group = 0; group < count; group += PairTile::kRows) {
        for (int64_t word = 0; word < words; word += PairTile::kWords) {
            copy_points<PairTile::kWords>(first + group * stride + word, stride, count - group,
                                          words - word, reinterpret_cast<int32_t*>(numbers));
            for (int64_t k = 0; k < 4 * kTileWords; ++k) {
                low[k] = static_cast<uint8_t>(numbers[k]);
                high[k] = static_cast<uint8_t>(numbers[k] >> 8);
            }
            write_tile<kTurned>(reinterpret_cast<const int32_t*>(low), packed);
            write_tile<kTurned>(reinterpret_cast<const int32_t*>(high), packed + kTileWords);
            packed += kLoadedWords;
        }
    }
}

}  // namespace KSTAR_TARGET
}  // namespace kstar::cpu
