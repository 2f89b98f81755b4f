// Intel's tiles: eight registers of 16 rows x 64 bytes, and their products of bytes. The compiler
// knows nothing of them, and the operands of its own macros say too little of the memory that they
// read and write: here every instruction is a barrier to what is written before it.
#pragma once

#include <cstdint>

#include "common/target.hpp"
#include "cpu/tile_shapes.hpp"
#if defined(KSTAR_AMX_TWIN)
#include "cpu/amx_twin.hpp"
#endif

namespace kstar::cpu {
inline namespace KSTAR_TARGET {

#if !defined(KSTAR_AMX_TWIN)

inline void configure_tiles(const TileShapes& shapes) {
    asm volatile("ldtilecfg %0" ::"m"(shapes) : "memory");
}

inline void release_tiles() { asm volatile("tilerelease" ::: "memory"); }

// Rows of memory are `stride` bytes apart; zero repeats one of them.
template <int kTile>
void load_tile(const void* from, int64_t stride) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(from), "r"(stride), "i"(kTile) : "memory");
}

template <int kTile>
void zero_tile() {
    asm volatile("tilezero %%tmm%c0" ::"i"(kTile));
}

template <int kTile>
void store_tile(void* to, int64_t stride) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(to), "r"(stride), "i"(kTile) : "memory");
}

// Adds to each word of kSum, modulo 2^32, the products of a row of kA, by words, with a column of
// kB: four of signed bytes, or of bytes without a sign, each.
template <int kSum, int kA, int kB, bool kSignedA = true, bool kSignedB = true>
void add_tile_products() {
#define KSTAR_TILE_PRODUCTS(name) \
    asm volatile(name " %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(kSum), "i"(kA), "i"(kB))
    if constexpr (kSignedA && kSignedB) {
        KSTAR_TILE_PRODUCTS("tdpbssd");
    } else if constexpr (kSignedA) {
        KSTAR_TILE_PRODUCTS("tdpbsud");
    } else if constexpr (kSignedB) {
        KSTAR_TILE_PRODUCTS("tdpbusd");
    } else {
        KSTAR_TILE_PRODUCTS("tdpbuud");
    }
#undef KSTAR_TILE_PRODUCTS
}

#endif

// All eight tiles whole, for as long as this lives. A thread that keeps tiles is more to save
// whenever it is interrupted.
struct WholeTiles {
    WholeTiles() {
        TileShapes shapes{};
        shapes.palette = 1;
        for (int tile = 0; tile < 8; ++tile) {
            shapes.row_bytes[tile] = kTileLine;
            shapes.rows[tile] = kTileSide;
        }
        configure_tiles(shapes);
    }
    ~WholeTiles() { release_tiles(); }
    WholeTiles(const WholeTiles&) = delete;
    WholeTiles& operator=(const WholeTiles&) = delete;
};

}  // namespace KSTAR_TARGET
}  // namespace kstar::cpu
