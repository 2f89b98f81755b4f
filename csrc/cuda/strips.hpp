// Which tiles a block looks at: found by their number in the strips of a walk, in no list.
#pragma once

#include <cstdint>

#include "cuda/instructions.hpp"
#include "cuda/parameters.hpp"

namespace kstar::cuda {

// Two blocks of 128 samples, and the classes that these begin and end with.
struct Tile {
    int32_t row_block, column_block;
    int32_t first_row_code, last_row_code;
    int32_t first_column_code, last_column_code;

    __device__ Tile(const Walk& walk, int32_t row, int32_t column)
        : row_block(row), column_block(column) {
        const auto end_of = [](int32_t block, const Side& side) {
            return min((block + 1) * kTileSide, side.count) - 1;
        };
        first_row_code = walk.rows.codes[row * kTileSide];
        last_row_code = walk.rows.codes[end_of(row, walk.rows)];
        first_column_code = walk.columns.codes[column * kTileSide];
        last_column_code = walk.columns.codes[end_of(column, walk.columns)];
    }

    // Whether any of its pairs are asked about.
    __device__ bool concerns(const Walk& walk) const {
        if (walk.same && column_block < row_block) {
            return false;
        }
        const bool one_class =
            first_row_code == last_column_code && first_column_code == last_row_code;
        const bool apart = last_row_code < first_column_code || last_column_code < first_row_code;
        return walk.foreign ? !one_class : !apart;
    }

    // Whether all of them are.
    __device__ bool whole(const Walk& walk) const {
        const bool all_asked =
            walk.foreign ? last_row_code < first_column_code || last_column_code < first_row_code
                         : first_row_code == last_column_code && first_column_code == last_row_code;
        const bool full = (row_block + 1) * kTileSide <= walk.rows.count &&
                          (column_block + 1) * kTileSide <= walk.columns.count;
        return all_asked && full && !(walk.same && row_block == column_block);
    }
};

// The strips of a walk, for numbers that only rise.
class Strips {
 public:
    __device__ Strips(const Walk& walk, int64_t number) : walk_(walk) {
        int64_t end = walk.strip_count;
        while (end - current_ > 1) {
            const int64_t middle = (current_ + end) / 2;
            (walk.strips[middle].start <= number ? current_ : end) = middle;
        }
    }

    __device__ Tile tile(int64_t number) {
        while (current_ + 1 < walk_.strip_count && walk_.strips[current_ + 1].start <= number) {
            ++current_;
        }
        const Strip& strip = walk_.strips[current_];
        const auto place = static_cast<uint32_t>(number - strip.start);
        const auto rows = static_cast<uint32_t>(strip.rows);
        return {walk_, static_cast<int32_t>(strip.first_row + place % rows * strip.stride),
                static_cast<int32_t>(strip.first_column + place / rows * strip.stride)};
    }

 private:
    const Walk& walk_;
    int64_t current_ = 0;
};

// Calls `look(tile, number)` for the tiles of a launch that concern this block: all its threads
// together, number rising from 0. It returns whether to go on.
template <typename Look>
__device__ void each_tile(const Walk& walk, const Look& look) {
    Strips strips(walk, walk.first + blockIdx.x);
    for (unsigned t = blockIdx.x; t < walk.count; t += gridDim.x) {
        const Tile tile = strips.tile(walk.first + t);
        if (tile.concerns(walk) && !look(tile, t)) {
            return;
        }
    }
}

}  // namespace kstar::cuda
