// From rows to balls: lengths and fingerprints, and points of float16.
#pragma once

#include <cmath>
#include <cstdint>

#include "cuda/instructions.hpp"
#include "cuda/parameters.hpp"

namespace kstar::cuda {

__global__ void measure_samples(RowMeasures work) {
    const unsigned lane = threadIdx.x % 32;
    each_by_a_warp(work.count, [&](int64_t i) {
        double squared = 0, fingerprint = 0;
        with_row(work.samples.rows, work.samples.place[i], [&](const auto& row) {
            for (int64_t k = lane; k < work.samples.rows.dimensions; k += 32) {
                const double difference = row[k] - work.centre[k];
                squared += difference * difference;
                fingerprint += row[k] * work.weights[k];
            }
        });
        squared = sum_of_warp(squared);
        fingerprint = sum_of_warp(fingerprint);
        if (lane == 0) {
            work.squared_lengths[i] = squared;
            work.fingerprints[i] = fingerprint;
        }
    });
}

__global__ void round_samples(FullBalls work) {
    const unsigned lane = threadIdx.x % 32;
    each_by_a_warp(work.count, [&](int64_t i) {
        uint16_t* point = work.points + i * work.width;
        double squared = 0, squared_error = 0;
        with_rows(work.samples.rows, work.samples.place[i], work.centres, work.centre_of[i],
                  [&](const auto& row, const auto& centre) {
                      for (int64_t k = lane; k < work.width; k += 32) {
                          if (k >= work.samples.rows.dimensions) {
                              point[k] = 0;
                              continue;
                          }
                          const double exact = (row[k] - centre[k]) * work.scale;
                          point[k] = to_half(static_cast<float>(exact));
                          const double stored = from_half(point[k]);
                          squared += stored * stored;
                          squared_error += (stored - exact) * (stored - exact);
                      }
                  });
        squared = sum_of_warp(squared);
        squared_error = sum_of_warp(squared_error);
        if (lane == 0) {
            work.squares[i] = squared;
            work.squared_errors[i] = squared_error;
        }
    });
}

}  // namespace kstar::cuda
