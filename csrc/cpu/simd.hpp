// Vectors of 32-bit sums of products, of two 16-bit numbers or four bytes each, in the instruction
// set of this translation unit; and the shape of the micro-tile whose sums fill its registers.
#pragma once

#include <cstdint>
#include <cstring>

#include "common/target.hpp"

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__ARM_FEATURE_DOTPROD)
#include <arm_neon.h>
#endif

namespace kstar::cpu {
inline namespace KSTAR_TARGET {

#if defined(__AVX512BW__)

constexpr int kTileRows = 8;
constexpr int kTileVectors = 3;

using Mask = __mmask16;  // one bit per lane

struct Vector {
    static constexpr int kLanes = 16;
    __m512i lanes;

    static Vector load(const void* from) { return {_mm512_loadu_si512(from)}; }
    static Vector all(int32_t value) { return {_mm512_set1_epi32(value)}; }
    static Vector rising(int32_t from) {
        const __m512i steps =
            _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        return {_mm512_add_epi32(steps, _mm512_set1_epi32(from))};
    }
    void store(void* to) const { _mm512_storeu_si512(to, lanes); }
};

inline Vector operator+(Vector a, Vector b) { return {_mm512_add_epi32(a.lanes, b.lanes)}; }
inline Vector min(Vector a, Vector b) { return {_mm512_min_epi32(a.lanes, b.lanes)}; }
// Of numbers of 16 bits. Differences that they cannot hold come as near as they can.
inline Vector difference(Vector a, Vector b) { return {_mm512_subs_epi16(a.lanes, b.lanes)}; }
inline Vector larger(Vector a, Vector b) { return {_mm512_max_epi16(a.lanes, b.lanes)}; }
inline Vector smaller(Vector a, Vector b) { return {_mm512_min_epi16(a.lanes, b.lanes)}; }
inline Mask greater(Vector a, Vector b) { return _mm512_cmpgt_epi32_mask(a.lanes, b.lanes); }
inline Mask unequal(Vector a, Vector b) { return _mm512_cmpneq_epi32_mask(a.lanes, b.lanes); }
inline Mask either(Mask a, Mask b) { return _kor_mask16(a, b); }
inline Mask both(Mask a, Mask b) { return _kand_mask16(a, b); }
inline Mask only_second(Mask a, Mask b) { return _kandn_mask16(a, b); }
inline uint32_t bits(Mask mask) { return _cvtmask16_u32(mask); }
inline Vector add_where(Mask mask, Vector a, Vector b) {
    return {_mm512_mask_add_epi32(a.lanes, mask, a.lanes, b.lanes)};
}
inline Vector choose(Mask mask, Vector a, Vector b) {
    return {_mm512_mask_mov_epi32(b.lanes, mask, a.lanes)};
}

inline Vector add_products(Vector sum, Vector a, Vector b) {
#if defined(__AVX512VNNI__)
    return {_mm512_dpwssd_epi32(sum.lanes, a.lanes, b.lanes)};
#else
    return {_mm512_add_epi32(sum.lanes, _mm512_madd_epi16(a.lanes, b.lanes))};
#endif
}

#if defined(__AVX512VNNI__)
inline Vector add_byte_products(Vector sum, const Vector* shifted, const Vector* b) {
    return {_mm512_dpbusd_epi32(sum.lanes, shifted->lanes, b->lanes)};
}
#else
inline Vector add_byte_products(Vector sum, const Vector* shifted, const Vector* b) {
    const __m512i pairs = _mm512_add_epi16(_mm512_maddubs_epi16(shifted[0].lanes, b[0].lanes),
                                           _mm512_maddubs_epi16(shifted[1].lanes, b[1].lanes));
    return {_mm512_add_epi32(sum.lanes, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)))};
}
#endif

#elif defined(__AVX2__)

constexpr int kTileRows = 6;
constexpr int kTileVectors = 2;

