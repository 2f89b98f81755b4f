// From points of 16-bit numbers to points of bytes: half as long, products twice as fast.
//
// A point is shifted by a common point of integers, turned by an orthogonal matrix or not, scaled
// by a common factor and rounded; how far rounding moved it adds to its radius. The matrix is made
// of Hadamard matrices and signs, so that every turned coordinate is an integer that a float holds
// exactly: only the last factor is rounded. Turned, a sample's coordinates are about equally large,
// so that none of them takes the range of a byte for itself.
#pragma once

#include <cstdint>
#include <vector>

#include "cpu/prepare.hpp"

namespace kstar::cpu {

// Writes points (zeros before), their sums and squares, and radii in units of bytes: infinite for
// outliers.
inline void make_bytes(const Kernels& kernels, const Balls& balls, int64_t count,
                       const Coarsening& how, int64_t stride, int8_t* points, int32_t* squares,
                       int32_t* sums, double* radii, const Crew& crew) {
    const auto each = [&](std::vector<float>& room, int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            if (balls.outlier(i)) {
                radii[i] = balls.radii[i];
                continue;
            }
            const ByteSums found =
                kernels.round_to_bytes(balls.point(i), how, room.data(), points + i * stride);
            squares[i] = found.squares;
            sums[i] = found.sum;
            radii[i] = (found.error + how.factor * balls.radii[i]) * (1 + 0x1p-30);
        }
    };
    in_stretches(crew, count, [&] {
        return [&, room = std::vector<float>(2 * how.width)](int64_t begin, int64_t end) mutable {
            each(room, begin, end);
        };
    });
}

}  // namespace kstar::cpu
