// The CUDA kernels on the host, thread for thread, against plain loops:
//   make test-native
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "cuda/refine.hpp"
#include "distance.hpp"

using namespace kstar;
using namespace kstar::cuda;
using kstar::simt::launch;

int failures = 0;

void expect(bool right, const std::string& what) {
    if (!right) {
        std::printf("FAILED: %s\n", what.c_str());
        ++failures;
    }
}

// Samples of small integers, so that many distances are equal, or of floats; and their order.
struct Side {
    std::vector<float> singles;
    std::vector<double> doubles;
    std::vector<double> norms;
    std::vector<int64_t> order;
    int64_t dimensions;

    Side(int64_t count, int64_t d, bool lattice, std::mt19937& random) : dimensions(d) {
        std::normal_distribution<float> normal;
        for (int64_t k = 0; k < count * d; ++k) {
            singles.push_back(lattice ? static_cast<float>(random() % 3) : normal(random));
            doubles.push_back(singles.back() + (lattice ? 0 : 1e-9 * normal(random)));
        }
        for (int64_t i = 0; i < count; ++i) {
            order.push_back(i);
            norms.push_back(1 + i % 5);
        }
        std::shuffle(order.begin(), order.end(), random);
    }

    Rows rows(bool wide, bool unit) const {
        const double* divisors = unit ? norms.data() : nullptr;
        return wide ? Rows{doubles.data(), Element::float64, dimensions, dimensions, divisors}
                    : Rows{singles.data(), Element::float32, dimensions, dimensions, divisors};
    }
};

struct Case {
    std::string name;
    int64_t dimensions;
    bool lattice, self_form, wide_samples, wide_references, unit;
};

// Refines all pairs in two batches, and compares with a loop over all.
void test_refinement(const Case& c, unsigned seed) {
    std::mt19937 random(seed);
    const int32_t n = 23, m = c.self_form ? n : 31;
    const Side samples(n, c.dimensions, c.lattice, random);
    const Side others(m, c.dimensions, c.lattice, random);
    const Side& references = c.self_form ? samples : others;
    const Rows x = samples.rows(c.wide_samples, c.unit);
    const Rows y = c.self_form ? x : references.rows(c.wide_references, c.unit);
    const auto distance = [&](int32_t i, int32_t j) {
        return with_rows(
            x, samples.order[i], y, references.order[j],
            [&](const auto& a, const auto& b) { return squared_distance(a, b, c.dimensions); });
    };
    std::vector<Pair> pairs;
    for (int32_t i = 0; i < n; ++i) {
        for (int32_t j = c.self_form ? i + 1 : 0; j < m; ++j) {
            pairs.push_back({i, j});
        }
    }
    std::shuffle(pairs.begin(), pairs.end(), random);
    std::vector<double> squared(n, std::numeric_limits<double>::infinity());
    std::vector<int64_t> rows(n, kNoRow);
    const auto offer = [&](int32_t i, double d, int64_t row) {
        rows[i] = d < squared[i] ? row : d == squared[i] ? std::min(rows[i], row) : rows[i];
        squared[i] = std::min(squared[i], d);
    };
    for (const Pair& pair : pairs) {
        const double d = distance(pair.sample, pair.reference);
        offer(pair.sample, d, references.order[pair.reference]);
        if (c.self_form) {
            offer(pair.reference, d, samples.order[pair.sample]);
        }
    }

    const double infinity = std::numeric_limits<double>::infinity();
    std::vector<long long> bits(n, __double_as_longlong(infinity)), noted(bits);
    std::vector<long long> found(n, kNoRow);
    std::vector<double> distances(pairs.size());
    Refinement work{x,
                    y,
                    samples.order.data(),
                    references.order.data(),
                    c.self_form,
                    pairs.data(),
                    static_cast<int64_t>(pairs.size() / 3),
                    distances.data(),
                    {bits.data(), found.data(), noted.data()}};
    for (int batch = 0; batch < 2; ++batch) {
        launch(seed, 2, 64, 0, [&] { measure(work); });
        launch(seed, 2, 64, 0, [&] { forget(work); });
        launch(seed, 2, 64, 0, [&] { note(work); });
        work.pairs += work.count;
        work.count = static_cast<int64_t>(pairs.size()) - work.count;
    }
    for (int32_t i = 0; i < n; ++i) {
        expect(bits[i] == __double_as_longlong(squared[i]), c.name + ": the distance");
        expect(found[i] == rows[i], c.name + ": the lowest row");
    }
}

int main() {
    const std::vector<Case> cases{
        {"one feature", 1, true, true, false, false, false},
        {"a lattice", 5, true, true, false, false, false},
        {"33 features", 33, false, true, false, false, false},
        {"queries", 70, false, false, false, false, false},
        {"queries on a lattice", 3, true, false, false, false, false},
        {"float64", 64, false, true, true, true, false},
        {"float32 among float64", 45, false, false, false, true, false},
        {"cosine", 40, false, true, false, false, true},
    };
    for (unsigned seed = 0; seed < 3; ++seed) {
        for (const Case& c : cases) {
            test_refinement(c, seed);
        }
    }
    std::printf("%d failed\n", failures);
    return failures != 0;
}
