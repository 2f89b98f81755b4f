// The instructions that CUDA has no name for. On the host each has a twin that follows the layouts
// of the PTX ISA (version 9.0, section 9.7.14.5, "Matrix multiply-accumulate operation").
#pragma once

#include <cstdint>

#if defined(__CUDACC__)
#define KSTAR_SHARED(type, name)                              \
    extern __shared__ __align__(1024) unsigned char memory[]; \
    type* const name = reinterpret_cast<type*>(memory)
#else
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "common/rows.hpp"
#include "simt/cuda_names.hpp"
#define KSTAR_SHARED(type, name) \
    type* const name = static_cast<type*>(kstar::simt::Block::running->shared())
#endif

#if defined(__CUDACC__)
#define KSTAR_UNROLL _Pragma("unroll")
#else
#define KSTAR_UNROLL
#endif

namespace kstar::cuda {

constexpr unsigned kAllLanes = 0xffffffffu;  // of a warp, in shuffles and votes

// Copies 16 bytes from global to shared memory, without waiting.
__device__ __forceinline__ void copy_async(void* shared, const void* global) {
#if defined(__CUDACC__)
    const uint32_t to = static_cast<uint32_t>(__cvta_generic_to_shared(shared));
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(global) : "memory");
#else
    struct Addresses {
        const void *shared, *global;
    };
    const auto all = simt::Block::running->exchange("cp.async", Addresses{shared, global});
    if (threadIdx.x % simt::kWarp == 0) {
        const simt::Unseen unseen;
        std::array<const void*, simt::kWarp> to, from;
        for (int lane = 0; lane < simt::kWarp; ++lane) {
            to[lane] = all[lane].shared;
            from[lane] = all[lane].global;
        }
        for (int lane = 0; lane < simt::kWarp; lane += 8) {
            simt::Block::traffic.access_shared(&to[lane]);
        }
        simt::Block::traffic.read_global(from);
    }
    simt::Block::running->copy_later(shared, global);
#endif
}

// Eight float16 by one access.
__device__ __forceinline__ void read_together(uint16_t (&numbers)[8], const uint16_t* from) {
#if defined(__CUDACC__)
    *reinterpret_cast<uint4*>(numbers) = *reinterpret_cast<const uint4*>(from);
#else
    std::memcpy(numbers, from, sizeof numbers);
#endif
}

// Ends a group of copies.
__device__ __forceinline__ void commit_copies() {
#if defined(__CUDACC__)
    asm volatile("cp.async.commit_group;" ::: "memory");
#else
    simt::Block::running->commit_copies();
#endif
}

// Waits until at most so many of this thread's latest groups are under way.
template <int kPendingGroups>
__device__ __forceinline__ void wait_for_copies() {
#if defined(__CUDACC__)
    asm volatile("cp.async.wait_group %0;" ::"n"(kPendingGroups) : "memory");
#else
    simt::Block::running->wait_for_copies(kPendingGroups);
#endif
}

// Four 8 x 8 matrices of 16-bit numbers. Lane 8 m + r gives the address of row r of matrix m; lane
// 4 r + c receives numbers 2 c and 2 c + 1 of row r of each.
__device__ __forceinline__ void load_matrices(uint32_t (&matrices)[4], const void* row) {
#if defined(__CUDACC__)
    const uint32_t from = static_cast<uint32_t>(__cvta_generic_to_shared(row));
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(matrices[0]), "=r"(matrices[1]), "=r"(matrices[2]), "=r"(matrices[3])
                 : "r"(from)
                 : "memory");
#else
    const auto rows = simt::Block::running->exchange("ldmatrix", static_cast<const char*>(row));
    const unsigned lane = threadIdx.x % simt::kWarp;
    for (unsigned m = 0; m < 4; ++m) {
        std::memcpy(&matrices[m], rows[8 * m + lane / 4] + 4 * (lane % 4), 4);
        if (lane == 0) {
            const simt::Unseen unseen;
            std::array<const void*, 8> eight;
            std::copy_n(rows.begin() + 8 * m, 8, eight.begin());
            simt::Block::traffic.access_shared(eight.data());
        }
    }
#endif
}

