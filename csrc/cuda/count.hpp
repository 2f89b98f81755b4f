// Count: how many samples of its own class every sample has within its radius.
#pragma once

#include <cstdint>

#include "cuda/survivors.hpp"
#include "cuda/tile.hpp"

namespace kstar::cuda {

// The pairs that their product proves within the radius of one of their samples, and those that it
// leaves open.
struct Answers {
    Marks inside;
    Marks open;

    __device__ void take(int k, float product, float outer, float inner, float give) {
        const bool within = product > inner + give;
        inside.mark(k, within);
        open.mark(k, !within && !(product < outer));
    }
};

// Adds the counts of a warp's rows, or columns, to those of all.
//
// `line_of` and `other_of` give a pair's line, and that across; `lanes` are the bits in which lanes
// differ that hold the same lines.
template <typename LineOf, typename OtherOf, typename PositionOf>
__device__ void add_counts(int32_t* counts, const Marks& inside, const Lines<int32_t>& weights,
                           const LineOf& line_of, const OtherOf& other_of, int lanes,
                           const PositionOf& position_of) {
    Lines<int32_t> sums{};
    KSTAR_UNROLL
    for (int k = 0; k < kOwnPairs; ++k) {
        sums[line_of(k)] += inside[k] ? weights[other_of(k)] : 0;
    }
    KSTAR_UNROLL
    for (int line = 0; line < kOwnLines; ++line) {
        for (int bit = 1; bit < 32; bit *= 2) {
            if ((lanes & bit) != 0) {
                sums[line] += __shfl_xor_sync(kAllLanes, sums[line], bit);
            }
        }
        if ((threadIdx.x & lanes) == 0 && sums[line] != 0) {
            atomicAdd(&counts[position_of(line)], sums[line]);
        }
    }
}

__global__ void __launch_bounds__(kTileThreads, 2) count_tiles(Count count) {
    const Walk& walk = count.walk;
    const bool columns_ask = count.columns.counts != nullptr;
    each_tile(walk, [&](const Tile& tile, unsigned number) {
        const uint32_t done = walk.done[number];
        if (done == kAllWarps) {
            return true;
        }
        // Also a barrier: the stages may still be read for the tile before.
        if (__syncthreads_or(threadIdx.x == 0 && is_full(count.survivors))) {
            return false;
        }
        Products products;
        multiply(walk, tile, products, [] { return false; });
        note_tile(count.survivors, true);
        mask(walk, tile, products);
        if ((done >> threadIdx.x / 32 & 1) != 0) {
            return true;
        }
        const Place place(tile);
        Answers of_row{}, of_column{};
        {
            const auto give = of_columns(count.columns.give, place);
            KSTAR_UNROLL
            for (int r = 0; r < kOwnLines; ++r) {
                const float outer = count.rows.outer[place.row(r)];
                const float inner = count.rows.inner[place.row(r)];
                KSTAR_UNROLL
                for (int c = 0; c < kOwnLines; ++c) {
                    const int k = Products::pair(r, c);
                    of_row.take(k, products[k], outer, inner, give[c]);
                }
            }
        }
        if (columns_ask) {
            const auto give = of_rows(count.rows.give, place);
            KSTAR_UNROLL
            for (int c = 0; c < kOwnLines; ++c) {
                const float outer = count.columns.outer[place.column(c)];
                const float inner = count.columns.inner[place.column(c)];
                KSTAR_UNROLL
                for (int r = 0; r < kOwnLines; ++r) {
                    const int k = Products::pair(r, c);
                    of_column.take(k, products[k], outer, inner, give[r]);
                }
            }
        }
        const Marks open = of_row.open | of_column.open;
        const bool settled = append(count.survivors, open.count(), [&](Pair* pairs) {
            open.each([&](int k) {
                const int32_t row = place.row(Products::row_of(k));
                const int32_t column = place.column(Products::column_of(k));
                *pairs++ = {row | (of_row.open[k] ? kAsks : 0),
                            column | (of_column.open[k] ? kAsks : 0), 0};
            });
        });
        if (!settled) {
            return true;
        }
        constexpr int kLanesOfRow = 3, kLanesOfColumn = 28;
        add_counts(
            count.rows.counts, of_row.inside, of_columns(count.columns.weights, place),
            [](int k) { return Products::row_of(k); }, [](int k) { return Products::column_of(k); },
            kLanesOfRow, [&](int r) { return place.row(r); });
        if (columns_ask) {
            add_counts(
                count.columns.counts, of_column.inside, of_rows(count.rows.weights, place),
                [](int k) { return Products::column_of(k); },
                [](int k) { return Products::row_of(k); }, kLanesOfColumn,
                [&](int c) { return place.column(c); });
        }
        close(walk.done[number]);
        return true;
    });
}

}  // namespace kstar::cuda
