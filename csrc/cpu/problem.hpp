// Samples as the engine sees them: in class order, with their balls.
#pragma once

#include <cstdint>
#include <limits>

#include "common/rows.hpp"
#include "cpu/certificate.hpp"
#include "cpu/kernels.hpp"
#include "cpu/walk.hpp"

namespace kstar::cpu {

// Points of 16-bit integers and their radii. An infinite radius marks an outlier, a sample too far
// out for the unit of the others: its point says nothing, and all its pairs are refined.
struct Balls {
    const int16_t* points;  // (count, stride), zeros behind the width
    int64_t stride;         // a multiple of kWidthStep
    int64_t width;
    const double* radii;
    Certificate certificate;

    const int16_t* point(int64_t i) const { return points + i * stride; }
    bool outlier(int64_t i) const { return radii[i] == std::numeric_limits<double>::infinity(); }
    int64_t feature_pairs() const { return (width + 1) / 2; }
};

// The features of some samples, by position.
struct Members {
    Rows rows;
    const int64_t* order;  // position -> row
    int64_t count;
};

struct Side : Members {
    const int32_t* codes;    // class of each position, rising
    const int32_t* weights;  // how many equal samples each position stands for
    Balls full;              // as wide as the rows
    Balls narrow;            // fewer dimensions; the full ones again where that does not pay
};

struct Problem {
    Side samples;
    Side references;  // the samples again in the self form
    bool self_form;
    const Kernels& kernels;

    Layout layout() const {
        return {samples.codes, samples.count, references.codes, references.count, self_form};
    }

    double distance(int64_t i, int64_t j) const {
        return kernels.distance(samples.rows, samples.order[i], references.rows,
                                references.order[j]);
    }
};

}  // namespace kstar::cpu