// The float16 nearest to a number, ties to even.
__device__ __forceinline__ uint16_t to_half(float value) {
#if defined(__CUDACC__)
    uint16_t bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
    return bits;
#else
    const float magnitude = std::fabs(value);
    const uint16_t sign = std::signbit(value) ? 0x8000 : 0;
    if (!(magnitude < 65520)) {
        return sign | 0x7c00;
    }
    // Below 2^-14 the numbers lie as densely as just above.
    const int exponent = std::max(magnitude == 0 ? -14 : std::ilogb(magnitude), -14);
    const auto units = static_cast<uint32_t>(std::nearbyint(std::ldexp(magnitude, 10 - exponent)));
    return static_cast<uint16_t>(sign | (units + (static_cast<uint32_t>(exponent + 14) << 10)));
#endif
}

__device__ __forceinline__ float from_half(uint16_t bits) {
#if defined(__CUDACC__)
    float value;
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
    return value;
#else
    return static_cast<float>(to_double(Half{bits}));
#endif
}

#if !defined(__CUDACC__)

// Unlike features, what lies in shared memory need not be finite.
inline double half_to_double(uint16_t bits) {
    return (bits >> 10 & 31) == 31 ? NAN : to_double(Half{bits});
}

// A sum as tensor cores form it at their worst: all addends are cut off 23 bits below the largest
// one's leading bit, and so is the sum. (Measured on hardware: Fasi et al. 2021; MMA-Sim, arXiv
// 2511.10909: 23 bits on Volta, one more on Ampere and Ada, two more on Hopper and Blackwell.)
inline float truncated_sum(const double* addends, int count) {
    double largest = 0;
    for (int k = 0; k < count; ++k) {
        if (!std::isfinite(addends[k])) {
            return NAN;
        }
        largest = std::fmax(largest, std::fabs(addends[k]));
    }
    if (largest == 0) {
        return 0;
    }
    const int exponent = std::ilogb(largest) - 23;
    const double per_unit = std::ldexp(1.0, -exponent);
    int64_t units = 0;  // of 2^exponent: each addend is below 2^24 of them
    for (int k = 0; k < count; ++k) {
        units += static_cast<int64_t>(addends[k] * per_unit);
    }
    const double sum = std::ldexp(static_cast<double>(units), exponent);
    const double cut = sum == 0 ? 1 : std::ldexp(1.0, std::ilogb(sum) - 23);
    return static_cast<float>(std::trunc(sum / cut) * cut);
}

#endif

// sums += a b for a 16 x 16 and b 16 x 8 of float16, sums of float32. Of lane 4 g + c: a[0] is row
// g, columns 2 c and 2 c + 1; a[1] the same of row g + 8; a[2] and a[3] of columns 8 further on.
// b[0] is rows 2 c and 2 c + 1 of column g; b[1] rows 8 further on. sums[0] and [1] are row g,
// columns 2 c and 2 c + 1; sums[2] and [3] the same of row g + 8.
__device__ __forceinline__ void multiply_add(float (&sums)[4], const uint32_t (&a)[4],
                                             const uint32_t (&b)[2]) {
#if defined(__CUDACC__)
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
    struct Factors {
        uint32_t a[4], b[2];
    };
    const auto all =
        simt::Block::running->exchange("mma", Factors{{a[0], a[1], a[2], a[3]}, {b[0], b[1]}});
    const auto half = [](uint32_t pair, int k) {
        return half_to_double(static_cast<uint16_t>(pair >> 16 * (k % 2)));
    };
    const unsigned group = threadIdx.x % simt::kWarp / 4, place = threadIdx.x % 4;
    for (unsigned s = 0; s < 4; ++s) {
        const unsigned upper = s / 2, column = 2 * place + s % 2;
        double addends[17] = {sums[s]};
        for (unsigned k = 0; k < 16; ++k) {
            const unsigned holder = k % 8 / 2;
            addends[k + 1] = half(all[4 * group + holder].a[upper + 2 * (k / 8)], k) *
                             half(all[4 * column + holder].b[k / 8], k);
        }
        sums[s] = truncated_sum(addends, 17);
    }
#endif
}

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
