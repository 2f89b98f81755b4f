// Where pairs go that a tile leaves open: a buffer of limited size, one atomic a warp.
//
// A warp whose pairs do not fit writes none of them and is not done with its tile, which is looked
// at again once the buffer was emptied. Whatever the order, those that fit fill the buffer from its
// start without a gap: where one did not fit, none that came later does.
#pragma once

#include <cstdint>

#include "cuda/instructions.hpp"
#include "cuda/parameters.hpp"

namespace kstar::cuda {

// Whether no pair fits any more; the launch then counts as ended there. To be asked by one thread.
__device__ inline bool is_full(const Survivors& survivors) {
    if (atomicAdd(&survivors.cursor->reserved, 0ull) < survivors.capacity) {
        return false;
    }
    atomicMin(&survivors.cursor->ended, survivors.capacity);
    return true;
}

// Notes that this block has multiplied a tile: to its end, or not.
__device__ inline void note_tile(const Survivors& survivors, bool to_its_end) {
    if (threadIdx.x == 0) {
        atomicAdd(to_its_end ? &survivors.cursor->tiles : &survivors.cursor->early, 1ull);
    }
}

// How many pairs a launch before has written.
__device__ inline int64_t found(const Survivors& survivors) {
    return static_cast<int64_t>(min(survivors.cursor->reserved, survivors.cursor->ended));
}

// Appends `count` pairs of each lane, written by `write(pairs)`; returns whether they fit.
template <typename Write>
__device__ bool append(const Survivors& survivors, int count, const Write& write) {
    if (!__any_sync(kAllLanes, count != 0)) {
        return true;
    }
    const unsigned lane = threadIdx.x % 32;
    int end = count;  // of this lane's pairs among the warp's
    for (int distance = 1; distance < 32; distance *= 2) {
        const int before = __shfl_up_sync(kAllLanes, end, distance);
        end += lane >= static_cast<unsigned>(distance) ? before : 0;
    }
    const auto total = static_cast<unsigned long long>(__shfl_sync(kAllLanes, end, 31));
    unsigned long long start = 0;
    if (lane == 0) {
        start = atomicAdd(&survivors.cursor->reserved, total);
    }
    start = __shfl_sync(kAllLanes, start, 0);
    if (start + total > survivors.capacity) {
        if (lane == 0) {
            atomicMin(&survivors.cursor->ended, start);
        }
        return false;
    }
    write(survivors.pairs + start + (end - count));
    return true;
}

}  // namespace kstar::cuda
