// Samples as the engine sees them: in class order, with their balls.
#pragma once

#include <cstdint>
#include <limits>

#include "common/rows.hpp"
#include "cpu/certificate.hpp"
#include "cpu/fetch.hpp"
#include "cpu/kernels.hpp"
#include "cpu/walk.hpp"

namespace kstar::cpu {

// Points of integers, and their radii. An infinite radius marks an outlier, a sample too far out
// for the unit of the others: its point says nothing.
struct Balls {
    const void* points;  // (count, stride), zeros behind the width
    bool bytes;          // numbers of 8 bits instead of 16
    int64_t stride;      // a multiple of kWidthStep, or of kByteStep
    int64_t width;
    const int32_t* squares;  // of the points' lengths
    const int32_t* sums;     // of the points' numbers; wanted of bytes alone
    const double* radii;
    Certificate certificate;

    const int16_t* point(int64_t i) const {  // of 16-bit numbers
        return static_cast<const int16_t*>(points) + i * stride;
    }
    const int32_t* words_of(int64_t i) const {
        return static_cast<const int32_t*>(points) + i * word_stride();
    }
    bool outlier(int64_t i) const { return radii[i] == std::numeric_limits<double>::infinity(); }
    int64_t words() const { return (width + per_word() - 1) / per_word(); }
    int64_t word_stride() const { return stride / per_word(); }
    const Tiles& tiles(const Kernels& kernels) const {
        const Tiles& pairs = words() >= kLongWords ? kernels.long_pairs : kernels.pairs;
        return bytes ? kernels.bytes : pairs;
    }

 private:
    int64_t per_word() const { return bytes ? 4 : 2; }
};

constexpr int64_t kBoxedWidth = 64;  // in more dimensions boxes overlap whatever the order
// Trees of boxes: more dimensions are hopeless, and with fewer samples tiles are done before.
constexpr int64_t kTreeWidth = 24;
constexpr int64_t kTreeSamples = 16384;

inline bool boxed(const Balls& balls) { return !balls.bytes && balls.width <= kBoxedWidth; }

// The features of some samples, by position.
struct Members {
    Rows rows;
    const int64_t* order;  // position -> row
    int64_t count;

    // Fetches a row that is wanted soon: in class order rows are anywhere in memory.
    void expect(int64_t i) const {
        if (i < count) {
            const int64_t size = bytes(rows.element);
            fetch(static_cast<const char*>(rows.data) + order[i] * rows.stride * size,
                  rows.dimensions * size);
        }
    }
};

struct Side : Members {
    const int32_t* codes;    // class of each position, rising
    const int64_t* ids;      // by which equally near samples are told apart: the lowest one wins
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

    // The references' question to the samples.
    Problem mirrored() const { return {references, samples, self_form, kernels}; }

    double distance(int64_t i, int64_t j) const {
        return kernels.distance(samples.rows, samples.order[i], references.rows,
                                references.order[j]);
    }
};

}  // namespace kstar::cpu
