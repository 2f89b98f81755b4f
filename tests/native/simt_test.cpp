// Tests of the CUDA programming model on the host (csrc/simt) and of the instructions' host twins:
//   make test-native
// Built with -DKSTAR_WITHOUT=1, 2 or 3 one barrier or one wait is missing, and the run must fail.
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "check.hpp"
#include "cuda/instructions.hpp"

#if !defined(KSTAR_WITHOUT)
#define KSTAR_WITHOUT 0
#endif
constexpr bool kBlockBarrier = KSTAR_WITHOUT != 1;
constexpr bool kWarpBarrier = KSTAR_WITHOUT != 2;
constexpr bool kWait = KSTAR_WITHOUT != 3;

using kstar::cuda::kAllLanes;
using kstar::simt::launch;

__global__ void reverse(int* numbers) {
    KSTAR_SHARED(int, kept);
    const unsigned start = blockIdx.x * blockDim.x;
    kept[threadIdx.x] = numbers[start + threadIdx.x];
    if (kBlockBarrier) {
        __syncthreads();
    }
    numbers[start + threadIdx.x] = kept[blockDim.x - 1 - threadIdx.x];
}

__global__ void rotate_in_warp(int* numbers) {
    KSTAR_SHARED(int, kept);
    kept[threadIdx.x] = numbers[threadIdx.x];
    if (kWarpBarrier) {
        __syncwarp();
    }
    numbers[threadIdx.x] = kept[threadIdx.x / 32 * 32 + (threadIdx.x + 1) % 32];
}

__global__ void votes_and_shuffles(unsigned* results) {
    const unsigned lane = threadIdx.x % 32;
    const unsigned odd = __ballot_sync(kAllLanes, lane % 2 == 1);
    unsigned sum = lane;
    for (int mask = 16; mask > 0; mask /= 2) {
        sum += __shfl_xor_sync(kAllLanes, sum, mask);
    }
    const unsigned first = __shfl_sync(kAllLanes, threadIdx.x, 0);
    atomicAdd(&results[0], 1u);
    atomicMin(&results[1], threadIdx.x);
    if (odd != 0xaaaaaaaau || sum != 31 * 16 || first != threadIdx.x - lane) {
        atomicAdd(&results[2], 1u);
    }
}

__global__ void copy_in_two_groups(const float* from, float* to) {
    KSTAR_SHARED(float, kept);
    const unsigned t = threadIdx.x;
    for (unsigned group = 0; group < 2; ++group) {
        const unsigned at = 4 * (group * blockDim.x + t);
        kstar::cuda::copy_async(kept + at, from + at);
        kstar::cuda::commit_copies();
    }
    if (kWait) {
        kstar::cuda::wait_for_copies<1>();
    }
    for (unsigned k = 0; k < 4; ++k) {
        to[4 * t + k] = kept[4 * t + k];
    }
    kstar::cuda::wait_for_copies<0>();
    for (unsigned k = 0; k < 4; ++k) {
        to[4 * (blockDim.x + t) + k] = kept[4 * (blockDim.x + t) + k];
    }
}

// The float16 of a small integer.
uint16_t half(int value) {
    if (value == 0) {
        return 0;
    }
    const int exponent = std::ilogb(std::abs(value));
    const int mantissa = (std::abs(value) << (10 - exponent)) - 1024;
    return static_cast<uint16_t>((value < 0 ? 0x8000 : 0) | (exponent + 15) << 10 | mantissa);
}

// sums (16, 8) += a (16, 16) times the transpose of b (8, 16)
__global__ void multiply(const uint16_t* a, const uint16_t* b, float* sums) {
    KSTAR_SHARED(uint16_t, kept);
    const unsigned lane = threadIdx.x;
    for (unsigned k = lane; k < 16 * 16; k += 32) {
        kept[k] = a[k];
        kept[16 * 16 + k] = k < 8 * 16 ? b[k] : 0;
    }
    __syncthreads();
    uint32_t left[4], right[4];
    kstar::cuda::load_matrices(left, kept + lane % 16 * 16 + lane / 16 * 8);
    kstar::cuda::load_matrices(right, kept + 16 * 16 + lane % 8 * 16 + lane / 8 % 2 * 8);
    const unsigned row = lane / 4, column = lane % 4 * 2;
    float part[4] = {sums[row * 8 + column], sums[row * 8 + column + 1],
                     sums[(row + 8) * 8 + column], sums[(row + 8) * 8 + column + 1]};
    const uint32_t pair[2] = {right[0], right[1]};
    kstar::cuda::multiply_add(part, left, pair);
    for (unsigned k = 0; k < 4; ++k) {
        sums[(row + k / 2 * 8) * 8 + column + k % 2] = part[k];
    }
}

