// How much of its own class every sample of a side has within its radius.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

#include "cpu/problem.hpp"

namespace kstar::cpu {

class Within {
 public:
    // `squared` are the radii; `counts` receives the weights inside.
    Within(const Side& side, const double* squared, int64_t* counts)
        : squared_(squared),
          outer_(side.count),
          inner_(side.count),
          counts_(side.count),
          output_(counts) {
        const Certificate& certificate = side.full.certificate;
        for (int64_t i = 0; i < side.count; ++i) {
            const bool asks = squared[i] != 0 && !side.full.outlier(i);
            const double radius = side.full.radii[i];
            outer_[i] = asks ? certificate.farther(squared[i], radius) : kNever;
            inner_[i] = asks ? certificate.nearer(squared[i], radius) : kNever;
        }
    }

    int32_t outer(int64_t i) const { return outer_[i]; }  // up to this a product is outside
    int32_t inner(int64_t i) const { return inner_[i]; }  // above this it is inside
    bool holds(int64_t i, double squared) const { return squared < squared_[i]; }

    void add(int64_t i, int64_t weight) {
        if (weight != 0) {
            counts_[i] += weight;
        }
    }

    void write() const { std::copy(counts_.begin(), counts_.end(), output_); }

 private:
    const double* squared_;
    std::vector<int32_t> outer_;
    std::vector<int32_t> inner_;
    std::vector<std::atomic<int64_t>> counts_;
    int64_t* output_;
};

}  // namespace kstar::cpu
