// One kind of balls as a sieve of pairs.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "cpu/packed.hpp"
#include "cpu/problem.hpp"

namespace kstar::cpu {

// How much work was done, for profiles and for tests of bounded cost.
struct Work {
    std::atomic<int64_t> tile_pairs{0};  // went through the tile kernel
    std::atomic<int64_t> screened{0};    // went through the full-width product
    std::atomic<int64_t> refined{0};     // went through the canonical distance
};

// Per sample of a side the product that a pair must exceed to be of interest to it.
class Limits {
 public:
    Limits(const Balls& balls, int64_t count) : balls_(balls), limits_(count) {
        for (int64_t i = 0; i < count; ++i) {
            limits_[i] = balls.outlier(i) ? kNever : kAlways;
        }
    }

    int32_t operator[](int64_t i) const { return limits_[i].load(std::memory_order_relaxed); }

    // A sample that asks no longer, or does not ask in tiles at all, keeps to it.
    void settle(int64_t i) { limits_[i] = kNever; }
    void tighten(int64_t i, double squared) {
        if ((*this)[i] != kNever) {
            limits_[i] = balls_.certificate.farther(squared, balls_.radii[i]);
        }
    }

 private:
    const Balls& balls_;
    std::vector<std::atomic<int32_t>> limits_;
};

// The balls of both sides, and the seeds of their products.
class Sieve {
 public:
    Sieve(const Problem& problem, const Balls& samples, const Balls& references)
        : sample_seeds(seeds(problem.kernels, samples, problem.samples.count, Part::kRows)),
          reference_seeds(
              seeds(problem.kernels, references, problem.references.count, Part::kColumns)),
          kernels_(problem.kernels),
          samples_(samples),
          references_(references) {}

    // The product of one pair of 16-bit points, as a tile would have it.
    int32_t product(int64_t i, int64_t j) const {
        if (samples_.outlier(i) || references_.outlier(j)) {
            return kNever;  // nothing is known of an outlier
        }
        return sample_seeds[i] + reference_seeds[j] +
               kernels_.dot(samples_.point(i), references_.point(j), samples_.stride);
    }

    const std::vector<int32_t> sample_seeds;
    const std::vector<int32_t> reference_seeds;

 private:
    const Kernels& kernels_;
    const Balls& samples_;
    const Balls& references_;
};

}  // namespace kstar::cpu
