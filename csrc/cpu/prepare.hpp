// From rows to balls: lengths, full-width points, and their projection to few dimensions.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "cpu/certificate.hpp"
#include "cpu/changed.hpp"
#include "cpu/crew.hpp"
#include "cpu/packed.hpp"

namespace kstar::cpu {

constexpr int64_t kPreparedRows = 256;  // in one piece of work

// Calls what is made for each thread with stretches of 0 .. count - 1.
template <typename MakeUse>
void in_stretches(const Crew& crew, int64_t count, const MakeUse& make_use) {
    crew.run((count + kPreparedRows - 1) / kPreparedRows, [&] {
        return [count, use = make_use()](int64_t piece) mutable {
            use(piece * kPreparedRows, std::min((piece + 1) * kPreparedRows, count));
        };
    });
}

// Distance of each row from the centre, and a number that equal rows share and different ones
// hardly ever: its product with the given weights.
inline void measure_rows(const Kernels& kernels, const Members& samples, const double* centre,
                         const double* weights, double* lengths, double* fingerprints,
                         const Crew& crew) {
    const auto each = [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            const int64_t row = samples.order[i];
            samples.expect(i + 2);
            lengths[i] = std::sqrt(kernels.moment(samples.rows, row, centre, nullptr));
            fingerprints[i] = kernels.moment(samples.rows, row, centre, weights);
        }
    };
    in_stretches(crew, samples.count, [&] { return each; });
}

// Full-width balls. Points and radii are zero before. A row whose length, on input in `radii`, is
// over `longest` becomes an outlier. A row whose point is not as long as that was written to.
inline void make_full(const Kernels& kernels, const Members& samples, const double* centre,
                      double scale, double longest, int64_t stride, int16_t* points,
                      int32_t* squares, double* radii, const Crew& crew) {
    const double dimensions = samples.rows.dimensions;
    const double doubt = std::sqrt(dimensions);
    const double underflow = scale * std::sqrt(dimensions + 64) * 0x1p-537;  // of measured lengths
    const auto each = [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            int16_t* point = points + i * stride;
            if (radii[i] > longest) {
                radii[i] = std::numeric_limits<double>::infinity();
                continue;
            }
            // The centre was rounded to whole units after the lengths were measured.
            const double measured = radii[i] * scale;
            const double length = measured + doubt;
            samples.expect(i + 2);
            const auto [error, square] =
                kernels.round_row(samples.rows, samples.order[i], centre, scale, point);
            // Rows that are written to meanwhile may hold anything, such as NaN.
            const double off = std::abs(std::sqrt(square) - measured);
            if (!(off <= doubt + 1 + underflow && error <= doubt)) {
                refuse_changed();
            }
            // The shift rounded each coordinate once, by 2^-53 of it. Exact points keep radius 0:
            // all coordinates are then integers below 2^15, and so exact before and after.
            squares[i] = static_cast<int32_t>(square);
            radii[i] = error == 0 ? 0 : error * (1 + 0x1p-30) + length * 0x1p-50;
        }
    };
    in_stretches(crew, samples.count, [&] { return each; });
}

// Narrow balls: the length t of what the projection misses, and the point u = B z / norm.
//
// B has `width` rows of integers and a spectral norm of at most `norm`, so that B / norm shortens
// every vector, and t^2 = |z|^2 - |u|^2 is |R z|^2 for some R with |B v / norm|^2 + |R v|^2 =
// |v|^2. Hence (u, t) never moves two samples apart: | |R z_i| - |R z_j| | <= |R (z_i - z_j)|.
inline void make_narrow(const Kernels& kernels, const Balls& full, int64_t count,
                        const int16_t* basis, int64_t width, double norm, int64_t stride,
                        int16_t* points, int32_t* squares, double* radii, const Crew& crew) {
    constexpr double kToInteger = 0x1.8p52;  // added and subtracted, rounds to an integer
    const Balls directions{basis,   false,   full.stride, full.width,
                           nullptr, nullptr, nullptr,     full.certificate};
    const std::vector<int32_t> none(std::max(width, count), 0);
    const Tiles& tiles = full.tiles(kernels);
    Packed columns(kernels, directions, Part::kColumns, width);
    columns.fill(directions, none.data(), 0, width);
    const auto each = [&](Packed& rows, std::vector<int32_t>& products, int64_t begin,
                          int64_t end) {
        rows.fill(full, none.data(), begin, end - begin);
        for (int64_t i = begin; i < end; ++i) {
            const int64_t group = (i - begin) / tiles.rows;
            const int64_t member = (i - begin) % tiles.rows;
            if (member == 0) {
                tiles.multiply(rows.strip(group, columns), products.data());
            }
            if (full.outlier(i)) {
                radii[i] = full.radii[i];
                continue;
            }
            const int32_t* product = products.data() + member * columns.padded();
            int16_t* point = points + i * stride;
            double head = 0, error = 0;
            for (int64_t k = 0; k < width; ++k) {
                const double coordinate = product[k] / norm;
                const double rounded = (coordinate + kToInteger) - kToInteger;
                point[1 + k] = static_cast<int16_t>(rounded);
                head += coordinate * coordinate;
                error += (coordinate - rounded) * (coordinate - rounded);
            }
            const double squared = full.squares[i];
            const double tail = std::sqrt(std::max(0.0, squared - head));
            const double rounded = std::nearbyint(tail);
            point[0] = static_cast<int16_t>(rounded);
            error += (tail - rounded) * (tail - rounded);
            squares[i] = kernels.dot(point, point, stride);
            // How wrong squared - head may be, and then its root.
            const double doubt = (static_cast<double>(width) + 8) * 0x1p-52 * squared;
            const double tail_error =
                tail > 0 ? std::min(std::sqrt(doubt), doubt / tail) : std::sqrt(doubt);
            radii[i] = (full.radii[i] + std::sqrt(error) + tail_error) * (1 + 0x1p-30);
        }
    };
    in_stretches(crew, count, [&] {
        return [&, rows = Packed(kernels, full, Part::kRows, kPreparedRows),
                products = std::vector<int32_t>(tiles.rows * columns.padded())](
                   int64_t begin, int64_t end) mutable { each(rows, products, begin, end); };
    });
}

// All products of some points with those of a side, (queries, count) row by row.
inline void products(const Kernels& kernels, const Balls& queries, int64_t query_count,
                     const Balls& balls, int64_t count, int32_t* result, const Crew& crew) {
    const std::vector<int32_t> none(std::max(query_count, count), 0);
    const Tiles& tiles = queries.tiles(kernels);
    Packed rows(kernels, queries, Part::kRows, query_count);
    rows.fill(queries, none.data(), 0, query_count);
    const auto each = [&](Packed& columns, std::vector<int32_t>& block, int64_t begin,
                          int64_t end) {
        columns.fill(balls, none.data(), begin, end - begin);
        for (int64_t q = 0; q < query_count; ++q) {
            if (q % tiles.rows == 0) {
                tiles.multiply(rows.strip(q / tiles.rows, columns), block.data());
            }
            const int32_t* row = block.data() + q % tiles.rows * columns.padded();
            std::copy(row, row + (end - begin), result + q * count + begin);
        }
    };
    in_stretches(crew, count, [&] {
        return [&, columns = Packed(kernels, balls, Part::kColumns, kPreparedRows),
                block = std::vector<int32_t>(tiles.rows * (kPreparedRows + tiles.columns))](
                   int64_t begin, int64_t end) mutable { each(columns, block, begin, end); };
    });
}

}  // namespace kstar::cpu
