// The instructions that kernels use, of a GPU or of its image on the host; and how the threads of
// a launch share out its work with them.
#pragma once

#include <cstdint>

#if defined(__CUDACC__)
#include "cuda/ptx.hpp"
#else
#include "simt/instructions.hpp"
#endif

namespace kstar::cuda {

constexpr unsigned kAllLanes = 0xffffffffu;  // of a warp, in shuffles and votes

// The sum over all lanes, in each of them.
template <typename Value>
__device__ __forceinline__ Value sum_of_warp(Value sum) {
    for (int half = 16; half > 0; half /= 2) {
        sum += __shfl_xor_sync(kAllLanes, sum, half);
    }
    return sum;
}

// Calls `use` with 0 .. count - 1, one warp each, however many blocks of whole warps there are.
template <typename Use>
__device__ void each_by_a_warp(int64_t count, const Use& use) {
    const int64_t warps = gridDim.x * (blockDim.x / 32);
    for (int64_t i = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32; i < count; i += warps) {
        use(i);
    }
}

// The same, one thread each.
template <typename Use>
__device__ void each_by_a_thread(int64_t count, const Use& use) {
    const int64_t threads = gridDim.x * blockDim.x;
    for (int64_t i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += threads) {
        use(i);
    }
}

}  // namespace kstar::cuda
