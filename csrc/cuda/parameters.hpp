// What the kernels are told: plain structures of pointers to device memory, free of CUDA, torch and
// Python.
#pragma once

#include <cstdint>
#include <limits>

#include "common/rows.hpp"

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

// Some blocks of rows, each with the same blocks of columns: first + stride * k of either. A
// round's tiles are numbered strip by strip, and in a strip column by column, so that tiles of
// about the same number share what is in the cache.
struct Strip {
    int64_t start;  // number of its first tile
    int64_t first_row;
    int64_t first_column;
    int64_t stride;
    int64_t rows;
    int64_t columns;
};

struct Walk {
    Side rows;
    Side columns;
    bool same;     // both sides are the same samples: a pair is met where its row comes first
    bool foreign;  // pairs of different classes are asked about, or those of one class
    const Strip* strips;
    int64_t strip_count;
    int64_t first;   // number of the first tile of this launch
    unsigned count;  // of its tiles
    uint32_t* done;  // (count,) which warps are done with each tile, a bit a warp; zero before
};

// Positions of two samples, and the product of their balls.
struct Pair {
    int32_t row;
    int32_t column;
    float product;
};

constexpr int32_t kAsks = std::numeric_limits<int32_t>::min();  // a mark in a position

// How far a launch has come.
struct Cursor {
    unsigned long long reserved;  // places in the buffer of survivors that were asked for
    unsigned long long measured;  // pairs that took a canonical distance
    unsigned long long tiles;     // that were multiplied to their end
    unsigned long long early;     // that ended after their first chunk
    unsigned long long ended;     // lowest place that did not fit; the largest number if all did
};

// Where pairs go that a tile leaves open (survivors.hpp).
struct Survivors {
    Pair* pairs;
    unsigned long long capacity;  // the pairs of one warp at least
    Cursor* cursor;
};

// What kstar_gpu/engines/bounds.py needs to turn distances into thresholds.
struct Bounds {
    double unit;     // balls' distances are canonical ones times this power of two
    double above;    // its `above`, as a factor
    double farther;  // its `farther`, as a factor of a squared reach
};

// The balls of one side, as far as they bound distances.
struct Reach {
    const double* radii;
    const double* slack;
    float* thresholds;  // a product below proves a pair farther apart than the sample looks
};

struct Sieve {
    Reach rows;
    Reach columns;
    Bounds bounds;
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
    long long* limit;     // bits of a distance, in the balls' unit, that some foreign sample keeps
    const bool* settled;  // who does not ask: an equal sample of another class was found before
};

// Thresholds to be renewed (thresholds.hpp).
struct Thresholds {
    Nearest nearest;
    Reach reach;
    Bounds bounds;
    int64_t count;
};

// A few references that all samples meet before the search (seed.hpp).
struct Seeding {
    Walk walk;
    Sieve sieve;
    Nearest nearest;  // of the rows
};

// Which pairs may be nearest to each other, and how near they are (search.hpp, refine.hpp).
struct Search {
    Walk walk;
    Sieve sieve;
    // Norms of what lies behind the first chunk of dimensions, rounded up. Null: there is nothing.
    const float* row_tails;
    const float* column_tails;
    // Full balls. Those of the walk are narrower, or the same ones.
    Side full_rows;
    Side full_columns;
    Sieve full;
    Members rows;
    Members columns;
    Nearest row_nearest;
    Nearest column_nearest;
    Survivors survivors;
    double* distances;  // of the survivors, squared; NaN of those that need none
};

// What Count knows of one side's samples (count.hpp).
struct Radii {
    const float* outer;  // a product below proves a pair farther apart than the sample's radius
    const float* inner;  // and one above inner + the other's give proves it nearer
    const float* give;
    const int32_t* weights;  // how many equal samples each stands for
    int32_t* counts;         // receives the weights for certain within; null if nobody here asks
    const double* squared;   // the radii
    Members members;
};

struct Count {
    Walk walk;
    Radii rows;
    Radii columns;
    Survivors survivors;  // with `kAsks` in the position of whose count is open
};

// Rows to be measured, and to be made balls of (prepare.hpp).
struct RowMeasures {
    Members samples;
    int64_t count;
    const double* centre;     // (dimensions,)
    const double* weights;    // (dimensions,)
    double* squared_lengths;  // distance from the centre
    double* fingerprints;     // product with the weights: equal rows share it, others hardly ever
};

// Shifted by a centre, scaled by a power of two and rounded.
struct FullBalls {
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
