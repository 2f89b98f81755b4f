// The CUDA kernels that read rows, on the host, thread for thread, against plain loops:
//   make test-native
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "check.hpp"
#include "cpu/distance.hpp"
#include "cuda/prepare.hpp"
#include "cuda/refine.hpp"
#include "cuda/screen.hpp"

using namespace kstar;
using namespace kstar::cuda;
using kstar::simt::launch;

// Samples of small integers, so that many distances are equal, or of other numbers; and their
// order.
struct Features {
    std::vector<uint16_t> halves;  // finite numbers, as float16 and as bfloat16
    std::vector<float> singles;
    std::vector<double> doubles;
    std::vector<double> norms;
    std::vector<int64_t> order;
    int64_t dimensions;

    Features(int64_t count, int64_t d, bool lattice, std::mt19937& random) : dimensions(d) {
        std::normal_distribution<float> normal;
        for (int64_t k = 0; k < count * d; ++k) {
            halves.push_back(random() & 0xbbff);
            singles.push_back(lattice ? static_cast<float>(random() % 3) : normal(random));
            doubles.push_back(singles.back() + (lattice ? 0 : 1e-9 * normal(random)));
        }
        for (int64_t i = 0; i < count; ++i) {
            order.push_back(i);
            norms.push_back(1 + i % 5);
        }
        std::shuffle(order.begin(), order.end(), random);
    }

    Rows rows(Element element, bool unit) const {
        const void* values = element == Element::float64 ? static_cast<const void*>(doubles.data())
                             : element == Element::float32
                                 ? static_cast<const void*>(singles.data())
                                 : halves.data();
        return {values, element, dimensions, dimensions, unit ? norms.data() : nullptr};
    }

    Members members(const Rows& features) const { return {features, order.data(), order.data()}; }
};

struct Case {
    std::string name;
    int64_t dimensions;
    bool lattice, self_form, unit;
    Element samples, references;
};

// Refines all pairs in two batches, and compares with a loop over all.
void test_refinement(const Case& c, unsigned seed) {
    std::mt19937 random(seed);
    const int32_t n = 23, m = c.self_form ? n : 31;
    const Features samples(n, c.dimensions, c.lattice, random);
    const Features others(m, c.dimensions, c.lattice, random);
    const Features& references = c.self_form ? samples : others;
    const Rows x = samples.rows(c.samples, c.unit);
    const Rows y = c.self_form ? x : references.rows(c.references, c.unit);
    const auto distance = [&](int32_t i, int32_t j) {
        return with_rows(x, samples.order[i], y, references.order[j],
                         [&](const auto& a, const auto& b) {
                             return cpu::squared_distance(a, b, c.dimensions);
                         });
    };
    std::vector<Pair> pairs;  // some with products that prove them too far apart
    for (int32_t i = 0; i < n; ++i) {
        for (int32_t j = c.self_form ? i + 1 : 0; j < m; ++j) {
            pairs.push_back({i, j, random() % 4 == 0 ? -2.0f : -1.0f});
        }
    }
    std::shuffle(pairs.begin(), pairs.end(), random);
    std::vector<float> thresholds(n, -1), others_thresholds(m, c.self_form ? -1 : INFINITY);
    unsigned long long near = 0;
    std::vector<double> squared(n, std::numeric_limits<double>::infinity());
    std::vector<int64_t> rows(n, kNoRow);
    const auto offer = [&](int32_t i, double d, int64_t row) {
        rows[i] = d < squared[i] ? row : d == squared[i] ? std::min(rows[i], row) : rows[i];
        squared[i] = std::min(squared[i], d);
    };
    for (const Pair& pair : pairs) {
        if (pair.product < -1) {
            continue;
        }
        ++near;
        const double d = distance(pair.row, pair.column);
        offer(pair.row, d, references.order[pair.column]);
        if (c.self_form) {
            offer(pair.column, d, samples.order[pair.row]);
        }
    }

    const double infinity = std::numeric_limits<double>::infinity();
    std::vector<long long> bits(n, __double_as_longlong(infinity)), noted(bits);
    std::vector<long long> found(n, kNoRow);
    std::vector<double> distances(pairs.size());
    Cursor cursor{pairs.size() / 3, 0, 0, 0, std::numeric_limits<unsigned long long>::max()};
    Search work{};
    work.rows = samples.members(x);
    work.columns = references.members(y);
    work.full.rows.thresholds = thresholds.data();
    work.full.columns.thresholds = others_thresholds.data();
    // Some rows look as far as the pairs that are not too far apart: those are measured first,
    // once.
    const std::vector<double> nothing(std::max(n, m));
    std::vector<long long> limits;
    for (int32_t i = 0; i < n; ++i) {
        limits.push_back(__double_as_longlong(i % 3 == 0 ? 1.5 : 0.5));
    }
    for (Reach* reach : {&work.full.rows, &work.full.columns}) {
        reach->radii = reach->slack = nothing.data();
    }
    work.full.bounds = {1, 1, 1};
    work.row_nearest = {bits.data(), found.data(), noted.data(), limits.data(), nullptr};
    work.column_nearest = c.self_form ? work.row_nearest : Nearest{};
    work.survivors = {pairs.data(), pairs.size(), &cursor};
    work.distances = distances.data();
    for (int batch = 0; batch < 2; ++batch) {
        launch(seed, 2, 64, 0, [&] { measure_limits(work); });
        launch(seed, 2, 64, 0, [&] { measure_pairs(work); });
        launch(seed, 2, 64, 0, [&] { forget_rows(work); });
        launch(seed, 2, 64, 0, [&] { note_rows(work); });
        work.survivors.pairs += cursor.reserved;
        cursor.reserved = pairs.size() - cursor.reserved;
    }
    check(cursor.measured == near, c.name + ": pairs that are too far apart are not measured");
    for (int32_t i = 0; i < n; ++i) {
        check(bits[i] == __double_as_longlong(squared[i]), c.name + ": the distance");
        check(found[i] == rows[i], c.name + ": the lowest row");
    }
}

