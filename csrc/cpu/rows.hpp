// Rows of features as the caller stores them, read as float64.
#pragma once

#include <cstdint>
#include <cstring>

namespace kstar::cpu {

// IEEE binary16 and bfloat16 are kept as their bits.
struct Half {
    uint16_t bits;
};
struct BFloat16 {
    uint16_t bits;
};

inline double to_double(double value) { return value; }
inline double to_double(float value) { return value; }

inline double to_double(BFloat16 value) {
    const uint32_t bits = static_cast<uint32_t>(value.bits) << 16;
    float result;
    std::memcpy(&result, &bits, sizeof result);
    return result;
}

inline double to_double(Half value) {
    const uint32_t sign = (value.bits & 0x8000u) << 16;
    const uint32_t magnitude = value.bits & 0x7fffu;
    // Exponent and mantissa read as a float are 2^-112 times the number, denormals included.
    const uint32_t bits = sign | magnitude << 13;
    float result;
    std::memcpy(&result, &bits, sizeof result);
    return static_cast<double>(result) * 0x1p112;
}

// All rows of one side; `norms`, where given, divides each row (the cosine metric).
template <typename Element>
struct Rows {
    const Element* data;
    int64_t stride;  // elements from one row to the next
    const double* norms;
};

template <typename Element>
struct Row {
    const Element* data;
    double operator[](int64_t k) const { return to_double(data[k]); }
};

template <typename Element>
struct UnitRow {
    const Element* data;
    double norm;
    double operator[](int64_t k) const { return to_double(data[k]) / norm; }
};

}  // namespace kstar::cpu
