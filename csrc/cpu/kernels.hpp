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
// the seeds. A word is 32 bits of a point: two numbers of 16 bits, or four bytes.
struct Strip {
    const int32_t* row_words;  // (groups, words, rows of a micro-tile)
    const int32_t* row_seeds;
    const int32_t* column_words;  // (groups, words, columns of a micro-tile)
    const int32_t* column_seeds;
    int64_t row_groups;
    int64_t column_groups;
    int64_t words;
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

constexpr int kFan = 16;  // samples of a leaf of a tree, leaves of a branch: a line of words

struct alignas(64) Line {  // of a cache
    int32_t words[16];
};

// A sample that asks a tree.
struct Probe {
    const int32_t* point;
    int64_t words;
    int32_t seed;
    int32_t limit;  // products up to this one do not matter
    int32_t gap;    // nor do boxes so far away, squared; INT32_MIN stands for 0
};

// What leaves hold. Those of fewer than kFan samples are filled up with seeds below any that could
// matter.
struct Leaves {
    const Line* points;    // (leaves, words)
    const int32_t* seeds;  // (leaves, kFan)
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

// What is known of a row that was rounded to integers.
struct RoundedRow {
    double error;    // how far that moved it, zero only if it is exact
    double squares;  // squared length of the integers; if below 2^30, they are what was written
};

// How points of 16-bit numbers become points of bytes.
struct Coarsening {
    const int16_t* middle;  // taken off first
    const int16_t* signs;   // 1 or -1, where points are turned; otherwise none
    int64_t width;          // of both, as of the points
    float factor;           // units of bytes per unit
    int largest;            // of a byte
};

// What is known of such a point: exact sums of its bytes, and what was rounded away.
struct ByteSums {
    int32_t sum;
    int32_t squares;
    double error;  // a bound on its length, in units of bytes
};

constexpr int64_t kWidestStrip = 32;  // columns of a product that are packed together

// Tiles of the products of points, either of 16-bit numbers or of bytes.
struct Tiles {
    int rows;     // of a micro-tile
    int columns;  // of a micro-tile
    int words;    // multiplied together: what is packed has a multiple of so many per point
    // Instructions that take one factor without a sign want it shifted: a product of tiles has
    // `shift` times the sum of the column's numbers too much. Seeds of columns make up for it.
    int shift;

    // Repacks `count` points (from `first` on, `stride` words apart) into groups of `rows`, or of
    // `columns`. The last group, and points whose words are no multiple of `words`, are filled up
    // with zeros; kPackingSlack further words may be overwritten. `packed` is aligned to a line of
    // a cache.
    void (*pack_rows)(const int32_t* first, int64_t stride, int64_t count, int64_t words,
                      int32_t* packed);
    void (*pack_columns)(const int32_t* first, int64_t stride, int64_t count, int64_t words,
                         int32_t* packed);

    // Search and count take several groups of rows at once, the other kernels one.

    // Writes the pairs that survive; returns their number.
    int64_t (*search)(const Strip&, const Thresholds&, Pair* survivors);
    // Counts the pairs that are inside; writes those undecided, and returns their number.
    int64_t (*count)(const Strip&, const Tally&, Pair* undecided);
    void (*challenge)(const Strip&, const Champions&);
    // Writes all products, row by row.
    void (*multiply)(const Strip&, int32_t* products);
};

struct Kernels {
    const char* name;
    Tiles pairs;       // of 16-bit numbers
    Tiles long_pairs;  // the same for points of kLongWords or more, where others are faster then
    Tiles bytes;
    int largest_byte;  // no number of a point of bytes is larger, or less than its negative

    // Lists the boxes that are near, of some groups of kFan, (words, 2) lines each: their lowest
    // and their highest numbers. Returns how many they are.
    int64_t (*near_boxes)(const Probe&, const Line* boxes, const int32_t* groups, int64_t count,
                          int32_t* near);
    // Writes the pairs that survive, their leaf as the row; returns their number.
    int64_t (*search_leaves)(const Probe&, const Leaves&, const int32_t* chosen, int64_t count,
                             Pair* survivors);

    // Product of two points, exact; `width` is a multiple of kWidthStep.
    int32_t (*dot)(const int16_t* x, const int16_t* y, int64_t width);
    // The canonical squared distance of row i and row j.
    double (*distance)(const Rows& x, int64_t i, const Rows& y, int64_t j);
    // The sum of weights[k] (x_ik - centre[k]); the weights are the row itself where none are
    // given.
    double (*moment)(const Rows& x, int64_t i, const double* centre, const double* weights);
    // Rounds scale (x_i - centre) to integers.
    RoundedRow (*round_row)(const Rows& x, int64_t i, const double* centre, double scale,
                            int16_t* point);
    // Turns, scales and rounds a point of 16-bit numbers to bytes; see bytes.hpp. `room` is for
    // twice as many numbers.
    ByteSums (*round_to_bytes)(const int16_t* point, const Coarsening& how, float* room,
                               int8_t* to);

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
constexpr int64_t kByteStep = 32;   // and rows of bytes up to a multiple of this
constexpr int64_t kPackingSlack = 8;
constexpr int64_t kLongWords = 16;

// Instruction sets that this processor can run, the best one first.
std::vector<std::string> targets();
// The kernels of the best instruction set, or of the one named; throws std::invalid_argument.
const Kernels& kernels(const std::string& target);

}  // namespace kstar::cpu
