// The kernels, written once over `simd.hpp`; each kernels_*.cpp compiles them for one target.
#pragma once

#include "cpu/kernels.hpp"
#include "cpu/matrix_of_target.hpp"
#include "cpu/micro_tile.hpp"
#include "cpu/mmla_tile.hpp"
#include "cpu/rows_of_target.hpp"
#include "cpu/tiles_of_target.hpp"

namespace kstar::cpu {
inline namespace KSTAR_TARGET {

#define KSTAR_TEXT(name) #name
#define KSTAR_NAME(target) KSTAR_TEXT(target)

constexpr Tiles kPairTiles =
    tiles_of<MicroTile<Pairs>>(0, pack<kTileRows, 0>, pack<kTileColumns, 0>);
#if defined(__ARM_FEATURE_MATMUL_INT8)
constexpr Tiles kByteTiles = tiles_of<MmlaTile>(0, pack_twos<kTileRows>, pack_twos<kTileColumns>);
#else
constexpr Tiles kByteTiles =
    tiles_of<MicroTile<Bytes>>(kByteShift, pack<kTileRows, kByteShift>, pack<kTileColumns, 0>);
#endif

extern const Kernels kKernels;
const Kernels kKernels{KSTAR_NAME(KSTAR_TARGET),
                       kPairTiles,
                       kByteTiles,
                       kLargestByte,
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
