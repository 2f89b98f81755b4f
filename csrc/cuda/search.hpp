// Search: which pairs of different classes may be nearest to each other.
#pragma once

#include <cmath>
#include <cstdint>

#include "cuda/survivors.hpp"
#include "cuda/tile.hpp"

namespace kstar::cuda {

// Whether no pair can win whatever the dimensions to come add, <= the product of the tails' norms.
__device__ inline bool is_decided(const Search& search, const Tile& tile,
                                  const Products& products) {
    if (search.row_tails == nullptr) {
        return false;
    }
    const Place place(tile);
    const auto row_tails = of_rows(search.row_tails, place);
    const auto column_tails = of_columns(search.column_tails, place);
    const auto row_thresholds = of_rows(search.sieve.rows.thresholds, place);
    const auto column_thresholds = of_columns(search.sieve.columns.thresholds, place);
    bool open = false;
    KSTAR_UNROLL
    for (int k = 0; k < kOwnPairs; ++k) {
        const int r = Products::row_of(k), c = Products::column_of(k);
        const float most = fmaf(row_tails[r], column_tails[c], products[k]);
        open |= !(most < fminf(row_thresholds[r], column_thresholds[c]));
    }
    return !__syncthreads_or(open);
}

__global__ void __launch_bounds__(kTileThreads, 2) search_tiles(Search search) {
    const Walk& walk = search.walk;
    each_tile(walk, [&](const Tile& tile, unsigned number) {
        const uint32_t done = walk.done[number];
        if (done == kAllWarps) {
            return true;
        }
        // Also a barrier: the stages may still be read for the tile before.
        if (__syncthreads_or(threadIdx.x == 0 && is_full(search.survivors))) {
            return false;
        }
        Products products;
        Marks open{};
        const Place place(tile);
        const bool to_its_end =
            multiply(walk, tile, products, [&] { return is_decided(search, tile, products); });
        note_tile(search.survivors, to_its_end);
        if (to_its_end) {
            mask(walk, tile, products);
            const auto rows = of_rows(search.sieve.rows.thresholds, place);
            const auto columns = of_columns(search.sieve.columns.thresholds, place);
            KSTAR_UNROLL
            for (int k = 0; k < kOwnPairs; ++k) {
                open.mark(k, !(products[k] <
                               fminf(rows[Products::row_of(k)], columns[Products::column_of(k)])));
            }
        }
        if ((done >> threadIdx.x / 32 & 1) != 0) {
            return true;
        }
        const bool settled = append(search.survivors, open.count(), [&](Pair* pairs) {
            open.each_unrolled([&](int k) {
                *pairs++ = {place.row(Products::row_of(k)), place.column(Products::column_of(k)),
                            products[k]};
            });
        });
        if (settled) {
            close(walk.done[number]);
        }
        return true;
    });
}

}  // namespace kstar::cuda
