// Single rows and points: distances, lengths, and their rounding to integers.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "common/rows.hpp"
#include "cpu/distance.hpp"
#include "cpu/kernels.hpp"
#include "cpu/simd.hpp"

namespace kstar::cpu {
inline namespace KSTAR_TARGET {

int32_t dot(const int16_t* x, const int16_t* y, int64_t width) {
    constexpr int kStep = 2 * Vector::kLanes;
    constexpr int kChains = 4;
    Vector sums[kChains];
    for (Vector& sum : sums) {
        sum = Vector::all(0);
    }
    int64_t k = 0;
    for (; k + kChains * kStep <= width; k += kChains * kStep) {
#pragma GCC unroll 4
        for (int chain = 0; chain < kChains; ++chain) {
            sums[chain] = add_products(sums[chain], Vector::load(x + k + chain * kStep),
                                       Vector::load(y + k + chain * kStep));
        }
    }
    for (; k + kStep <= width; k += kStep) {
        sums[0] = add_products(sums[0], Vector::load(x + k), Vector::load(y + k));
    }
    uint32_t total = static_cast<uint32_t>(sum((sums[0] + sums[1]) + (sums[2] + sums[3])));
    for (; k < width; ++k) {
        total += static_cast<uint32_t>(x[k] * y[k]);
    }
    return static_cast<int32_t>(total);
}

double distance(const Rows& x, int64_t i, const Rows& y, int64_t j) {
    return with_rows(x, i, y, j, [&](const auto& row_x, const auto& row_y) {
        return squared_distance(row_x, row_y, x.dimensions);
    });
}

// Sums that need no fixed order, but enough chains to be vectors.
template <typename Number, typename Term>
Number sum_of(int64_t count, const Term& term) {
    constexpr int kChains = 16;
    Number chains[kChains] = {};
    int64_t k = 0;
    for (; k + kChains <= count; k += kChains) {
        for (int chain = 0; chain < kChains; ++chain) {
            chains[chain] += term(k + chain);
        }
    }
    Number total = 0;
    for (; k < count; ++k) {
        total += term(k);
    }
    for (const Number chain : chains) {
        total += chain;
    }
    return total;
}

double moment(const Rows& x, int64_t i, const double* centre, const double* weights) {
    return with_row(x, i, [&](const auto& row) {
        const auto shifted = [&](int64_t k) { return row[k] - centre[k]; };
        return weights == nullptr
                   ? sum_of<double>(x.dimensions,
                                    [&](int64_t k) { return shifted(k) * shifted(k); })
                   : sum_of<double>(x.dimensions,
                                    [&](int64_t k) { return weights[k] * shifted(k); });
    });
}

double round_row(const Rows& x, int64_t i, const double* centre, double scale, int16_t* point,
                 double* length) {
    constexpr double kToInteger = 0x1.8p52;  // added and subtracted, rounds to an integer
    constexpr double kExact = 0x1p50;        // integers below need no rounding in a sum
    constexpr double kVanishing = 0x1p-500;  // above any error whose square underflows
    constexpr double kMost = 0x7fff;
    return with_row(x, i, [&](const auto& row) {
        const double squared = sum_of<double>(x.dimensions, [&](int64_t k) {
            const double v = scale * (row[k] - centre[k]);
            const double rounded = (v + kToInteger) - kToInteger;
            // Rows that are written to meanwhile may hold anything: so put, NaN is a number, too.
            const double within = std::min(kMost, std::max(-kMost, rounded));
            point[k] = static_cast<int16_t>(static_cast<int32_t>(within));
            return (v - rounded) * (v - rounded);
        });
        *length = std::sqrt(sum_of<double>(x.dimensions, [&](int64_t k) {
            const double whole = point[k];
            return whole * whole;
        }));
        // An error of zero counts only if the difference was not rounded either.
        for (int64_t k = 0; squared == 0 && k < x.dimensions; ++k) {
            const double units = scale * centre[k];
            if (std::abs(units) > kExact || units != std::nearbyint(units) ||
                (point[k] + units) / scale != row[k]) {
                return kVanishing;
            }
        }
        return std::sqrt(squared) + (squared == 0 ? 0 : kVanishing);
    });
}

constexpr int64_t kMostTurned = 4096;

// How many of so many coordinates are turned together: a power of two. Turned, 16-bit integers stay
// below 2^24, where floats are exact.
inline int64_t turned_together(int64_t coordinates) {
    int64_t size = 1;
    while (2 * size <= std::min(coordinates, kMostTurned)) {
        size *= 2;
    }
    return size;
}

// Products with the signs of a Hadamard matrix of this size, without multiplications: the fast
// Walsh-Hadamard transform, in the form whose steps all read and write alike (Pease 1968). Returns
// which of the two is the result.
inline const float* turn(float* x, float* spare, int64_t size) {
    for (int64_t done = 1; done < size; done *= 2) {
        const float* const __restrict from = x;
        float* const __restrict to = spare;
        for (int64_t k = 0; k < size / 2; ++k) {
            to[2 * k] = from[k] + from[k + size / 2];
            to[2 * k + 1] = from[k] - from[k + size / 2];
        }
        std::swap(x, spare);
    }
    return x;
}

// A stretch of coordinates, scaled and rounded; returns what was rounded away, squared.
inline float round_stretch(const float* __restrict from, int64_t size, float factor, float largest,
                           int8_t* __restrict to) {
    constexpr float kToInteger = 0x1.8p23f;  // added and subtracted, rounds to an integer
    return sum_of<float>(size, [=](int64_t k) {
        const float coordinate = factor * from[k];
        const float within = std::min(largest, std::max(-largest, coordinate));
        const float rounded = (within + kToInteger) - kToInteger;
        to[k] = static_cast<int8_t>(static_cast<int32_t>(rounded));
        return (coordinate - rounded) * (coordinate - rounded);
    });
}

ByteSums round_to_bytes(const int16_t* point, const Coarsening& how, float* room, int8_t* to) {
    const int64_t width = how.width;
    const bool turned = how.signs != nullptr;
    for (int64_t k = 0; k < width; ++k) {
        room[k] = static_cast<float>(point[k] - how.middle[k]);
    }
    for (int64_t k = 0; turned && k < width; ++k) {
        room[k] *= how.signs[k];
    }
    const float squared_length = sum_of<float>(width, [=](int64_t k) { return room[k] * room[k]; });
    const auto largest = static_cast<float>(how.largest);
    float squared_error = 0;
    for (int64_t start = 0, size; start < width; start += size) {
        size = turned ? turned_together(width - start) : width;
        const float* const from =
            turned ? turn(room + start, room + width + start, size) : room + start;
        const float factor = turned ? how.factor / std::sqrt(static_cast<float>(size)) : how.factor;
        squared_error += round_stretch(from, size, factor, largest, to + start);
    }
    int32_t sum = 0, squares = 0;
    for (int64_t k = 0; k < width; ++k) {
        sum += to[k];
        squares += to[k] * to[k];
    }
    // Sums of `width` floats, each within 2^-24 of what it is rounded from.
    const double rounding = 1 + static_cast<double>(width + 8) * 0x1p-23;
    // Turned coordinates are integers below 2^24; the factor and its product were rounded.
    const double moved = how.factor * std::sqrt(static_cast<double>(squared_length)) * 0x1p-21;
    return {sum, squares, (std::sqrt(static_cast<double>(squared_error)) + moved) * rounding};
}

}  // namespace KSTAR_TARGET
}  // namespace kstar::cpu
