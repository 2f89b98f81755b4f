// The inner loops of the CPU engine, one table of them per instruction set.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/rows.hpp"

namespace kstar::cpu {

// A pair that a product did not decide: row and column within the strip, and the product.
struct Pair {
    int32_t row;
    int32_t column;
    int32_t product;
};

// One or several groups of rows against groups of columns, all packed. Products start at the sum of
// the seeds.
struct Strip {
    const int16_t* row_points;  // (groups, pairs of features, rows of a micro-tile, 2)
    const int32_t* row_seeds;
    const int16_t* column_points;  // (groups, pairs of features, columns of a micro-tile, 2)
    const int32_t* column_seeds;
    int64_t row_groups;
    int64_t column_groups;
    int64_t feature_pairs;  // half the width, rounded up
};

// What Search compares with: a pair whose product exceeds either threshold survives.
struct Thresholds {
    const int32_t* rows;
    const int32_t* columns;
};

// What Count compares with, and where it adds the weights of the pairs that are inside.
struct Tally {
    const int32_t* row_outer;
    const int32_t* row_inner;
    const int32_t* row_weights;
    int32_t* row_counts;
    const int32_t* column_outer;
    const int32_t* column_inner;
    const int32_t* column_weights;
    int32_t* column_counts;
};

// The columns of largest product among those of another class: where a search starts.
struct Champions {
    const int32_t* row_codes;
    const int32_t* column_codes;
    int32_t* products;
    int32_t* columns;
};

// Numbers in memory, in rows or in columns.
template <typename Number>
struct Matrix {
    const Number* data;
    int64_t rows;
    int64_t columns;
    int64_t row_step;
    int64_t column_step;
};

constexpr int64_t kWidestStrip = 32;  // columns of a product that are packed together

struct Kernels {
    const char* name;
    int rows;     // of a micro-tile
    int columns;  // of a micro-tile

    // Repacks `count` points (from `first` on, `stride` apart) into groups of `group`, which is
    // `rows` or `columns`. The last group is filled up with zeros; kPackingSlack further pairs may
    // be overwritten.
    void (*pack)(const int16_t* first, int64_t stride, int64_t count, int64_t feature_pairs,
                 int group, int16_t* packed);

    // Search and count take several groups of rows at once, the other kernels one.

    // Writes the pairs that survive; returns their number.
    int64_t (*search)(const Strip&, const Thresholds&, Pair* survivors);
    // Counts the pairs that are inside; writes those undecided, and returns their number.
    int64_t (*count)(const Strip&, const Tally&, Pair* undecided);
    void (*challenge)(const Strip&, const Champions&);
    // Writes all products, row by row.
    void (*multiply)(const Strip&, int32_t* products);

    // Product of two points, exact; `width` is a multiple of kWidthStep.
    int32_t (*dot)(const int16_t* x, const int16_t* y, int64_t width);
    // The canonical squared distance of row i and row j.
    double (*distance)(const Rows& x, int64_t i, const Rows& y, int64_t j);
    // The sum of weights[k] (x_ik - centre[k]); the weights are the row itself where none are
    // given.
    double (*moment)(const Rows& x, int64_t i, const double* centre, const double* weights);
    // Rounds scale (x_i - centre) to integers, and writes the length of that point; returns how far
    // that moves the row, zero only if it is exact.
    double (*round_row)(const Rows& x, int64_t i, const double* centre, double scale,
                        int16_t* point, double* length);

    // Writes the product of two matrices, row by row, `to_step` apart. `strip` has room for
    // kWidestStrip columns of `b`.
    void (*multiply_floats)(const Matrix<float>& a, const Matrix<float>& b, float* strip, float* to,
                            int64_t to_step);
    void (*multiply_doubles)(const Matrix<double>& a, const Matrix<float>& b, double* strip,
                             double* to, int64_t to_step);
    // See matrix.hpp. `directions` is (count, 2 count) of room.
    int64_t (*gram_schmidt)(const double* gram, int64_t count, double* left, double* directions,
                            double* transform);
};

constexpr int64_t kWidthStep = 16;  // rows of points are zero-filled up to a multiple of this
constexpr int64_t kPackingSlack = 8;

// Instruction sets that this processor can run, the best one first.
std::vector<std::string> targets();
// The kernels of the best instruction set, or of the one named; throws std::invalid_argument.
const Kernels& kernels(const std::string& target);

}  // namespace kstar::cpu
