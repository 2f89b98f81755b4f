// Refinement: pairs that no bound decides are measured by the canonical distance.
//
// For Search four kernels, one after the other. Ties go to the lowest row of the input, whoever
// comes first: `measure_limits` and `measure_pairs` bring the distances down; where one fell,
// `forget_rows` drops the row that it belonged to; `note_rows` keeps the lowest row among the pairs
// that are as near as it gets. For Count there is `count_open_pairs`.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "cuda/thresholds.hpp"

namespace kstar::cuda {

constexpr long long kNoRow = std::numeric_limits<long long>::max();

// The canonical distance (kstar_gpu/definition.py): its 32 lanes are those of a warp.
template <typename RowX, typename RowY>
__device__ double squared_distance_of_warp(const RowX& x, const RowY& y, int64_t dimensions) {
    const unsigned lane = threadIdx.x % 32;
    double sum = 0;
    for (int64_t k = lane; k < dimensions; k += 32) {
        const double difference = __dadd_rn(x[k], -y[k]);
        sum = __dadd_rn(sum, __dmul_rn(difference, difference));
    }
    for (int half = 16; half > 0; half /= 2) {
        sum = __dadd_rn(sum, __shfl_xor_sync(kAllLanes, sum, half));
    }
    return sum;
}

__device__ inline double distance_of(const Members& rows, int32_t row, const Members& columns,
                                     int32_t column) {
    return with_rows(rows.rows, rows.place[row], columns.rows, columns.place[column],
                     [&](const auto& x, const auto& y) {
                         return squared_distance_of_warp(x, y, rows.rows.dimensions);
                     });
}

// What stands for the distance of a pair that is not measured yet.
constexpr double kNotMeasured = -1;

// Measures those pairs that `is_wanted(p, pair)`, by all lanes of a warp, and brings distances
// down.
template <typename IsWanted>
__device__ void measure(const Search& work, const IsWanted& is_wanted) {
    unsigned long long measured = 0;
    each_by_a_warp(found(work.survivors), [&](int64_t p) {
        const Pair pair = work.survivors.pairs[p];
        if (!is_wanted(p, pair)) {
            return;
        }
        ++measured;
        const double squared = distance_of(work.rows, pair.row, work.columns, pair.column);
        if (threadIdx.x % 32 == 0) {
            work.distances[p] = squared;
            if (!(squared >= 0)) {  // NaN, of features that somebody writes to: its bits may be low
                return;
            }
            const long long bits = __double_as_longlong(squared);
            atomicMin(&work.row_nearest.squared[pair.row], bits);
            if (work.column_nearest.squared != nullptr) {
                atomicMin(&work.column_nearest.squared[pair.column], bits);
            }
        }
    });
    if (threadIdx.x % 32 == 0 && measured > 0) {
        atomicAdd(&work.survivors.cursor->measured, measured);
    }
}

// Those first that limit how far one of their samples looks: for the others that may be enough.
__global__ void measure_limits(Search work) {
    const auto limits = [](const Nearest& nearest, int32_t sample, double distance) {
        return nearest.limit != nullptr && distance <= __longlong_as_double(nearest.limit[sample]);
    };
    measure(work, [&](int64_t p, const Pair& pair) {
        const double distance = at_most(work.full, pair.row, pair.column, pair.product);
        const bool wanted = limits(work.row_nearest, pair.row, distance) ||
                            limits(work.column_nearest, pair.column, distance);
        if (!wanted && threadIdx.x % 32 == 0) {
            work.distances[p] = kNotMeasured;
        }
        return wanted;
    });
}

__global__ void measure_pairs(Search work) {
    measure(work, [&](int64_t p, const Pair& pair) {
        // What stands in `distances` is the first lane's alone.
        const bool first = threadIdx.x % 32 == 0;
        if (!__any_sync(kAllLanes, first && work.distances[p] == kNotMeasured)) {
            return false;
        }
        const bool wanted = !(pair.product < fminf(work.full.rows.thresholds[pair.row],
                                                   work.full.columns.thresholds[pair.column]));
        if (!wanted && first) {
            work.distances[p] = NAN;
        }
        return wanted;
    });
}

// Calls `use` with who knows, the sample and the row of each pair that is as near as any; one
// thread a pair.
template <typename Use>
__device__ void each_nearest(const Search& work, const Use& use) {
    each_by_a_thread(found(work.survivors), [&](int64_t p) {
        const Pair pair = work.survivors.pairs[p];
        const long long bits = __double_as_longlong(work.distances[p]);
        const auto offer = [&](const Nearest& nearest, int32_t sample, int64_t number) {
            if (nearest.squared != nullptr && bits == nearest.squared[sample]) {
                use(nearest, sample, static_cast<long long>(number), bits);
            }
        };
        offer(work.row_nearest, pair.row, work.columns.number[pair.column]);
        offer(work.column_nearest, pair.column, work.rows.number[pair.row]);
    });
}

__device__ inline void exchange(long long* to, long long value) {
    atomicExch(reinterpret_cast<unsigned long long*>(to), static_cast<unsigned long long>(value));
}

__global__ void forget_rows(Search work) {
    each_nearest(work, [](const Nearest& nearest, int32_t sample, long long, long long bits) {
        if (nearest.noted_at[sample] != bits) {
            exchange(&nearest.row[sample], kNoRow);
        }
    });
}

__global__ void note_rows(Search work) {
    each_nearest(work, [](const Nearest& nearest, int32_t sample, long long row, long long bits) {
        atomicMin(&nearest.row[sample], row);
        exchange(&nearest.noted_at[sample], bits);
    });
}

__global__ void count_open_pairs(Count work) {
    each_by_a_warp(found(work.survivors), [&](int64_t p) {
        const Pair pair = work.survivors.pairs[p];
        const int32_t row = pair.row & ~kAsks, column = pair.column & ~kAsks;
        const double squared = distance_of(work.rows.members, row, work.columns.members, column);
        if (threadIdx.x % 32 != 0) {
            return;
        }
        if ((pair.row & kAsks) != 0 && squared < work.rows.squared[row]) {
            atomicAdd(&work.rows.counts[row], work.columns.weights[column]);
        }
        if ((pair.column & kAsks) != 0 && squared < work.columns.squared[column]) {
            atomicAdd(&work.columns.counts[column], work.rows.weights[row]);
        }
    });
}

}  // namespace kstar::cuda
