// Products of a few rows with a few columns of bytes by SMMLA, which multiplies two rows of eight
// bytes with two such columns; and how points are packed for it.
#pragma once

#include <cstdint>
#include <cstring>

#include "cpu/kernels.hpp"
#include "cpu/micro_tile.hpp"
#include "cpu/simd.hpp"

#if defined(__ARM_FEATURE_MATMUL_INT8)

namespace kstar::cpu {
inline namespace KSTAR_TARGET {

struct MmlaTile {
    struct Session {};
    static constexpr int kRows = kTileRows;
    static constexpr int kVectors = kTileVectors;
    static constexpr int kColumns = kTileColumns;
    static constexpr int kWords = 2;  // of a point, next to each other

    Vector sums[kRows][kVectors];

    MmlaTile(const Strip& strip, int64_t row_group, int64_t column_group) {
        int32x4_t squares[kRows / 2][kColumns / 2] = {};  // of two rows and two columns
        const int32_t* row = strip.row_words + row_group * kRows * strip.words;
        const int32_t* column = strip.column_words + column_group * kColumns * strip.words;
        for (int64_t word = 0; word < strip.words; word += kWords) {
#pragma GCC unroll 8
            for (int r = 0; r < kRows / 2; ++r) {
                const int8x16_t two_rows = load(row + r * 2 * kWords);
#pragma GCC unroll 8
                for (int c = 0; c < kColumns / 2; ++c) {
                    squares[r][c] =
                        vmmlaq_s32(squares[r][c], two_rows, load(column + c * 2 * kWords));
                }
            }
            row += kWords * kRows;
            column += kWords * kColumns;
        }
        const int32_t* row_seeds = strip.row_seeds + row_group * kRows;
        const int32_t* column_seeds = strip.column_seeds + column_group * kColumns;
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
            const Vector seeds = Vector::load(column_seeds + v * Vector::kLanes);
#pragma GCC unroll 8
            for (int r = 0; r < kRows; r += 2) {
                const int64x2_t left = vreinterpretq_s64_s32(squares[r / 2][2 * v]);
                const int64x2_t right = vreinterpretq_s64_s32(squares[r / 2][2 * v + 1]);
                sums[r][v] = of_row(vzip1q_s64(left, right)) + seeds + Vector::all(row_seeds[r]);
                sums[r + 1][v] =
                    of_row(vzip2q_s64(left, right)) + seeds + Vector::all(row_seeds[r + 1]);
            }
        }
    }

 private:
    static int8x16_t load(const int32_t* from) { return vreinterpretq_s8_s32(vld1q_s32(from)); }
    static Vector of_row(int64x2_t products) {
        return {(Vector::Lanes)vreinterpretq_s32_s64(products)};
    }
};

// Two words of every member of a group, and then the next two.
template <int kGroup>
void pack_twos(const int32_t* first, int64_t stride, int64_t count, int64_t words,
               int32_t* packed) {
    constexpr int kWords = MmlaTile::kWords;
    words = (words + kWords - 1) / kWords * kWords;  // the points have zeros behind
    for (int64_t start = 0; start < count; start += kGroup) {
        for (int64_t word = 0; word < words; word += kWords) {
            for (int64_t member = start; member < start + kGroup; ++member, packed += kWords) {
                if (member < count) {
                    std::memcpy(packed, first + member * stride + word, kWords * sizeof *packed);
                } else {
                    std::memset(packed, 0, kWords * sizeof *packed);
                }
            }
        }
    }
}

}  // namespace KSTAR_TARGET
}  // namespace kstar::cpu

#endif
