// What the kernels are told: plain structures of pointers to device memory, free of CUDA, torch and
// Python.
#pragma once

#include <cstdint>
#include <limits>

#include "rows.hpp"

namespace kstar::cuda {

constexpr int kTileSide = 128;  // samples, and references, of a tile
constexpr int kDepth = 32;      // dimensions that flow through it together
constexpr int kWarps = 8;       // that share it
constexpr int kWarpRows = 64;
constexpr int kWarpColumns = 32;

// Some samples, in class order, as balls. Whatever there is per sample can be read up to the end of
// the last block of 128; what stands there is of no account, but thresholds must be numbers.
struct Side {
    const uint16_t* points;  // float16; `width` numbers each, a multiple of `kDepth`
    const float* seeds;
    const int32_t* codes;  // class of each, rising
    int32_t count;
    int32_t width;
};

// Two blocks of 128 that a launch looks at, and who is not done with them: one bit a warp.
struct Tile {
    int32_t row_block;
    int32_t column_block;
    int32_t open_warps;
};

struct Walk {
    Side rows;
    Side columns;
    bool same;     // both sides are the same samples: a pair is met where its row comes first
    bool foreign;  // pairs of different classes are asked about, or those of one class
    Tile* tiles;
    unsigned count;  // of tiles
};

// Positions of two samples.
struct Pair {
    int32_t row;
    int32_t column;
};

constexpr int32_t kAsks = std::numeric_limits<int32_t>::min();  // a mark in a position

// Where pairs go that a tile leaves open (survivors.hpp).
struct Survivors {
    Pair* pairs;
    unsigned long long capacity;   // the pairs of one warp at least
    unsigned long long* reserved;  // zero before
    unsigned long long* ended;     // lowest place that did not fit; the largest number before
};

// Which pairs may be nearest to each other (search.hpp).
struct Search {
    Walk walk;
    // A product below a sample's threshold proves the pair farther apart than it looks. Infinite
    // for who does not ask.
    const float* row_thresholds;
    const float* column_thresholds;
    // Norms of what lies behind the first chunk of dimensions, rounded up. Null: there is nothing.
    const float* row_tails;
    const float* column_tails;
    Survivors survivors;
};

// What Count knows of one side's samples (count.hpp).
struct Radii {
    const float* outer;  // a product below proves a pair farther apart than the sample's radius
    const float* inner;  // and one above inner + the other's give proves it nearer
    const float* give;
    const int32_t* weights;  // how many equal samples each stands for
    int32_t* counts;         // receives the weights for certain within; null if nobody here asks
};

struct Count {
    Walk walk;
    Radii rows;
    Radii columns;
    Survivors survivors;  // with `kAsks` in the position of whose count is open
};

// Which of them may still be, by full balls (screen.hpp).
struct Screening {
    Side rows;
    Side columns;
    const float* row_thresholds;
    const float* column_thresholds;
    const Pair* pairs;
    int64_t count;
    bool* open;  // (count,) whether a pair may still be nearest to one of its samples
};

// The features of some samples, by position.
struct Members {
    Rows rows;
    const int64_t* place;   // position -> row of `rows`
    const int64_t* number;  // position -> row of the input
};

// What is known of samples that ask; null pointers where none does. Numbers that are not negative
// are ordered as their bits are, and on those the hardware finds a minimum.
struct Nearest {
    long long* squared;   // bits of the squared distance; those of infinity at first
    long long* row;       // the lowest row of the input at that distance; kNoRow at first
    long long* noted_at;  // bits of the squared distance that `row` belongs to; those of infinity
};

// Pairs to be measured for Search (refine.hpp).
struct Refinement {
    Members rows;
    Members columns;
    const Pair* pairs;
    int64_t count;
    double* distances;  // (count,) squared
    Nearest row_nearest;
    Nearest column_nearest;
};

// And for Count.
struct OpenCounts {
    Members rows;
    Members columns;
    const Pair* pairs;  // with `kAsks` in the position of who asks
    int64_t count;
    const double* row_squared;  // radii
    const double* column_squared;
    const int32_t* row_weights;
    const int32_t* column_weights;
    int32_t* row_counts;
    int32_t* column_counts;
};

// Rows to be looked at, and to be made balls of (prepare.hpp).
struct Survey {
    Members samples;
    int64_t count;
    const double* centre;     // (dimensions,)
    const double* weights;    // (dimensions,)
    double* squared_lengths;  // distance from the centre
    double* fingerprints;     // product with the weights: equal rows share it, others hardly ever
};

// Shifted by a centre, scaled by a power of two and rounded.
struct Rounding {
    Members samples;
    int64_t count;
    Rows centres;
    const int64_t* centre_of;  // position -> row of `centres`
    double scale;
    uint16_t* points;  // (count, width) float16, zeros behind the dimensions
    int32_t width;
    double* squares;         // squared norms of the points
    double* squared_errors;  // how far rounding moved them, squared
};

}  // namespace kstar::cuda
