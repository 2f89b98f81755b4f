// The CUDA kernels on the host, thread for thread, against plain loops:
//   make test-native
#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "check.hpp"
#include "cuda/refine.hpp"
#include "distance.hpp"

using namespace kstar;
using namespace kstar::cuda;
using kstar::simt::launch;

// Samples of small integers, so that many distances are equal, or of other numbers; and their
// order.
struct Side {
    std::vector<uint16_t> halves;  // finite numbers, as float16 and as bfloat16
    std::vector<float> singles;
    std::vector<double> doubles;
    std::vector<double> norms;
    std::vector<int64_t> order;
    int64_t dimensions;

    Side(int64_t count, int64_t d, bool lattice, std::mt19937& random) : dimensions(d) {
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
    const Side samples(n, c.dimensions, c.lattice, random);
    const Side others(m, c.dimensions, c.lattice, random);
    const Side& references = c.self_form ? samples : others;
    const Rows x = samples.rows(c.samples, c.unit);
    const Rows y = c.self_form ? x : references.rows(c.references, c.unit);
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
        check(bits[i] == __double_as_longlong(squared[i]), c.name + ": the distance");
        check(found[i] == rows[i], c.name + ": the lowest row");
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
    }
    return report();
}
