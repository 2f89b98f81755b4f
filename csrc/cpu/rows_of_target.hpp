// Single rows and points: distances, lengths, and their rounding to integers.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>
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

RoundedRow round_row(const Rows& x, int64_t i, const double* centre, double scale, int16_t* point) {
    constexpr double kToInteger = 0x1.8p52;  // added, leaves an integer in the lowest bits
    constexpr double kExact = 0x1p50;        // integers below need no rounding in a sum
    constexpr double kVanishing = 0x1p-500;  // above any error whose square underflows
    constexpr int kChains = 16;
    return with_row(x, i, [&](const auto& row) {
        double errors[kChains] = {}, squares[kChains] = {};
        const auto round = [&](int64_t k, int chain) {
            const double v = scale * (row[k] - centre[k]);
            const double shifted = v + kToInteger;
            const double rounded = shifted - kToInteger;
            int64_t bits;
            std::memcpy(&bits, &shifted, sizeof bits);
            point[k] = static_cast<int16_t>(bits);
            errors[chain] += (v - rounded) * (v - rounded);
            squares[chain] += rounded * rounded;
        };
        int64_t k = 0;
        for (; k + kChains <= x.dimensions; k += kChains) {
            for (int chain = 0; chain < kChains; ++chain) {
                round(k + chain, chain);
            }
        }
        for (; k < x.dimensions; ++k) {
            round(k, 0);
        }
        const double squared_error = std::accumulate(errors, errors + kChains, 0.0);
        // An error of zero counts only if the difference was not rounded either.
        bool exact = squared_error == 0;
        for (k = 0; exact && k < x.dimensions; ++k) {
            const double units = scale * centre[k];
            exact = std::abs(units) <= kExact && units == std::nearbyint(units) &&
                    (point[k] + units) / scale == row[k];
        }
        return RoundedRow{exact ? 0 : std::sqrt(squared_error) + kVanishing,
                          std::accumulate(squares, squares + kChains, 0.0)};
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
// Walsh-Hadamard transform, in the form whose steps all read and write alike (Pease 1968). Leaves
// the result in `x`, which may be the other room then.
inline void turn(float*& x, float*& spare, int64_t size) {
    for (int64_t done = 1; done < size; done *= 2) {
        const float* const __restrict from = x;
        float* const __restrict to = spare;
        for (int64_t k = 0; k < size / 2; ++k) {
            to[2 * k] = from[k] + from[k + size / 2];
            to[2 * k + 1] = from[k] - from[k + size / 2];
        }
        std::swap(x, spare);
    }
}

// Scales and rounds a stretch of coordinates, and leaves them scaled; returns what was rounded
// away, squared. Loops of one thing each: so compilers make vectors of them.
inline float round_stretch(float* __restrict coordinates, int64_t size, float factor, float largest,
                           float* __restrict spare, int8_t* __restrict to) {
    constexpr float kToInteger = 0x1.8p23f;  // added and subtracted, rounds to an integer
    for (int64_t k = 0; k < size; ++k) {
        coordinates[k] *= factor;
    }
    for (int64_t k = 0; k < size; ++k) {
        const float within = std::min(largest, std::max(-largest, coordinates[k]));
        spare[k] = (within + kToInteger) - kToInteger;
    }
    for (int64_t k = 0; k < size; ++k) {
        to[k] = static_cast<int8_t>(static_cast<int32_t>(spare[k]));
    }
    return sum_of<float>(
        size, [=](int64_t k) { return (coordinates[k] - spare[k]) * (coordinates[k] - spare[k]); });
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
    const auto largest = static_cast<float>(how.largest);
    float squared_error = 0;
    for (int64_t start = 0, size; start < width; start += size) {
        float *from = room + start, *spare = from + width, factor = how.factor;
        size = width;
        if (turned) {
            size = turned_together(width - start);
            turn(from, spare, size);
            factor /= std::sqrt(static_cast<float>(size));
        }
        squared_error += round_stretch(from, size, factor, largest, spare, to + start);
    }
    int32_t sum = 0, squares = 0;
    for (int64_t k = 0; k < width; ++k) {
        sum += to[k];
        squares += to[k] * to[k];
    }
    // Sums of `width` floats, each within 2^-24 of what it is rounded from.
    const double rounding = 1 + static_cast<double>(width + 8) * 0x1p-23;
    const double error = std::sqrt(static_cast<double>(squared_error)) * rounding;
    // Turned coordinates are integers below 2^24; the factor and its product were rounded.
    const double moved = (std::sqrt(static_cast<double>(squares)) + error) * 0x1p-21;
    return {sum, squares, error + moved};
}

}  // namespace KSTAR_TARGET
}  // namespace kstar::cpu
