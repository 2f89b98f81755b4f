// What the bindings make of arrays: the structures that kernels are told (parameters.hpp), each of
// whose arrays is of the right type, long enough, and on the same device as all others.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "common/element.hpp"
#include "cuda/array.hpp"
#include "cuda/launch.hpp"

namespace kstar::cuda::checked {

constexpr int64_t kStripFields = sizeof(Strip) / sizeof(int64_t);
constexpr int64_t kPairFields = sizeof(Pair) / sizeof(int32_t);
constexpr int64_t kCursorFields = sizeof(Cursor) / sizeof(int64_t);

// The end of the last block: up to there whatever there is per sample can be read.
inline int64_t whole_blocks(int64_t count) {
    return (count + kTileSide - 1) / kTileSide * kTileSide;
}

inline On<Rows> rows(const Array& values, const Array* norms) {
    On<Rows> result;
    result.count = values.rows;
    result.parameters = {result.device.pointer<void>("values", values), element_named(values.type),
                         values.stride, values.columns,
                         result.device.pointer<double>("norms", norms, "float64", values.rows)};
    return result;
}

inline On<Members> members(const On<Rows>& rows, const Array& place, const Array& number) {
    On<Members> result{rows.device, {}, place.rows};
    Device& device = result.device;
    result.parameters = {rows.parameters,
                         device.pointer<int64_t>("place", place, "int64", result.count),
                         device.pointer<int64_t>("number", number, "int64", result.count)};
    return result;
}

inline On<Side> side(const Array& points, const Array& seeds, const Array& codes, int32_t count) {
    On<Side> result{{}, {}, count};
    const int64_t room = whole_blocks(count);
    if (points.columns % kDepth != 0) {
        refuse("points", "a width that is a multiple of " + std::to_string(kDepth) + " is",
               std::to_string(points.columns));
    }
    Device& device = result.device;
    result.parameters = {
        device.pointer<uint16_t>("points", points, "float16", room, points.columns),
        device.pointer<float>("seeds", seeds, "float32", room),
        device.pointer<int32_t>("codes", codes, "int32", room), count,
        static_cast<int32_t>(points.columns)};
    return result;
}

inline On<Walk> walk(const On<Side>& rows, const On<Side>& columns, bool same, bool foreign,
                     const Array& strips, int64_t first, unsigned count, const Array* done) {
    On<Walk> result{rows.device, {}, rows.count, columns.count};
    Device& device = result.device;
    result.join("columns", columns);
    if (columns.parameters.width != rows.parameters.width) {
        refuse(
            "columns",
            "points as wide as those of rows, " + std::to_string(rows.parameters.width) + ", are",
            std::to_string(columns.parameters.width));
    }
    const auto* from = device.pointer<int64_t>("strips", strips, "int64", 1, kStripFields);
    result.parameters = {rows.parameters,
                         columns.parameters,
                         same,
                         foreign,
                         reinterpret_cast<const Strip*>(from),
                         strips.rows,
                         first,
                         count,
                         device.pointer<uint32_t>("done", done, "int32", count)};
    return result;
}

inline On<Survivors> survivors(const Array& pairs, const Array& cursor) {
    On<Survivors> result;
    Device& device = result.device;
    auto* to =
        device.pointer<int32_t>("pairs", pairs, "int32", kWarpRows * kWarpColumns, kPairFields);
    auto* counts = device.pointer<int64_t>("cursor", cursor, "int64", kCursorFields);
    result.parameters = {reinterpret_cast<Pair*>(to), static_cast<unsigned long long>(pairs.rows),
                         reinterpret_cast<Cursor*>(counts)};
    return result;
}

inline On<Reach> reach(const Array& radii, const Array& slack, const Array* thresholds) {
    On<Reach> result{{}, {}, radii.rows};
    Device& device = result.device;
    const int64_t room = whole_blocks(radii.rows);
    result.parameters = {device.pointer<double>("radii", radii, "float64", radii.rows),
                         device.pointer<double>("slack", slack, "float64", radii.rows),
                         device.pointer<float>("thresholds", thresholds, "float32", room)};
    return result;
}

inline On<Sieve> sieve(const On<Reach>& rows, const On<Reach>& columns, double unit, double above,
                       double farther) {
    On<Sieve> result{rows.device,
                     {rows.parameters, columns.parameters, {unit, above, farther}},
                     rows.count,
                     columns.count};
    result.join("columns", columns);
    return result;
}

inline On<Radii> radii(const Array& outer, const Array& inner, const Array& give,
                       const Array* weights, const Array* counts, const Array* squared,
                       const On<Members>& members) {
    On<Radii> result{members.device, {}, members.count};
    Device& device = result.device;
    const int64_t room = whole_blocks(members.count);
    if ((counts == nullptr) != (squared == nullptr)) {
        refuse("squared", "radii and counts, or neither, are", "one of them");
    }
    result.parameters = {device.pointer<float>("outer", outer, "float32", room),
                         device.pointer<float>("inner", inner, "float32", room),
                         device.pointer<float>("give", give, "float32", room),
                         device.pointer<int32_t>("weights", weights, "int32", room),
                         device.pointer<int32_t>("counts", counts, "int32", members.count),
                         device.pointer<double>("squared", squared, "float64", members.count),
                         members.parameters};
    return result;
}

inline On<Nearest> nearest(const Array& squared, const Array& row, const Array& noted_at,
                           const Array& limit, const Array& settled) {
    On<Nearest> result{{}, {}, squared.rows};
    Device& device = result.device;
    const int64_t count = squared.rows;
    result.parameters = {device.pointer<long long>("squared", squared, "float64", count),
                         device.pointer<long long>("row", row, "int64", count),
                         device.pointer<long long>("noted_at", noted_at, "float64", count),
                         device.pointer<long long>("limit", limit, "float64", count),
                         device.pointer<bool>("settled", settled, "bool", count)};
    return result;
}

template <typename Work>
void start(const char* (*launch)(const Work&, Stream), const Work& work, const Device& device,
           uintptr_t stream) {
    const char* failure = launch(work, {device.index(), reinterpret_cast<void*>(stream)});
    if (failure != nullptr) {
        throw std::runtime_error(std::string("CUDA: ") + failure);
    }
}

// Sieves and full balls are of the samples that the walk is of.
inline void join_sieve(const char* name, On<Walk>& walk, const On<Sieve>& sieve) {
    walk.join(name, sieve, walk.count);
    if (sieve.others < walk.others) {
        refuse(name, "columns of at least " + std::to_string(walk.others) + " samples are",
               std::to_string(sieve.others));
    }
}

inline void want_thresholds(const char* name, const Sieve& sieve) {
    if (sieve.rows.thresholds == nullptr || sieve.columns.thresholds == nullptr) {
        refuse(name, "thresholds are", "None");
    }
}

inline void want_done(const Walk& walk) {
    if (walk.done == nullptr) {
        refuse("walk", "what notes the tiles that are done is", "None");
    }
}

inline void want_dimensions(const char* name, const Rows& rows, int64_t dimensions) {
    if (rows.dimensions != dimensions) {
        refuse(name, std::to_string(dimensions) + " dimensions are",
               std::to_string(rows.dimensions));
    }
}

inline void measure_rows(On<Members> samples, const Array& centre, const Array& weights,
                         const Array& squared_lengths, const Array& fingerprints,
                         uintptr_t stream) {
    Device& device = samples.device;
    const int64_t count = samples.count, dimensions = samples.parameters.rows.dimensions;
    const RowMeasures work{
        samples.parameters,
        count,
        device.pointer<double>("centre", centre, "float64", dimensions),
        device.pointer<double>("weights", weights, "float64", dimensions),
        device.pointer<double>("squared_lengths", squared_lengths, "float64", count),
        device.pointer<double>("fingerprints", fingerprints, "float64", count)};
    start(cuda::measure_rows, work, device, stream);
}

inline void make_full(On<Members> samples, const On<Rows>& centres, const Array& centre_of,
                      double scale, const Array& points, const Array& squares,
                      const Array& squared_errors, uintptr_t stream) {
    Device& device = samples.device;
    const int64_t count = samples.count, dimensions = samples.parameters.rows.dimensions;
    samples.join("centres", centres);
    want_dimensions("centres", centres.parameters, dimensions);
    if (points.columns < dimensions) {
        refuse("points", "a width of at least " + std::to_string(dimensions) + " is",
               std::to_string(points.columns));
    }
    const FullBalls work{
        samples.parameters,
        count,
        centres.parameters,
        device.pointer<int64_t>("centre_of", centre_of, "int64", count),
        scale,
        device.pointer<uint16_t>("points", points, "float16", count, points.columns),
        static_cast<int32_t>(points.columns),
        device.pointer<double>("squares", squares, "float64", count),
        device.pointer<double>("squared_errors", squared_errors, "float64", count)};
    start(cuda::make_full, work, device, stream);
}

inline void seed(On<Walk> walk, const On<Sieve>& sieve, const On<Nearest>& nearest,
                 uintptr_t stream) {
    join_sieve("sieve", walk, sieve);
    walk.join("nearest", nearest, walk.count);
    const Seeding work{walk.parameters, sieve.parameters, nearest.parameters};
    start(cuda::seed, work, walk.device, stream);
}

inline void search(On<Walk> walk, const On<Sieve>& sieve, const Array* row_tails,
                   const Array* column_tails, const On<Side>& full_rows,
                   const On<Side>& full_columns, const On<Sieve>& full, const On<Members>& rows,
                   const On<Members>& columns, const On<Nearest>& row_nearest,
                   const On<Nearest>* column_nearest, const On<Survivors>& survivors,
                   const Array& distances, uintptr_t stream) {
    Device& device = walk.device;
    want_done(walk.parameters);
    join_sieve("sieve", walk, sieve);
    want_thresholds("sieve", sieve.parameters);
    walk.join("full_rows", full_rows, walk.count);
    walk.join("full_columns", full_columns, walk.others);
    join_sieve("full", walk, full);
    want_thresholds("full", full.parameters);
    walk.join("rows", rows, walk.count);
    walk.join("columns", columns, walk.others);
    want_dimensions("columns", columns.parameters.rows, rows.parameters.rows.dimensions);
    walk.join("row_nearest", row_nearest, walk.count);
    if (column_nearest != nullptr) {
        walk.join("column_nearest", *column_nearest, walk.others);
    }
    walk.join("survivors", survivors);
    if ((row_tails == nullptr) != (column_tails == nullptr)) {
        refuse("column_tails", "tails of both sides, or of neither, are", "one of them");
    }
    const auto capacity = static_cast<int64_t>(survivors.parameters.capacity);
    const Search work{
        walk.parameters,
        sieve.parameters,
        device.pointer<float>("row_tails", row_tails, "float32", whole_blocks(walk.count)),
        device.pointer<float>("column_tails", column_tails, "float32", whole_blocks(walk.others)),
        full_rows.parameters,
        full_columns.parameters,
        full.parameters,
        rows.parameters,
        columns.parameters,
        row_nearest.parameters,
        column_nearest == nullptr ? Nearest{} : column_nearest->parameters,
        survivors.parameters,
        device.pointer<double>("distances", distances, "float64", capacity)};
    start(cuda::search, work, device, stream);
}

inline void count(On<Walk> walk, const On<Radii>& rows, const On<Radii>& columns,
                  const On<Survivors>& survivors, uintptr_t stream) {
    want_done(walk.parameters);
    walk.join("rows", rows, walk.count);
    walk.join("columns", columns, walk.others);
    want_dimensions("columns", columns.parameters.members.rows,
                    rows.parameters.members.rows.dimensions);
    walk.join("survivors", survivors);
    if (rows.parameters.counts == nullptr || columns.parameters.weights == nullptr) {
        refuse("rows", "counts, and weights of columns, are", "None");
    }
    const Count work{walk.parameters, rows.parameters, columns.parameters, survivors.parameters};
    start(cuda::count, work, walk.device, stream);
}

}  // namespace kstar::cuda::checked
