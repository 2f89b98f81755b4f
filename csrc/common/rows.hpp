// Rows of features as the caller stores them, read as float64; shared by the CPU and the CUDA
// engine.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "common/target.hpp"

namespace kstar {

enum class Element { float16, bfloat16, float32, float64 };

constexpr int64_t bytes(Element element) {
    return element == Element::float64 ? 8 : element == Element::float32 ? 4 : 2;
}

// All rows of one side; `norms`, where given, divides each row (the cosine metric).
struct Rows {
    const void* data;
    Element element;
    int64_t stride;  // elements from one row to the next
    int64_t dimensions;
    const double* norms;
};

inline namespace KSTAR_TARGET {

// IEEE binary16 and bfloat16 are kept as their bits.
struct Half {
    uint16_t bits;
};
struct BFloat16 {
    uint16_t bits;
};

KSTAR_DEVICE inline double to_double(double value) { return value; }
KSTAR_DEVICE inline double to_double(float value) { return value; }

KSTAR_DEVICE inline double to_double(BFloat16 value) {
    const uint32_t bits = static_cast<uint32_t>(value.bits) << 16;
    float result;
    std::memcpy(&result, &bits, sizeof result);
    return result;
}

KSTAR_DEVICE inline double to_double(Half value) {
    const uint32_t sign = (value.bits & 0x8000u) << 16;
    const uint32_t magnitude = value.bits & 0x7fffu;
    // Exponent and mantissa read as a float are 2^-112 times the number, denormals included.
    const uint32_t bits = sign | magnitude << 13;
    float result;
    std::memcpy(&result, &bits, sizeof result);
    return static_cast<double>(result) * 0x1p112;
}

template <typename Value>
struct Row {
    const Value* data;
    KSTAR_DEVICE Row(const Rows& rows, int64_t i)
        : data(static_cast<const Value*>(rows.data) + i * rows.stride) {}
    KSTAR_DEVICE double operator[](int64_t k) const { return to_double(data[k]); }
};

template <typename Value>
struct UnitRow {
    const Value* data;
    double norm;
    KSTAR_DEVICE UnitRow(const Rows& rows, int64_t i)
        : data(static_cast<const Value*>(rows.data) + i * rows.stride), norm(rows.norms[i]) {}
    KSTAR_DEVICE double operator[](int64_t k) const { return to_double(data[k]) / norm; }
};

// Calls `use` with row i, typed as it is stored.
template <typename Use>
KSTAR_DEVICE auto with_row(const Rows& rows, int64_t i, const Use& use) {
    const auto typed = [&](auto value) {
        using Value = decltype(value);
        return rows.norms == nullptr ? use(Row<Value>(rows, i)) : use(UnitRow<Value>(rows, i));
    };
    switch (rows.element) {
        case Element::float16:
            return typed(Half());
        case Element::bfloat16:
            return typed(BFloat16());
        case Element::float32:
            return typed(float());
        default:
            return typed(double());
    }
}

// A row of whatever type, where two sides are stored differently.
struct AnyRow {
    const Rows& rows;
    int64_t i;
    KSTAR_DEVICE double operator[](int64_t k) const {
        return with_row(rows, i, [k](const auto& row) { return row[k]; });
    }
};

// Calls `use` with row i of x and row j of y.
template <typename Use>
KSTAR_DEVICE auto with_rows(const Rows& x, int64_t i, const Rows& y, int64_t j, const Use& use) {
    if (x.element != y.element || (x.norms == nullptr) != (y.norms == nullptr)) {
        return use(AnyRow{x, i}, AnyRow{y, j});
    }
    return with_row(x, i,
                    [&](const auto& row) { return use(row, std::decay_t<decltype(row)>(y, j)); });
}

}  // namespace KSTAR_TARGET
}  // namespace kstar
