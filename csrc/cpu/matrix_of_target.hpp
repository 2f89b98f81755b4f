// Products of float matrices, and the Gram-Schmidt process, over the vectors of `simd.hpp`.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>

#include "cpu/kernels.hpp"
#include "cpu/simd.hpp"

namespace kstar::cpu {
inline namespace KSTAR_TARGET {

// Packs as many columns of `b` as fill two vectors; all rows of `a` meet them, some at a time.
template <typename Number>
void multiply_matrices(const Matrix<Number>& a, const Matrix<float>& b, Number* strip, Number* to,
                       int64_t to_step) {
    typedef Number Lanes __attribute__((vector_size(sizeof(Vector))));
    constexpr int kVectors = 2;
    constexpr int kLanes = sizeof(Vector) / sizeof(Number);
    constexpr int kWidth = kVectors * kLanes;
    static_assert(kWidth <= kWidestStrip);
    for (int64_t first = 0; first < b.columns; first += kWidth) {
        const int64_t count = std::min<int64_t>(kWidth, b.columns - first);
        for (int64_t k = 0; k < b.rows; ++k) {
            for (int64_t c = 0; c < count; ++c) {
                strip[k * kWidth + c] = b.data[k * b.row_step + (first + c) * b.column_step];
            }
        }
        for (int64_t i = 0; i < a.rows; i += kTileRows) {
            const Number* row[kTileRows];
            for (int r = 0; r < kTileRows; ++r) {  // behind the last one there is the last again
                row[r] = a.data + std::min(i + r, a.rows - 1) * a.row_step;
            }
            Lanes sums[kTileRows][kVectors] = {};
            for (int64_t k = 0; k < b.rows; ++k) {
                Lanes columns[kVectors];
#pragma GCC unroll 2
                for (int v = 0; v < kVectors; ++v) {
                    std::memcpy(&columns[v], strip + k * kWidth + v * kLanes, sizeof(Lanes));
                }
#pragma GCC unroll 8
                for (int r = 0; r < kTileRows; ++r) {
                    const Number factor = row[r][k * a.column_step];
#pragma GCC unroll 2
                    for (int v = 0; v < kVectors; ++v) {
                        sums[r][v] += factor * columns[v];
                    }
                }
            }
#pragma GCC unroll 8
            for (int r = 0; r < kTileRows; ++r) {
                const Lanes whole[kVectors] = {sums[r][0], sums[r][1]};
                if (i + r < a.rows) {
                    std::memcpy(to + (i + r) * to_step + first, whole, count * sizeof(Number));
                }
            }
        }
    }
}

int64_t gram_schmidt(const double* gram, int64_t count, double* left, double* directions,
                     double* transform) {
    constexpr double kDependent = 1e-10;  // of a row's squared length: no more than rounding
    const int64_t width = 2 * count;
    int64_t rank = 0;
    for (int64_t step = 0; step < count; ++step) {
        const int64_t next = std::max_element(left, left + count) - left;
        const double squared = left[next];
        left[next] = -1;
        if (!(squared > kDependent * gram[next * count + next])) {
            continue;
        }
        double* direction = directions + rank * width;
        for (int64_t i = 0; i < count; ++i) {
            direction[i] = gram[next * count + i];
            direction[count + i] = i == next ? 1 : 0;
        }
        for (int64_t k = 0; k < rank; ++k) {
            const double* before = directions + k * width;
            const double factor = before[next];
            for (int64_t c = 0; c < width; ++c) {
                direction[c] -= factor * before[c];
            }
        }
        const double length = std::sqrt(squared);
        for (int64_t c = 0; c < width; ++c) {
            direction[c] /= length;
        }
        for (int64_t i = 0; i < count; ++i) {
            left[i] = left[i] < 0 ? -1 : std::max(left[i] - direction[i] * direction[i], 0.0);
            transform[rank * count + i] = direction[count + i];
        }
        ++rank;
    }
    return rank;
}

}  // namespace KSTAR_TARGET
}  // namespace kstar::cpu