using Mask = __m256i;  // all bits of a lane, or none

struct Vector {
    static constexpr int kLanes = 8;
    __m256i lanes;

    static Vector load(const void* from) {
        return {_mm256_loadu_si256(static_cast<const __m256i*>(from))};
    }
    static Vector all(int32_t value) { return {_mm256_set1_epi32(value)}; }
    static Vector rising(int32_t from) {
        const __m256i steps = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        return {_mm256_add_epi32(steps, _mm256_set1_epi32(from))};
    }
    void store(void* to) const { _mm256_storeu_si256(static_cast<__m256i*>(to), lanes); }
};

inline Vector operator+(Vector a, Vector b) { return {_mm256_add_epi32(a.lanes, b.lanes)}; }
inline Vector min(Vector a, Vector b) { return {_mm256_min_epi32(a.lanes, b.lanes)}; }
inline Vector difference(Vector a, Vector b) { return {_mm256_subs_epi16(a.lanes, b.lanes)}; }
inline Vector larger(Vector a, Vector b) { return {_mm256_max_epi16(a.lanes, b.lanes)}; }
inline Vector smaller(Vector a, Vector b) { return {_mm256_min_epi16(a.lanes, b.lanes)}; }
inline Mask greater(Vector a, Vector b) { return _mm256_cmpgt_epi32(a.lanes, b.lanes); }
inline Mask unequal(Vector a, Vector b) {
    return _mm256_xor_si256(_mm256_cmpeq_epi32(a.lanes, b.lanes), _mm256_set1_epi32(-1));
}
inline Mask either(Mask a, Mask b) { return _mm256_or_si256(a, b); }
inline Mask both(Mask a, Mask b) { return _mm256_and_si256(a, b); }
inline Mask only_second(Mask a, Mask b) { return _mm256_andnot_si256(a, b); }
inline uint32_t bits(Mask mask) {
    return static_cast<uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(mask)));
}
inline Vector add_where(Mask mask, Vector a, Vector b) {
    return {_mm256_add_epi32(a.lanes, _mm256_and_si256(mask, b.lanes))};
}
inline Vector choose(Mask mask, Vector a, Vector b) {
    return {_mm256_blendv_epi8(b.lanes, a.lanes, mask)};
}

inline Vector add_products(Vector sum, Vector a, Vector b) {
#if defined(__AVXVNNI__)
    return {_mm256_dpwssd_avx_epi32(sum.lanes, a.lanes, b.lanes)};
#else
    return {_mm256_add_epi32(sum.lanes, _mm256_madd_epi16(a.lanes, b.lanes))};
#endif
}

#if defined(__AVXVNNI__)
inline Vector add_byte_products(Vector sum, const Vector* shifted, const Vector* b) {
    return {_mm256_dpbusd_avx_epi32(sum.lanes, shifted->lanes, b->lanes)};
}
#else
inline Vector add_byte_products(Vector sum, const Vector* shifted, const Vector* b) {
    const __m256i pairs = _mm256_add_epi16(_mm256_maddubs_epi16(shifted[0].lanes, b[0].lanes),
                                           _mm256_maddubs_epi16(shifted[1].lanes, b[1].lanes));
    return {_mm256_add_epi32(sum.lanes, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))};
}
#endif

#else

// Vectors in the language of GCC and Clang, for any processor.
#if defined(__aarch64__)
constexpr int kTileRows = 8;  // there are 32 registers
#else
constexpr int kTileRows = 4;
#endif
constexpr int kTileVectors = 2;

struct Vector {
    typedef int32_t Lanes __attribute__((vector_size(16)));
    typedef uint32_t Wrapping __attribute__((vector_size(16)));
    typedef int16_t Numbers __attribute__((vector_size(16)));
    typedef uint16_t WrappingNumbers __attribute__((vector_size(16)));
    static constexpr int kLanes = 4;
    Lanes lanes;

