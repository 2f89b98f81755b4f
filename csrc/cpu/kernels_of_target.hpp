// The kernels, written once over `simd.hpp`; each kernels_*.cpp compiles them for one target.
#pragma once

#include "cpu/kernels.hpp"
#include "cpu/matrix_of_target.hpp"
#include "cpu/micro_tile.hpp"
#include "cpu/mmla_tile.hpp"
#include "cpu/rows_of_target.hpp"
#include "cpu/tiles_of_target.hpp"
#include "cpu/tree_of_target.hpp"
#if defined(KSTAR_AMX)
#include "cpu/amx_tiles.hpp"
#endif

namespace kstar::cpu {
inline namespace KSTAR_TARGET {

#define KSTAR_TEXT(name) #name
#define KSTAR_NAME(target) KSTAR_TEXT(target)

constexpr Tiles kPairTiles =
    tiles_of<MicroTile<Pairs>>(0, pack<kTileRows, 0>, pack<kTileColumns, 0>);
#if defined(KSTAR_AMX)
constexpr Tiles kLongPairTiles = tiles_of<PairTile>(0, pack_pairs<false>, pack_pairs<true>);
constexpr Tiles kByteTiles = tiles_of<ByteTile>(0, pack_bytes<false>, pack_bytes<true>);
constexpr int kLargestOfTiles = 127;
#else
constexpr Tiles kLongPairTiles = kPairTiles;
constexpr int kLargestOfTiles = kLargestByte;
#if defined(__ARM_FEATURE_MATMUL_INT8)
constexpr Tiles kByteTiles = tiles_of<MmlaTile>(0, pack_twos<kTileRows>, pack_twos<kTileColumns>);
#else
constexpr Tiles kByteTiles = tiles_of<MicroTile<Bytes>>(
    kByteShift, pack<kTileRows, kByteShift, kByteWords>, pack<kTileColumns, 0, kByteWords>);
#endif
#endif

extern const Kernels kKernels;
const Kernels kKernels{KSTAR_NAME(KSTAR_TARGET),
                       kPairTiles,
                       kLongPairTiles,
                       kByteTiles,
                       kLargestOfTiles,
                       near_boxes,
                       search_leaves,
                       dot,
                       distance,
                       moment,
                       round_row,
                       round_to_bytes,
                       multiply_matrices<float>,
                       multiply_matrices<double>,
                       gram_schmidt};

}  // namespace KSTAR_TARGET
}  // namespace kstar::cpu
