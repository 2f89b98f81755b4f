// A tile: the products of 128 samples with 128 references, by one block, on tensor cores.
//
// Products of balls are as in kstar_gpu/engines/bounds.py: acc = s_i + s_j + <z_i, z_j>, for points
// of float16 and sums of float32. Chunks of 32 dimensions flow through three stages of shared
// memory; each of eight warps takes 64 x 32 pairs, each thread 64 of them into its registers.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "cuda/instructions.hpp"
#include "cuda/parameters.hpp"
#include "cuda/strips.hpp"

namespace kstar::cuda {

constexpr int kStages = 3;
constexpr int kTileThreads = 32 * kWarps;
constexpr int kOwnPairs = 64;  // of a thread
constexpr int kOwnLines = 8;   // rows, and columns, that they lie in
constexpr int32_t kBehind = std::numeric_limits<int32_t>::max();  // all positions

constexpr int kPanelBytes = kTileSide * kDepth * 2;
constexpr int kTileBytes = kStages * 2 * kPanelBytes;  // of shared memory

// What a thread holds: pair k lies in its row `2 (k / 16) + k % 4 / 2` and its column
// `2 (k / 4 % 4) + k % 2`, as mma.sync has it.
struct Products {
    float acc[kOwnPairs / 4][4];

    static __device__ constexpr int row_of(int k) { return 2 * (k / 16) + k % 4 / 2; }
    static __device__ constexpr int column_of(int k) { return 2 * (k / 4 % 4) + k % 2; }
    static __device__ constexpr int pair(int r, int c) {
        return r / 2 * 16 + c / 2 * 4 + r % 2 * 2 + c % 2;
    }
    __device__ float& operator[](int k) { return acc[k / 4][k % 4]; }
    __device__ float operator[](int k) const { return acc[k / 4][k % 4]; }
};

// Some of a thread's pairs.
struct Marks {
    uint32_t words[2];

    __device__ void mark(int k, bool marked) {
        if (marked) {
            words[k / 32] |= 1u << k % 32;
        }
    }
    __device__ bool operator[](int k) const {
        return ((k < 32 ? words[0] : words[1]) >> k % 32 & 1) != 0;
    }
    __device__ int count() const { return __popc(words[0]) + __popc(words[1]); }

    __device__ Marks operator|(const Marks& other) const {
        return {words[0] | other.words[0], words[1] | other.words[1]};
    }

    template <typename Use>
    __device__ void each(const Use& use) const {
        KSTAR_UNROLL
        for (int word = 0; word < 2; ++word) {
            for (uint32_t rest = words[word]; rest != 0; rest &= rest - 1) {
                use(32 * word + __ffs(static_cast<int>(rest)) - 1);
            }
        }
    }

    // The same in an unrolled loop, for what lies in registers.
    template <typename Use>
    __device__ void each_unrolled(const Use& use) const {
        constexpr int kGroup = 8;
        KSTAR_UNROLL
        for (int first = 0; first < kOwnPairs; first += kGroup) {
            if ((words[first / 32] >> first % 32 & ((1u << kGroup) - 1)) == 0) {
                continue;
            }
            KSTAR_UNROLL
            for (int k = first; k < first + kGroup; ++k) {
                if ((*this)[k]) {
                    use(k);
                }
            }
        }
    }
};

// The positions of this thread's rows and columns.
struct Place {
    int32_t first_row;
    int32_t first_column;

    __device__ explicit Place(const Tile& tile) {
        const auto warp = static_cast<int32_t>(threadIdx.x / 32);
        const auto lane = static_cast<int32_t>(threadIdx.x % 32);
        first_row = tile.row_block * kTileSide + warp / 4 * kWarpRows + lane / 4;
        first_column = tile.column_block * kTileSide + warp % 4 * kWarpColumns + lane % 4 * 2;
    }
    static __device__ constexpr int row_offset(int r) { return r / 2 * 16 + r % 2 * 8; }
    static __device__ constexpr int column_offset(int c) { return c / 2 * 8 + c % 2; }
    __device__ int32_t row(int r) const { return first_row + row_offset(r); }
    __device__ int32_t column(int c) const { return first_column + column_offset(c); }
};

// One number for each of a thread's rows, or columns.
template <typename Value>
struct Lines {
    Value values[kOwnLines];