    static Vector load(const void* from) {
        Vector result;
        std::memcpy(&result.lanes, from, sizeof result.lanes);
        return result;
    }
    static Vector all(int32_t value) { return {Lanes{value, value, value, value}}; }
    static Vector rising(int32_t from) { return {Lanes{from, from + 1, from + 2, from + 3}}; }
    void store(void* to) const { std::memcpy(to, &lanes, sizeof lanes); }
};

using Mask = Vector::Lanes;  // all bits of a lane, or none

inline Mask greater(Vector a, Vector b) { return a.lanes > b.lanes; }
inline Mask unequal(Vector a, Vector b) { return a.lanes != b.lanes; }
inline Mask either(Mask a, Mask b) { return a | b; }
inline Mask both(Mask a, Mask b) { return a & b; }
inline Mask only_second(Mask a, Mask b) { return ~a & b; }
inline uint32_t bits(Mask mask) {
    return (mask[0] & 1u) | (mask[1] & 2u) | (mask[2] & 4u) | (mask[3] & 8u);
}

inline Vector operator+(Vector a, Vector b) {
    return {(Vector::Lanes)((Vector::Wrapping)a.lanes + (Vector::Wrapping)b.lanes)};
}
inline Vector add_where(Mask mask, Vector a, Vector b) { return a + Vector{mask & b.lanes}; }
inline Vector choose(Mask mask, Vector a, Vector b) {
    return {(mask & a.lanes) | (~mask & b.lanes)};
}
inline Vector min(Vector a, Vector b) { return choose(greater(a, b), b, a); }
inline Vector difference(Vector a, Vector b) {
    const auto x = (Vector::Numbers)a.lanes, y = (Vector::Numbers)b.lanes;
    const auto wrapped = (Vector::Numbers)((Vector::WrappingNumbers)x - (Vector::WrappingNumbers)y);
    const Vector::Numbers beyond = ((x ^ y) & (x ^ wrapped)) >> 15;
    return {(Vector::Lanes)((beyond & ((x >> 15) ^ INT16_MAX)) | (~beyond & wrapped))};
}
inline Vector larger(Vector a, Vector b) {
    const auto x = (Vector::Numbers)a.lanes, y = (Vector::Numbers)b.lanes;
    return {(Vector::Lanes)(((x > y) & x) | (~(x > y) & y))};
}
inline Vector smaller(Vector a, Vector b) {
    const auto x = (Vector::Numbers)a.lanes, y = (Vector::Numbers)b.lanes;
    return {(Vector::Lanes)(((x < y) & x) | (~(x < y) & y))};
}
inline Vector add_products(Vector sum, Vector a, Vector b) {
    const Vector::Lanes low_a = (Vector::Lanes)((Vector::Wrapping)a.lanes << 16) >> 16;
    const Vector::Lanes low_b = (Vector::Lanes)((Vector::Wrapping)b.lanes << 16) >> 16;
    const Vector::Lanes high_a = a.lanes >> 16;
    const Vector::Lanes high_b = b.lanes >> 16;
    return sum + Vector{low_a * low_b} + Vector{high_a * high_b};
}

#if defined(__ARM_FEATURE_DOTPROD)
inline Vector add_byte_products(Vector sum, const Vector* a, const Vector* b) {
    return {
        (Vector::Lanes)vdotq_s32((int32x4_t)sum.lanes, (int8x16_t)a->lanes, (int8x16_t)b->lanes)};
}
#else
inline Vector add_byte_products(Vector sum, const Vector* a, const Vector* b) {
    for (const int above : {24, 16, 8, 0}) {
        const Vector::Lanes byte_a = (Vector::Lanes)((Vector::Wrapping)a->lanes << above) >> 24;
        const Vector::Lanes byte_b = (Vector::Lanes)((Vector::Wrapping)b->lanes << above) >> 24;
        sum = sum + Vector{byte_a * byte_b};
    }
    return sum;
}
#endif

