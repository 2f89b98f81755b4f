// The instructions that CUDA has no name for, in PTX. csrc/simt/instructions.hpp is their twin for
// the host.
#pragma once

#include <cstdint>

#define KSTAR_SHARED(type, name)                              \
    extern __shared__ __align__(1024) unsigned char memory[]; \
    type* const name = reinterpret_cast<type*>(memory)
#define KSTAR_UNROLL _Pragma("unroll")

namespace kstar::cuda {

// Copies 16 bytes from global to shared memory, without waiting.
__device__ __forceinline__ void copy_async(void* shared, const void* global) {
    const uint32_t to = static_cast<uint32_t>(__cvta_generic_to_shared(shared));
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(global) : "memory");
}

// Ends a group of copies.
__device__ __forceinline__ void commit_copies() {
    asm volatile("cp.async.commit_group;" ::: "memory");
}

// Waits until at most so many of this thread's latest groups are under way.
template <int kPendingGroups>
__device__ __forceinline__ void wait_for_copies() {
    asm volatile("cp.async.wait_group %0;" ::"n"(kPendingGroups) : "memory");
}

// Eight float16 by one access.
__device__ __forceinline__ void read_together(uint16_t (&numbers)[8], const uint16_t* from) {
    *reinterpret_cast<uint4*>(numbers) = *reinterpret_cast<const uint4*>(from);
}

// Four 8 x 8 matrices of 16-bit numbers. Lane 8 m + r gives the address of row r of matrix m; lane
// 4 r + c receives numbers 2 c and 2 c + 1 of row r of each.
__device__ __forceinline__ void load_matrices(uint32_t (&matrices)[4], const void* row) {
    const uint32_t from = static_cast<uint32_t>(__cvta_generic_to_shared(row));
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(matrices[0]), "=r"(matrices[1]), "=r"(matrices[2]), "=r"(matrices[3])
                 : "r"(from)
                 : "memory");
}

// sums += a b for a 16 x 16 and b 16 x 8 of float16, sums of float32. Of lane 4 g + c: a[0] is row
// g, columns 2 c and 2 c + 1; a[1] the same of row g + 8; a[2] and a[3] of columns 8 further on.
// b[0] is rows 2 c and 2 c + 1 of column g; b[1] rows 8 further on. sums[0] and [1] are row g,
// columns 2 c and 2 c + 1; sums[2] and [3] the same of row g + 8.
__device__ __forceinline__ void multiply_add(float (&sums)[4], const uint32_t (&a)[4],
                                             const uint32_t (&b)[2]) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// The float16 nearest to a number, ties to even.
__device__ __forceinline__ uint16_t to_half(float value) {
    uint16_t bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
    return bits;
}

__device__ __forceinline__ float from_half(uint16_t bits) {
    float value;
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
    return value;
}

}  // namespace kstar::cuda
