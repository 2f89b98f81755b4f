// The instructions of csrc/cuda/ptx.hpp on the host, by the layouts of the PTX ISA (version 9.0,
// section 9.7.14.5, "Matrix multiply-accumulate operation").
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "common/rows.hpp"
#include "simt/cuda_names.hpp"

#define KSTAR_SHARED(type, name) \
    type* const name = static_cast<type*>(kstar::simt::Block::running->shared())
#define KSTAR_UNROLL

namespace kstar::cuda {

inline void copy_async(void* shared, const void* global) {
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
}

inline void commit_copies() { simt::Block::running->commit_copies(); }

template <int kPendingGroups>
void wait_for_copies() {
    simt::Block::running->wait_for_copies(kPendingGroups);
}

inline void read_together(uint16_t (&numbers)[8], const uint16_t* from) {
    std::memcpy(numbers, from, sizeof numbers);
}

inline void load_matrices(uint32_t (&matrices)[4], const void* row) {
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
}

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

inline void multiply_add(float (&sums)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
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
}

inline uint16_t to_half(float value) {
    const float magnitude = std::fabs(value);
    const uint16_t sign = std::signbit(value) ? 0x8000 : 0;
    if (!(magnitude < 65520)) {
        return sign | 0x7c00;
    }
    // Below 2^-14 the numbers lie as densely as just above.
    const int exponent = std::max(magnitude == 0 ? -14 : std::ilogb(magnitude), -14);
    const auto units = static_cast<uint32_t>(std::nearbyint(std::ldexp(magnitude, 10 - exponent)));
    return static_cast<uint16_t>(sign | (units + (static_cast<uint32_t>(exponent + 14) << 10)));
}

inline float from_half(uint16_t bits) { return static_cast<float>(to_double(Half{bits})); }

}  // namespace kstar::cuda
