// What an integer product of two balls proves about a canonical distance, in the CPU engine. The
// other engines' products are rounded: kstar_gpu/engines/bounds.py.
//
// A ball is a point z of integers (16 bits, or bytes), |z| <= kLongest, and a radius e: the sample,
// shifted and scaled, lies within e of z. The product of two balls is an exact 32-bit integer,
//
//     acc = s_i + s_j + <z_i, z_j>,      s = ceil(-(|z|^2 - (1 + 1/w) e^2) / 2)
//
// so that   |z_i - z_j|^2  =  -2 acc + (1 + 1/w) (e_i^2 + e_j^2) + rounding,  rounding in [0, 4).
// Because (r + e_i + e_j)^2 <= (1 + w) (r + e_i)^2 + (1 + 1/w) e_j^2, and likewise from below,
// whether a pair is farther apart than r_i, or nearer, is one comparison of acc with a number of
// sample i alone. All lengths are in the unit of the points.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace kstar::cpu {

constexpr double kLongest = 32000;  // (2 kLongest)^2 / 2 is below 2^31: products fit
constexpr int32_t kAlways = std::numeric_limits<int32_t>::min();  // acc > this: for every pair
constexpr int32_t kNever = std::numeric_limits<int32_t>::max();

struct Certificate {
    double scale;     // points' units per unit of the features
    double relative;  // error of the canonical distance, relative to it
    double absolute;  // and what its underflow may add, in points' units
    double weight;    // w; zero where every radius is zero
    double largest;   // radius of any ball

    static constexpr double kOutward = 1 + 0x1p-40;  // covers the float64 roundings below

    double spread(double radius) const {
        return weight == 0 ? 0 : (1 + 1 / weight) * kOutward * radius * radius;
    }

    int32_t seed(double squared_norm, double radius) const {
        return static_cast<int32_t>(std::ceil(-(squared_norm - spread(radius)) / 2));
    }

    // No product exceeds this whose points are `gap` (squared) or more apart.
    double highest_product(double gap) const { return spread(largest) + 2 - gap / 2; }

    // The other way round: nor does any exceed `product` whose points are so far apart.
    double gap(int32_t product) const { return 2 * (spread(largest) + 2 - product); }

    // No real distance is longer whose canonical square is at most `squared`.
    double above(double squared) const {
        return std::sqrt(squared) * scale * (1 + relative) * kOutward + absolute;
    }

    // Every real distance that is shorter has a canonical square less than `squared`.
    double below(double squared) const {
        return std::sqrt(squared) * scale * (1 - relative) / kOutward - absolute;
    }

    // acc <= this proves a pair farther apart than the canonical `squared`, strictly.
    int32_t farther(double squared, double radius) const {
        if (std::isinf(squared)) {
            return kAlways;
        }
        const double reach = above(squared) + radius;
        const double product = std::ceil(-(1 + weight) * kOutward * reach * reach / 2) - 1;
        return product < kAlways ? kAlways : static_cast<int32_t>(product);
    }

    // acc > this proves a pair nearer than the canonical `squared`, strictly.
    int32_t nearer(double squared, double radius) const {
        const double reach = below(squared) - radius;
        if (!(reach > 0)) {
            return kNever;
        }
        const double other = weight == 0 ? 0 : 2 / weight * kOutward * largest * largest;
        const double gap = (1 - weight) / kOutward * reach * reach - spread(radius) - other - 4;
        if (!(gap > 0)) {
            return kNever;
        }
        const double product = std::floor(-gap / 2);
        return product < kAlways ? kAlways : static_cast<int32_t>(product);
    }
};

}  // namespace kstar::cpu
