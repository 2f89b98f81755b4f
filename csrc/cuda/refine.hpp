// Refinement of Search: pairs that no bound decides are measured by the canonical distance.
//
// Three kernels, one after the other. Ties go to the lowest row of the input, whoever comes first:
// `measure` brings the distances down; where one fell, `forget` drops the row that it belonged to;
// `note` keeps the lowest row among the pairs that are as near as it gets.
#pragma once

#include <cstdint>
#include <limits>

#include "cuda/instructions.hpp"
#include "rows.hpp"

namespace kstar::cuda {

constexpr long long kNoRow = std::numeric_limits<long long>::max();

// Positions of a sample and of a reference.
struct Pair {
    int32_t sample;
    int32_t reference;
};

// What is known of each sample. Numbers that are not negative are ordered as their bits are, and
// on those the hardware finds a minimum.
struct Nearest {
    long long* squared;   // bits of the squared distance; those of infinity at first
    long long* row;       // the lowest row of the input at that distance; kNoRow at first
    long long* noted_at;  // bits of the squared distance that `row` belongs to; those of infinity
};

struct Refinement {
    Rows samples;
    Rows references;
    const int64_t* order;  // position -> row
    const int64_t* reference_order;
    bool self_form;  // both samples of a pair ask
    const Pair* pairs;
    int64_t count;
    double* distances;  // (count,) squared
    Nearest nearest;
};

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

// One warp a pair; any number of whole warps.
__global__ void measure(Refinement work) {
    const int64_t warps = gridDim.x * (blockDim.x / 32);
    for (int64_t p = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32; p < work.count;
         p += warps) {
        const Pair pair = work.pairs[p];
        const double squared =
            with_rows(work.samples, work.order[pair.sample], work.references,
                      work.reference_order[pair.reference], [&](const auto& x, const auto& y) {
                          return squared_distance_of_warp(x, y, work.samples.dimensions);
                      });
        if (threadIdx.x % 32 == 0) {
            work.distances[p] = squared;
            const long long bits = __double_as_longlong(squared);
            atomicMin(&work.nearest.squared[pair.sample], bits);
            if (work.self_form) {
                atomicMin(&work.nearest.squared[pair.reference], bits);
            }
        }
    }
}

// Calls `use` with the sample and the row of each pair that is as near as any; one thread a pair.
template <typename Use>
__device__ void each_nearest(const Refinement& work, const Use& use) {
    const int64_t threads = gridDim.x * blockDim.x;
    for (int64_t p = blockIdx.x * blockDim.x + threadIdx.x; p < work.count; p += threads) {
        const Pair pair = work.pairs[p];
        const long long bits = __double_as_longlong(work.distances[p]);
        if (bits == work.nearest.squared[pair.sample]) {
            use(pair.sample, static_cast<long long>(work.reference_order[pair.reference]), bits);
        }
        if (work.self_form && bits == work.nearest.squared[pair.reference]) {
            use(pair.reference, static_cast<long long>(work.order[pair.sample]), bits);
        }
    }
}

__global__ void forget(Refinement work) {
    each_nearest(work, [&](int32_t sample, long long, long long bits) {
        if (work.nearest.noted_at[sample] != bits) {
            atomicExch(reinterpret_cast<unsigned long long*>(&work.nearest.row[sample]),
                       static_cast<unsigned long long>(kNoRow));
        }
    });
}

__global__ void note(Refinement work) {
    each_nearest(work, [&](int32_t sample, long long row, long long bits) {
        atomicMin(&work.nearest.row[sample], row);
        atomicExch(reinterpret_cast<unsigned long long*>(&work.nearest.noted_at[sample]),
                   static_cast<unsigned long long>(bits));
    });
}

}  // namespace kstar::cuda