    __device__ Value operator[](int line) const { return values[line]; }
    __device__ Value& operator[](int line) { return values[line]; }
};

template <typename Value>
__device__ Lines<Value> of_rows(const Value* values, const Place& place) {
    Lines<Value> result;
    KSTAR_UNROLL
    for (int r = 0; r < kOwnLines; ++r) {
        result[r] = values[place.first_row + Place::row_offset(r)];
    }
    return result;
}

template <typename Value>
__device__ Lines<Value> of_columns(const Value* values, const Place& place) {
    Lines<Value> result;
    KSTAR_UNROLL
    for (int c = 0; c < kOwnLines; ++c) {
        result[c] = values[place.first_column + Place::column_offset(c)];
    }
    return result;
}

// Where 16 bytes of a panel lie, so that neither eight rows that are read together nor eight
// pieces that are written together meet in a bank. Eight rows further on the pattern is the same.
constexpr unsigned kRowBytes = 2 * kDepth;
__device__ __forceinline__ unsigned swizzled(unsigned row, unsigned piece) {
    return row * kRowBytes + (piece ^ (row / 2 % 4)) * 16;
}

// Asks for one chunk of 128 points.
__device__ __forceinline__ void copy_panel(unsigned char* panel, const Side& side, int32_t block,
                                           int32_t chunk) {
    constexpr unsigned kPieces = kDepth / 8;
    constexpr int kRowsAtOnce = kTileThreads / kPieces;
    const unsigned row = threadIdx.x / kPieces, piece = threadIdx.x % kPieces;
    const int32_t position = block * kTileSide + static_cast<int32_t>(row);
    const uint16_t* from = side.points + static_cast<int64_t>(position) * side.width +
                           (chunk * kDepth + static_cast<int32_t>(piece) * 8);
    unsigned char* to = panel + swizzled(row, piece);
    KSTAR_UNROLL
    for (int p = 0; p < kTileSide / kRowsAtOnce; ++p) {
        copy_async(to + p * kRowsAtOnce * kRowBytes,
                   from + static_cast<int64_t>(p * kRowsAtOnce) * side.width);
    }
}

// Adds what one chunk contributes.
__device__ __forceinline__ void multiply_chunk(const unsigned char* rows,
                                               const unsigned char* columns, Products& products) {
    const unsigned warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    const unsigned row = swizzled(warp / 4 * kWarpRows + lane % 16, lane / 16);
    const unsigned column =
        swizzled(warp % 4 * kWarpColumns + lane / 16 * 8 + lane % 8, lane / 8 % 2);
    KSTAR_UNROLL
    for (int step = 0; step < kDepth / 16; ++step) {
        const unsigned further = step * 32;  // two pieces: one bit of the pattern
        uint32_t left[4][4], right[2][4];
        KSTAR_UNROLL
        for (int m = 0; m < 4; ++m) {
            load_matrices(left[m], rows + (row ^ further) + 16 * m * kRowBytes);
        }
        KSTAR_UNROLL
        for (int n = 0; n < 2; ++n) {
            load_matrices(right[n], columns + (column ^ further) + 16 * n * kRowBytes);
        }
        KSTAR_UNROLL
        for (int m = 0; m < 4; ++m) {
            KSTAR_UNROLL
            for (int n = 0; n < 4; ++n) {
                const uint32_t factor[2] = {right[n / 2][n % 2 * 2], right[n / 2][n % 2 * 2 + 1]};
                multiply_add(products.acc[4 * m + n], left[m], factor);
            }
        }
    }
}

// Multiplies a tile, on which all warps begin together. After its first chunk, `may_end` decides
// whether the rest can matter, the same for all threads; returns false if it cannot.
template <typename MayEnd>
__device__ bool multiply(const Walk& walk, const Tile& tile, Products& products,
                         const MayEnd& may_end) {
    KSTAR_SHARED(unsigned char, panels);
    const Place place(tile);
    const int32_t chunks = walk.rows.width / kDepth;
    const auto rows_of = [&](int32_t chunk) { return panels + chunk % kStages * 2 * kPanelBytes; };
    const auto columns_of = [&](int32_t chunk) { return rows_of(chunk) + kPanelBytes; };
    const auto ask_for = [&](int32_t chunk) {
        if (chunk < chunks) {
            copy_panel(rows_of(chunk), walk.rows, tile.row_block, chunk);
            copy_panel(columns_of(chunk), walk.columns, tile.column_block, chunk);
        }
        commit_copies();
    };
    for (int32_t chunk = 0; chunk < kStages - 1; ++chunk) {
        ask_for(chunk);
    }
    const Lines<float> row_seeds = of_rows(walk.rows.seeds, place);
    const Lines<float> column_seeds = of_columns(walk.columns.seeds, place);
    KSTAR_UNROLL
    for (int k = 0; k < kOwnPairs; ++k) {
        products[k] = row_seeds[Products::row_of(k)] + column_seeds[Products::column_of(k)];
    }
    bool ended = false;
    for (int32_t chunk = 0; chunk < chunks && !ended; ++chunk) {
        wait_for_copies<kStages - 2>();
        __syncthreads();  // all copies of this chunk are there, and the stage before is read
        ask_for(chunk + kStages - 1);
        multiply_chunk(rows_of(chunk), columns_of(chunk), products);
        ended = chunk == 0 && chunks > 1 && may_end();
    }
    // Otherwise all that was asked for was waited for.
    if (ended) {
        wait_for_copies<0>();
    }
    return !ended;
}

// Which of a tile's warps are done with it.
constexpr uint32_t kAllWarps = (1u << kWarps) - 1;

// Notes that this warp is done with a tile.
__device__ inline void close(uint32_t& done) {
    if (threadIdx.x % 32 == 0) {
        atomicOr(&done, 1u << threadIdx.x / 32);
    }
}

// Gives the pairs that are not asked about the product of pairs infinitely far apart.
__device__ inline void mask(const Walk& walk, const Tile& tile, Products& products) {
    if (tile.whole(walk)) {
        return;
    }
    // A pair is asked about where its row comes before its column, in these terms.
    const Place place(tile);
    const Lines<int32_t> column_codes = of_columns(walk.columns.codes, place);
    Lines<int32_t> columns;
    KSTAR_UNROLL
    for (int c = 0; c < kOwnLines; ++c) {
        columns[c] = place.column(c) < walk.columns.count ? place.column(c) : -1;
    }
    KSTAR_UNROLL
    for (int r = 0; r < kOwnLines; ++r) {
        const int32_t code = walk.rows.codes[place.row(r)];
        const int32_t row = place.row(r) >= walk.rows.count ? kBehind
                            : walk.same                     ? place.row(r)
                                                            : -1;
        KSTAR_UNROLL
        for (int c = 0; c < kOwnLines; ++c) {
            const int k = Products::pair(r, c);
            const bool asked = (row < columns[c]) & ((code != column_codes[c]) == walk.foreign);
            products[k] = asked ? products[k] : -INFINITY;
        }
    }
}

}  // namespace kstar::cuda
