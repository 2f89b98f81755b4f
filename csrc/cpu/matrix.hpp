// Products of small matrices of floats. They choose the directions of narrow balls, and so decide
// how fast a search is, never what it finds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "cpu/crew.hpp"
#include "cpu/kernels.hpp"

namespace kstar::cpu {

constexpr int64_t kPartRows = 256;    // of a product, in one piece of work:
constexpr int64_t kPartColumns = 64;  // a fraction of a millisecond

template <typename Number>
Matrix<Number> some_rows(Matrix<Number> matrix, int64_t first, int64_t most) {
    matrix.data += first * matrix.row_step;
    matrix.rows = std::min(most, matrix.rows - first);
    return matrix;
}

template <typename Number>
Matrix<Number> some_columns(Matrix<Number> matrix, int64_t first, int64_t most) {
    matrix.data += first * matrix.column_step;
    matrix.columns = std::min(most, matrix.columns - first);
    return matrix;
}

// Writes the product of two matrices, row by row. How the work is shared out changes no sum.
template <typename Number>
void matrix_product(const Kernels& kernels, const Matrix<Number>& a, const Matrix<float>& b,
                    Number* to, const Crew& crew) {
    const int64_t across = (b.columns + kPartColumns - 1) / kPartColumns;
    const int64_t down = (a.rows + kPartRows - 1) / kPartRows;
    crew.run(across * down, [&] {
        return [&, strip = std::vector<Number>(b.rows * kWidestStrip)](int64_t piece) mutable {
            const int64_t row = piece / across * kPartRows;
            const int64_t column = piece % across * kPartColumns;
            const Matrix<Number> rows = some_rows(a, row, kPartRows);
            const Matrix<float> columns = some_columns(b, column, kPartColumns);
            Number* corner = to + row * b.columns + column;
            if constexpr (std::is_same_v<Number, float>) {
                kernels.multiply_floats(rows, columns, strip.data(), corner, b.columns);
            } else {
                kernels.multiply_doubles(rows, columns, strip.data(), corner, b.columns);
            }
        };
    });
}

// Directions that are orthonormal, and span what rows span, told from the rows' products with each
// other, (count, count). Writes how each is made of the rows, (rank, count), the one of the longest
// rest first, and returns their number: rows that depend on those before them make none.
inline int64_t gram_schmidt(const Kernels& kernels, const double* gram, int64_t count,
                            double* transform) {
    const IeeeMode ieee;
    std::vector<double> left(count);  // squared length of what is left of each row
    for (int64_t i = 0; i < count; ++i) {
        left[i] = gram[i * count + i];
    }
    // Of each direction its products with the rows, and behind them how it is made of them.
    std::vector<double> directions(2 * count * count);
    return kernels.gram_schmidt(gram, count, left.data(), directions.data(), transform);
}

}  // namespace kstar::cpu
