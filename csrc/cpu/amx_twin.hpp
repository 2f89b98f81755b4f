// The instructions of amx.hpp in plain C++, for tests of what is around them on any machine. What
// the processor refuses throws.
#pragma once

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>

#include "common/target.hpp"
#include "cpu/tile_shapes.hpp"

namespace kstar::cpu {
inline namespace KSTAR_TARGET {

struct TileTwin {
    int rows;
    int row_bytes;
    uint8_t bytes[kTileSide][kTileLine];
};

struct TilesTwin {
    bool configured = false;
    TileTwin tiles[8];
};

inline thread_local TilesTwin tiles_twin;

inline void demand(bool holds, const char* what) {
    if (!holds) {
        throw std::logic_error(std::string("tiles: ") + what);
    }
}

inline void configure_tiles(const TileShapes& shapes) {
    static constexpr uint8_t kNothing[14] = {};
    demand(shapes.palette == 1, "palette");
    demand(shapes.start_row == 0, "start row");
    demand(std::memcmp(shapes.reserved, kNothing, sizeof kNothing) == 0, "reserved bytes");
    for (int t = 0; t < 16; ++t) {
        const int most_rows = t < 8 ? 16 : 0;
        demand(shapes.rows[t] <= most_rows && shapes.row_bytes[t] <= 4 * most_rows, "shape");
        demand((shapes.rows[t] == 0) == (shapes.row_bytes[t] == 0), "half a shape");
    }
    tiles_twin = {};
    for (int t = 0; t < 8; ++t) {
        tiles_twin.tiles[t].rows = shapes.rows[t];
        tiles_twin.tiles[t].row_bytes = shapes.row_bytes[t];
    }
    tiles_twin.configured = true;
}

inline void release_tiles() { tiles_twin = {}; }

template <int kTile>
TileTwin& tile_twin() {
    static_assert(0 <= kTile && kTile < 8);
    demand(tiles_twin.configured, "used before they are configured");
    demand(tiles_twin.tiles[kTile].rows > 0, "used without a shape");
    return tiles_twin.tiles[kTile];
}

// Whatever is not loaded of a row is zero.
template <int kTile>
void zero_tile() {
    std::memset(tile_twin<kTile>().bytes, 0, sizeof(TileTwin::bytes));
}

template <int kTile>
void load_tile(const void* from, int64_t stride) {
    zero_tile<kTile>();
    TileTwin& tile = tile_twin<kTile>();
    for (int r = 0; r < tile.rows; ++r) {
        std::memcpy(tile.bytes[r], static_cast<const uint8_t*>(from) + r * stride, tile.row_bytes);
    }
}

template <int kTile>
void store_tile(void* to, int64_t stride) {
    const TileTwin& tile = tile_twin<kTile>();
    for (int r = 0; r < tile.rows; ++r) {
        std::memcpy(static_cast<uint8_t*>(to) + r * stride, tile.bytes[r], tile.row_bytes);
    }
}

inline int number_of(uint8_t byte, bool is_signed) {
    return is_signed ? static_cast<int8_t>(byte) : byte;
}

template <int kSum, int kA, int kB, bool kSignedA = true, bool kSignedB = true>
void add_tile_products() {
    static_assert(kSum != kA && kSum != kB && kA != kB);
    TileTwin& sums = tile_twin<kSum>();
    const TileTwin& a = tile_twin<kA>();
    const TileTwin& b = tile_twin<kB>();
    demand(sums.rows == a.rows && sums.row_bytes == b.row_bytes && a.row_bytes == 4 * b.rows &&
               sums.row_bytes % 4 == 0,
           "shapes of a product");
    for (int r = 0; r < sums.rows; ++r) {
        uint32_t row[16];
        std::memcpy(row, sums.bytes[r], sizeof row);
        for (int c = 0; c < sums.row_bytes / 4; ++c) {
            for (int k = 0; k < a.row_bytes; ++k) {
                row[c] += static_cast<uint32_t>(number_of(a.bytes[r][k], kSignedA) *
                                                number_of(b.bytes[k / 4][4 * c + k % 4], kSignedB));
            }
        }
        std::memcpy(sums.bytes[r], row, sizeof row);
    }
}

}  // namespace KSTAR_TARGET
}  // namespace kstar::cpu
