// Before Search, every sample meets a few references: none of these pairs is kept, but how far a
// sample must look is known from then on.
#pragma once

#include <cmath>
#include <cstdint>

#include "cuda/thresholds.hpp"
#include "cuda/tile.hpp"

namespace kstar::cuda {

__global__ void __launch_bounds__(kTileThreads, 2) seed_tiles(Seeding work) {
    const Walk& walk = work.walk;
    each_tile(walk, [&](const Tile& tile, unsigned) {
        __syncthreads();  // the stages may still be read for the tile before
        Products products;
        multiply(walk, tile, products, [] { return false; });
        mask(walk, tile, products);
        const Place place(tile);
        KSTAR_UNROLL
        for (int r = 0; r < kOwnLines; ++r) {
            // Any pair will do: the largest product is that of the nearest, or of one about as
            // near.
            float product = -INFINITY;
            int32_t column = 0;
            KSTAR_UNROLL
            for (int c = 0; c < kOwnLines; ++c) {
                if (products[Products::pair(r, c)] > product) {
                    product = products[Products::pair(r, c)];
                    column = place.column(c);
                }
            }
            for (int bit = 1; bit < 4; bit *= 2) {  // the lanes that hold the same row
                const float other = __shfl_xor_sync(kAllLanes, product, bit);
                const int32_t other_column = __shfl_xor_sync(kAllLanes, column, bit);
                if (other > product) {
                    product = other;
                    column = other_column;
                }
            }
            if (threadIdx.x % 4 == 0 && product > -INFINITY) {
                const int32_t row = place.row(r);
                limit(work.nearest, row, at_most(work.sieve, row, column, product));
            }
        }
        return true;
    });
}

}  // namespace kstar::cuda