#endif

// What bytes may be, how far those of rows are shifted, and how many words of them are multiplied
// together: vpdpbusd takes a factor without a sign, and vpmaddubsw besides adds two products in 16
// bits, where there is room for two more.
#if defined(__AVX512VNNI__) || defined(__AVXVNNI__)
constexpr int kLargestByte = 127;
constexpr int kByteShift = 128;
constexpr int kByteWords = 1;
#elif defined(__AVX2__)
constexpr int kLargestByte = 63;
constexpr int kByteShift = 64;
constexpr int kByteWords = 2;
static_assert(4 * (kByteShift + kLargestByte) * kLargestByte <= 0x7fff);
#else
constexpr int kLargestByte = 127;
constexpr int kByteShift = 0;
constexpr int kByteWords = 1;
#endif

// The sum of all lanes. Parts of it may wrap, where the whole fits.
inline int32_t sum(Vector vector) {
    int32_t lanes[Vector::kLanes];
    vector.store(lanes);
    uint32_t total = 0;
    for (const int32_t lane : lanes) {
        total += static_cast<uint32_t>(lane);
    }
    return static_cast<int32_t>(total);
}

// The same vector, computed here and now. Compilers like to gather the factors of many products
// first, and then have no register left for the sums.
inline Vector settled(Vector vector) {
#if defined(__AVX2__)
    asm volatile("" : "+v"(vector.lanes));
#elif defined(__aarch64__)
    asm volatile("" : "+w"(vector.lanes));
#endif
    return vector;
}

#if defined(__AVX2__)

constexpr int kSquare = 8;

// Turns a square of words, rows `stride` apart, into columns `to_stride` apart, and adds `shift` to
// every byte of them. Rows from `rows` on are zeros, columns from `columns` on are not written.
inline void transpose(const int32_t* from, int64_t stride, int64_t rows, int shift, int32_t* to,
                      int64_t to_stride, int64_t columns) {
    __m256i row[kSquare], pairs[kSquare], fours[kSquare];
#pragma GCC unroll 8
    for (int r = 0; r < kSquare; ++r) {
        row[r] = _mm256_setzero_si256();
        if (r < rows) {
            row[r] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + r * stride));
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < kSquare; r += 2) {
        pairs[r] = _mm256_unpacklo_epi32(row[r], row[r + 1]);
        pairs[r + 1] = _mm256_unpackhi_epi32(row[r], row[r + 1]);
    }
#pragma GCC unroll 8
    for (int r = 0; r < kSquare; r += 4) {
        fours[r] = _mm256_unpacklo_epi64(pairs[r], pairs[r + 2]);
        fours[r + 1] = _mm256_unpackhi_epi64(pairs[r], pairs[r + 2]);
        fours[r + 2] = _mm256_unpacklo_epi64(pairs[r + 1], pairs[r + 3]);
        fours[r + 3] = _mm256_unpackhi_epi64(pairs[r + 1], pairs[r + 3]);
    }
#pragma GCC unroll 8
    for (int c = 0; c < kSquare; ++c) {
        __m256i column = c < 4 ? _mm256_permute2x128_si256(fours[c], fours[c + 4], 0x20)
                               : _mm256_permute2x128_si256(fours[c - 4], fours[c], 0x31);
        column = _mm256_add_epi8(column, _mm256_set1_epi8(static_cast<char>(shift)));
        if (c < columns) {
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + c * to_stride), column);
        }
    }
}

#else

constexpr int kSquare = 1;

static_assert(kByteShift == 0);

inline void transpose(const int32_t* from, int64_t, int64_t rows, int, int32_t* to, int64_t,
                      int64_t) {
    constexpr int32_t kZeros = 0;
    std::memcpy(to, rows > 0 ? from : &kZeros, sizeof *to);
}

#endif

}  // namespace KSTAR_TARGET
}  // namespace kstar::cpu
