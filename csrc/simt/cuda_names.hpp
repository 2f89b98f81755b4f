// CUDA's own names for what simt.hpp does, as kernels use them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "simt/simt.hpp"

#define __global__
#define __device__
#define __forceinline__ inline
#define __launch_bounds__(...)

#define threadIdx (kstar::simt::Index{kstar::simt::Block::running->thread(), 0, 0})
#define blockIdx (kstar::simt::Block::running->index())
#define blockDim (kstar::simt::Block::running->threads())
#define gridDim (kstar::simt::Block::running->blocks())

enum cudaError_t { cudaSuccess };

inline void __syncthreads() { kstar::simt::Block::running->sync_block(); }
inline void __syncwarp() { kstar::simt::Block::running->sync_warp(); }
inline int __syncthreads_or(int vote) { return kstar::simt::Block::running->sync_block_or(vote); }

// Shuffles and votes are of whole warps here, whatever the mask.

template <typename Value>
Value __shfl_sync(unsigned, Value value, int lane) {
    return kstar::simt::Block::running->exchange("__shfl_sync", value)[lane % kstar::simt::kWarp];
}

template <typename Value>
Value __shfl_up_sync(unsigned, Value value, int distance) {
    const int lane = threadIdx.x % kstar::simt::kWarp;
    const auto all = kstar::simt::Block::running->exchange("__shfl_up_sync", value);
    return lane < distance ? value : all[lane - distance];
}

template <typename Value>
Value __shfl_xor_sync(unsigned, Value value, int mask) {
    const unsigned lane = threadIdx.x % kstar::simt::kWarp;
    return kstar::simt::Block::running->exchange("__shfl_xor_sync", value)[lane ^ mask];
}

inline unsigned __ballot_sync(unsigned, bool vote) {
    unsigned result = 0;
    const auto votes = kstar::simt::Block::running->exchange("__ballot_sync", vote);
    for (int lane = 0; lane < kstar::simt::kWarp; ++lane) {
        result |= static_cast<unsigned>(votes[lane]) << lane;
    }
    return result;
}

inline bool __any_sync(unsigned mask, bool vote) { return __ballot_sync(mask, vote) != 0; }

template <typename Value>
Value atomicAdd(Value* to, Value value) {
    return __atomic_fetch_add(to, value, __ATOMIC_RELAXED);
}

template <typename Value>
Value atomicMin(Value* to, Value value) {
    Value before = __atomic_load_n(to, __ATOMIC_RELAXED);
    while (value < before && !__atomic_compare_exchange_n(to, &before, value, false,
                                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
    return before;
}

template <typename Value>
Value atomicOr(Value* to, Value value) {
    return __atomic_fetch_or(to, value, __ATOMIC_RELAXED);
}

template <typename Value>
Value atomicExch(Value* to, Value value) {
    return __atomic_exchange_n(to, value, __ATOMIC_RELAXED);
}

using std::min;

inline int __popc(unsigned bits) { return __builtin_popcount(bits); }
inline int __ffs(int bits) { return __builtin_ffs(bits); }

inline long long __double_as_longlong(double value) {
    long long bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

inline double __longlong_as_double(long long bits) {
    double value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

inline float __double2float_rd(double value) {
    const auto nearest = static_cast<float>(value);
    return nearest > value ? std::nextafterf(nearest, -INFINITY) : nearest;
}

// Rounded on their own, never fused: as the compiler does it with -ffp-contract=off.
inline double __dmul_rn(double a, double b) { return a * b; }
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dsqrt_rn(double a) { return std::sqrt(a); }
