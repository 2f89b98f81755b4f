// The shape of Intel's tiles, for their instructions (amx.hpp) and for the twin of these.
#pragma once

#include <cstdint>

namespace kstar::cpu {

constexpr int64_t kTileSide = 16;                      // rows of a tile, and words of a row
constexpr int64_t kTileWords = kTileSide * kTileSide;  // of 32 bits
constexpr int64_t kTileLine = 4 * kTileSide;           // bytes of a row

// The operand of the instruction that configures tiles; the layout is the processor's.
struct alignas(64) TileShapes {
    uint8_t palette;
    uint8_t start_row;
    uint8_t reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};
static_assert(sizeof(TileShapes) == 64);

}  // namespace kstar::cpu