// Counts open pairs of one side with itself; who asks is random.
void test_open_counts(unsigned seed) {
    std::mt19937 random(seed);
    const int32_t n = 21;
    const Features side(n, 7, true, random);
    const Members members = side.members(side.rows(Element::float32, false));
    std::vector<double> radii;
    std::vector<int32_t> weights, counts(n, 0), wanted(n, 0);
    for (int32_t i = 0; i < n; ++i) {
        radii.push_back(random() % 12);
        weights.push_back(1 + static_cast<int32_t>(random() % 3));
    }
    std::vector<Pair> pairs;
    for (int32_t i = 0; i < n; ++i) {
        for (int32_t j = i + 1; j < n; ++j) {
            const int asks = static_cast<int>(1 + random() % 3);
            pairs.push_back(
                {i | ((asks & 1) != 0 ? kAsks : 0), j | ((asks & 2) != 0 ? kAsks : 0), 0});
            const Row<float> x(members.rows, side.order[i]), y(members.rows, side.order[j]);
            const double squared = cpu::squared_distance(x, y, side.dimensions);
            wanted[i] += (asks & 1) != 0 && squared < radii[i] ? weights[j] : 0;
            wanted[j] += (asks & 2) != 0 && squared < radii[j] ? weights[i] : 0;
        }
    }
    Cursor cursor{pairs.size(), 0, 0, 0, std::numeric_limits<unsigned long long>::max()};
    Count work{};
    work.rows = work.columns = {nullptr,       nullptr,      nullptr, weights.data(),
                                counts.data(), radii.data(), members};
    work.survivors = {pairs.data(), pairs.size(), &cursor};
    launch(seed, 2, 64, 0, [&] { count_open_pairs(work); });
    check(counts == wanted, "open counts");
}