void test_barriers(unsigned seed) {
    constexpr int kBlocks = 3, kThreads = 96;
    std::vector<int> numbers(kBlocks * kThreads);
    for (size_t k = 0; k < numbers.size(); ++k) {
        numbers[k] = static_cast<int>(k);
    }
    launch(seed, kBlocks, kThreads, kThreads * sizeof(int), [&] { reverse(numbers.data()); });
    for (int k = 0; k < kBlocks * kThreads; ++k) {
        const int start = k / kThreads * kThreads;
        check(numbers[k] == start + kThreads - 1 - (k - start), "a block in reverse");
    }
    launch(seed, 1, kThreads, kThreads * sizeof(int), [&] { rotate_in_warp(numbers.data()); });
    check(numbers[31] == kThreads - 1 && numbers[0] == kThreads - 2, "a warp turned by one");
}

void test_warps(unsigned seed) {
    std::vector<unsigned> results{0, 1000, 0};
    launch(seed, 2, 64, 0, [&] { votes_and_shuffles(results.data()); });
    check(results[0] == 128 && results[1] == 0 && results[2] == 0, "votes and shuffles");
}

void test_copies(unsigned seed) {
    constexpr unsigned kThreads = 64;
    std::vector<float> from(8 * kThreads), to(8 * kThreads);
    for (size_t k = 0; k < from.size(); ++k) {
        from[k] = static_cast<float>(k);
    }
    launch(seed, 1, kThreads, from.size() * sizeof(float),
           [&] { copy_in_two_groups(from.data(), to.data()); });
    for (unsigned k = 0; k < from.size(); ++k) {
        check(to[k] == from[k], "copies that were waited for");
    }
}

void test_products(unsigned seed) {
    kstar::simt::Block::Random random(seed);
    std::vector<int> a(16 * 16), b(8 * 16);
    std::vector<uint16_t> half_a, half_b;
    for (int& value : a) {
        value = static_cast<int>(random() % 201) - 100;
        half_a.push_back(half(value));
    }
    for (int& value : b) {
        value = static_cast<int>(random() % 201) - 100;
        half_b.push_back(half(value));
    }
    std::vector<float> sums(16 * 8, -7);
    launch(seed, 1, 32, 2 * 16 * 16 * sizeof(uint16_t),
           [&] { multiply(half_a.data(), half_b.data(), sums.data()); });
    for (int i = 0; i < 16; ++i) {
        for (int j = 0; j < 8; ++j) {
            int wanted = -7;
            for (int k = 0; k < 16; ++k) {
                wanted += a[i * 16 + k] * b[j * 16 + k];
            }
            // Integers this small are exact however the sum is cut off.
            check(sums[i * 8 + j] == static_cast<float>(wanted), "a product of matrices");
        }
    }
}

void test_truncation() {
    const double addends[] = {0x1p24, 1.75, -1.75, 3.5};
    check(kstar::cuda::truncated_sum(addends, 4) == 0x1p24f + 2, "what is cut off");
    check(kstar::cuda::half_to_double(0x0001) == 0x1p-24, "the least float16");
    check(kstar::cuda::half_to_double(0xfbff) == -65504, "the lowest float16");
}

template <typename Kernel>
void expect_stuck(const std::string& why, const Kernel& kernel) {
    try {
        launch(0, 1, 64, 0, kernel);
        check(false, "not noticed: " + why);
    } catch (const std::logic_error& error) {
        check(error.what() == why, why + ", but it says: " + error.what());
    }
}

void test_stuck_threads() {
    expect_stuck("a barrier that not all threads reach", [] {
        if (threadIdx.x != 5) {
            __syncthreads();
        }
    });
    expect_stuck("threads that meet in different operations", [] {
        if (threadIdx.x % 2 == 0) {
            __syncwarp();
        } else {
            __any_sync(kAllLanes, true);
        }
    });
}

int main() {
    for (unsigned seed = 0; seed < 5; ++seed) {
        test_barriers(seed);
        test_warps(seed);
        test_copies(seed);
        test_products(seed);
    }
    test_truncation();
    test_stuck_threads();
    return report();
}