// Rounds rows about centres of their own, and looks at pairs of them once more.
void test_balls(Element element, int64_t dimensions, unsigned seed) {
    std::mt19937 random(seed);
    const int32_t n = 19;
    const auto width = static_cast<int32_t>((dimensions + 31) / 32 * 32);
    const Features side(n, dimensions, false, random);
    const Rows rows = side.rows(element, false);
    std::vector<int64_t> centre_of;
    for (int32_t i = 0; i < n; ++i) {
        centre_of.push_back(side.order[i / 5 * 5]);
    }
    std::vector<uint16_t> points(n * width, 0xffff);
    std::vector<double> squares(n), errors(n);
    const FullBalls rounding{side.members(rows), n,     rows,           centre_of.data(), 4.0,
                             points.data(),      width, squares.data(), errors.data()};
    launch(seed, 2, 64, 0, [&] { round_samples(rounding); });
    const auto stored = [&](int32_t i, int64_t k) {
        return to_double(Half{points[i * width + k]});
    };
    for (int32_t i = 0; i < n; ++i) {
        double squared = 0, error = 0;
        for (int64_t k = 0; k < width; ++k) {
            if (k >= dimensions) {
                check(points[i * width + k] == 0, "zeros behind the dimensions");
                continue;
            }
            const double exact =
                4 * (AnyRow{rows, side.order[i]}[k] - AnyRow{rows, centre_of[i]}[k]);
            const double off = stored(i, k) - exact;
            check(std::fabs(off) <= std::fabs(exact) * 0x1.01p-11 + 0x1p-25, "rounded to float16");
            squared += stored(i, k) * stored(i, k);
            error += off * off;
        }
        check(std::fabs(squares[i] - squared) <= 1e-12 * squared, "squared norms of points");
        check(std::fabs(errors[i] - error) <= 1e-12 * error, "squared errors of points");
    }

    std::vector<double> centre(dimensions), weights(dimensions), lengths(n), fingerprints(n);
    for (int64_t k = 0; k < dimensions; ++k) {
        centre[k] = 0.25 * static_cast<double>(k % 5);
        weights[k] = 1 + 0.125 * static_cast<double>(k % 7);
    }
    const RowMeasures measures{side.members(rows), n, centre.data(), weights.data(), lengths.data(),
                               fingerprints.data()};
    launch(seed, 2, 64, 0, [&] { measure_samples(measures); });
    for (int32_t i = 0; i < n; ++i) {
        double length = 0, fingerprint = 0, magnitude = 0;
        for (int64_t k = 0; k < dimensions; ++k) {
            const double value = AnyRow{rows, side.order[i]}[k];
            length += (value - centre[k]) * (value - centre[k]);
            fingerprint += value * weights[k];
            magnitude += std::fabs(value * weights[k]);
        }
        check(std::fabs(lengths[i] - length) <= 1e-12 * length, "lengths");
        check(std::fabs(fingerprints[i] - fingerprint) <= 1e-12 * magnitude, "fingerprints");
    }

    std::vector<float> seeds(n);
    std::vector<Pair> pairs;
    for (int32_t i = 0; i < n; ++i) {
        seeds[i] = static_cast<float>(-squares[i] / 2);
        for (int32_t j = 0; j < i; ++j) {
            pairs.push_back({i, j, NAN});
        }
    }
    Cursor cursor{pairs.size(), 0, 0, 0, std::numeric_limits<unsigned long long>::max()};
    Search screening{};
    screening.full_rows = screening.full_columns = {points.data(), seeds.data(), nullptr, n, width};
    screening.survivors = {pairs.data(), pairs.size(), &cursor};
    launch(seed, 2, 64, 0, [&] { screen_pairs(screening); });
    for (const auto [i, j, product] : pairs) {
        double gap = 0;
        for (int64_t k = 0; k < width; ++k) {
            gap += (stored(i, k) - stored(j, k)) * (stored(i, k) - stored(j, k));
        }
        check(std::fabs(product + gap / 2) <= 1e-5 * (squares[i] + squares[j]), "screened");
    }
}

void test_float16() {
    for (uint32_t bits = 0; bits < 0x7c00; ++bits) {
        const auto half = static_cast<uint16_t>(bits);
        const float value = from_half(half);
        check(to_half(value) == half && to_half(-value) == (half | 0x8000), "float16 and back");
        if (bits + 1 < 0x7c00) {
            const float next = from_half(static_cast<uint16_t>(bits + 1));
            const float middle = (value + next) / 2;
            check(to_half(middle) == bits + bits % 2, "ties to even");
            check(to_half(std::nextafter(middle, value)) == bits, "below the middle");
            check(to_half(std::nextafter(middle, next)) == bits + 1, "above the middle");
        }
    }
}

int main() {
    const Element half = Element::float16, brain = Element::bfloat16;
    const Element single = Element::float32, wide = Element::float64;
    const std::vector<Case> cases{
        {"one feature", 1, true, true, false, single, single},
        {"a lattice", 5, true, true, false, single, single},
        {"33 features", 33, false, true, false, single, single},
        {"queries", 70, false, false, false, single, single},
        {"queries on a lattice", 3, true, false, false, single, single},
        {"float64", 64, false, true, false, wide, wide},
        {"float16", 12, false, true, false, half, half},
        {"float32 among float64", 45, false, false, false, single, wide},
        {"bfloat16 among float32", 31, false, false, false, brain, single},
        {"cosine", 40, false, true, true, single, single},
    };
    for (unsigned seed = 0; seed < 3; ++seed) {
        for (const Case& c : cases) {
            test_refinement(c, seed);
        }
        test_open_counts(seed);
        test_balls(half, 12, seed);
        test_balls(brain, 1, seed);
        test_balls(single, 70, seed);
        test_balls(wide, 300, seed);
    }
    test_float16();
    return report();
}
