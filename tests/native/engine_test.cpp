// The native engine against its definition, without Python, so that sanitizers see all of it:
// `make test-native`. Prints what failed, and exits with the number of failures.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "check.hpp"
#include "cpu/count.hpp"
#include "cpu/crew.hpp"
#include "cpu/matrix.hpp"
#include "cpu/prepare.hpp"
#include "cpu/search.hpp"

using namespace kstar;
using namespace kstar::cpu;

namespace {

thread_local bool is_worker = true;
std::atomic<int64_t> asked_by_workers{0};

}  // namespace

void* operator new(std::size_t size) {
    asked_by_workers += is_worker;
    if (void* memory = std::malloc(size)) {
        return memory;
    }
    throw std::bad_alloc();
}
// Not inlined: GCC 12 would take it for a mismatch with the operator above.
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

using Random = std::mt19937_64;

double normal(Random& random) { return std::normal_distribution<double>()(random); }

// Rows of floats in class order.
struct Data {
    int64_t count;
    int64_t dimensions;
    std::vector<float> values;
    std::vector<int32_t> codes;
    std::vector<int64_t> order;
    std::vector<int32_t> weights;

    Members members() const {
        return {{values.data(), Element::float32, dimensions, dimensions, nullptr},
                order.data(),
                count};
    }
};

template <typename Value>
Data make_data(int64_t count, int64_t dimensions, int classes, const Value& value) {
    Data data{count, dimensions, {}, {}, {}, {}};
    for (int64_t i = 0; i < count; ++i) {
        data.codes.push_back(static_cast<int32_t>(i * classes / count));
        data.order.push_back(count - 1 - i);
        data.weights.push_back(static_cast<int32_t>(1 + i % 3));
        for (int64_t k = 0; k < dimensions; ++k) {
            data.values.push_back(static_cast<float>(value(i, k)));
        }
    }
    return data;
}

struct StoredBalls {
    std::vector<int16_t> points;
    std::vector<double> radii;
    int64_t stride;
    int64_t width;

    Balls balls(const Certificate& certificate) const {
        return {points.data(), stride, width, radii.data(), certificate};
    }
};

int64_t stride_of(int64_t width) { return (width + kWidthStep - 1) / kWidthStep * kWidthStep; }

Certificate certificate_for(double scale, const std::vector<const StoredBalls*>& stored) {
    double largest = 0;
    for (const StoredBalls* balls : stored) {
        for (const double radius : balls->radii) {
            largest = std::isinf(radius) ? largest : std::max(largest, radius);
        }
    }
    return {scale, 0x1p-45, 0, largest > 0 ? 0x1p-8 : 0, largest};
}

StoredBalls full_balls(const Kernels& kernels, const Data& data, double scale, double longest,
                       const Crew& crew) {
    const int64_t stride = stride_of(data.dimensions);
    StoredBalls result{std::vector<int16_t>(data.count * stride), std::vector<double>(data.count),
                       stride, data.dimensions};
    const std::vector<double> zeros(data.dimensions), ones(data.dimensions, 1.0);
    std::vector<double> fingerprints(data.count);
    measure_rows(kernels, data.members(), zeros.data(), ones.data(), result.radii.data(),
                 fingerprints.data(), crew);
    make_full(kernels, data.members(), zeros.data(), scale, longest, stride, result.points.data(),
              result.radii.data(), crew);
    return result;
}

// Directions of random signs: neither orthogonal nor principal, but valid.
StoredBalls narrow_balls(const Kernels& kernels, const StoredBalls& full,
                         const Certificate& certificate, int64_t width, const Crew& crew) {
    Random random(7);
    std::vector<int16_t> basis(width * full.stride);
    double squares = 0;
    for (int64_t h = 0; h < width; ++h) {
        for (int64_t k = 0; k < full.width; ++k) {
            const int16_t sign = random() % 2 == 0 ? 1 : -1;
            basis[h * full.stride + k] = static_cast<int16_t>(
                sign * std::floor(30000 / std::sqrt(static_cast<double>(full.width))));
            squares += std::pow(basis[h * full.stride + k], 2);
        }
    }
    const int64_t count = static_cast<int64_t>(full.radii.size());
    const int64_t stride = stride_of(width + 1);
    StoredBalls result{std::vector<int16_t>(count * stride), std::vector<double>(count), stride,
                       width + 1};
    // The spectral norm is at most the Frobenius norm.
    make_narrow(kernels, full.balls(certificate), count, basis.data(), width,
                std::sqrt(squares) * (1 + 1e-12), stride, result.points.data(), result.radii.data(),
                crew);
    return result;
}

struct Answer {
    std::vector<double> squared;
    std::vector<int64_t> rows;
    std::vector<int64_t> counts;
};

Answer defined(const Data& x, const Data& y, bool self_form, const Kernels& kernels) {
    Answer answer;
    for (int64_t i = 0; i < x.count; ++i) {
        double nearest = kInfinity;
        int64_t row = -1;
        std::vector<double> own(y.count, kInfinity);
        for (int64_t j = 0; j < y.count; ++j) {
            const double squared =
                kernels.distance(x.members().rows, x.order[i], y.members().rows, y.order[j]);
            if (x.codes[i] == y.codes[j]) {
                own[j] = self_form && i == j ? kInfinity : squared;
            } else if (squared < nearest || (squared == nearest && y.order[j] < row)) {
                nearest = squared;
                row = y.order[j];
            }
        }
        int64_t count = 0;
        for (int64_t j = 0; j < y.count; ++j) {
            count += own[j] < nearest ? y.weights[j] : 0;
        }
        answer.squared.push_back(nearest);
        answer.rows.push_back(row);
        answer.counts.push_back(count);
    }
    return answer;
}

// Points that hold all rows but those longer than `longest`.
double scale_for(double longest) { return std::exp2(std::floor(std::log2(31000 / longest))); }

void compare(const std::string& name, const Data& x, const Data& y, bool self_form, double longest,
             int64_t width, const std::string& target, int threads) {
    const Kernels& kernels = cpu::kernels(target);
    const Crew crew{threads, [](int64_t, int64_t) {}};
    const double scale = scale_for(longest);
    std::vector<StoredBalls> full, narrow;
    for (const Data* side : {&x, &y}) {
        full.push_back(full_balls(kernels, *side, scale, longest, crew));
    }
    const Certificate wide = certificate_for(scale, {&full[0], &full[1]});
    for (const StoredBalls& balls : full) {
        narrow.push_back(width == 0 ? balls : narrow_balls(kernels, balls, wide, width, crew));
    }
    const Certificate thin = certificate_for(scale, {&narrow[0], &narrow[1]});
    std::vector<Side> sides;
    for (size_t s = 0; s < 2; ++s) {
        const Data& side = s == 0 ? x : y;
        const Balls wide_balls = full[s].balls(wide);
        sides.push_back({side.members(), side.codes.data(), side.weights.data(), wide_balls,
                         width == 0 ? wide_balls : narrow[s].balls(thin)});
    }
    const Problem problem{sides[0], self_form ? sides[0] : sides[1], self_form, kernels};
    Work work;
    Answer found{std::vector<double>(x.count, kInfinity), std::vector<int64_t>(x.count, -1),
                 std::vector<int64_t>(x.count)};
    Search(problem, found.squared.data(), found.rows.data(), work).run(crew);
    Count(problem, found.squared.data(), found.counts.data(), work).run(crew);
    const Answer wanted = defined(x, self_form ? x : y, self_form, kernels);
    const std::string label = name + ", " + target + ", width " + std::to_string(width) + ", " +
                              std::to_string(threads) + " threads: ";
    check(found.squared == wanted.squared, label + "squared distances");
    check(found.rows == wanted.rows, label + "rows");
    check(found.counts == wanted.counts, label + "counts");
}

void test_engine(int64_t count) {
    Random random(1);
    const auto gaussian = [&](int64_t, int64_t) { return normal(random); };
    const auto lattice = [&](int64_t, int64_t) { return static_cast<double>(random() % 4); };
    const auto clusters = [&](int64_t i, int64_t k) {
        return 100.0 * static_cast<double>((i + k) % 3) + 1e-3 * normal(random);
    };
    const auto outliers = [&](int64_t i, int64_t) {
        return i % 50 == 7 ? 1e5 * normal(random) : normal(random);
    };
    for (const std::string& target : targets()) {
        for (const int threads : {1, 4}) {
            for (const int64_t width : {0, 5}) {
                const Data x = make_data(count, 35, 6, gaussian);
                const Data y = make_data(count / 2, 35, 5, gaussian);
                compare("gaussian", x, x, true, 20, width, target, threads);
                compare("queries", x, y, false, 20, width, target, threads);
                const Data ties = make_data(count, 20, 3, lattice);
                compare("lattice", ties, ties, true, 20, width, target, threads);
                const Data pairs = make_data(count, 20, static_cast<int>(count / 2), lattice);
                compare("classes of two", pairs, pairs, true, 20, width, target, threads);
                const Data tight = make_data(count, 33, 4, clusters);
                compare("clusters", tight, tight, true, 2000, width, target, threads);
                const Data far = make_data(count, 18, 4, outliers);
                compare("outliers", far, far, true, 40, width, target, threads);
                compare("outliers among queries", far, make_data(count / 2, 18, 4, outliers), false,
                        40, width, target, threads);
            }
        }
    }
}

// Pairs of known distance, asked about with that very distance as the radius: never decided.
// With a tenth more or less they are decided, where balls are small beside their distance: a
// certificate that decides nothing would be of no use.
void test_certificate() {
    Random random(3);
    const Certificate certificate{1, 0x1p-48, 0, 0x1p-10, 8};
    int asked = 0, decided = 0;
    for (int trial = 0; trial < 200000; ++trial) {
        const double radius[2] = {8.0 * (random() % 1000) / 1000, 8.0 * (random() % 1000) / 1000};
        const double point[2] = {std::floor(8000 * normal(random) / 4),
                                 std::floor(8000 * normal(random) / 4)};
        // On a line, the samples anywhere in their balls.
        const double sample[2] = {point[0] + radius[0] * (random() % 3 - 1.0),
                                  point[1] + radius[1] * (random() % 3 - 1.0)};
        const auto product = static_cast<int64_t>(certificate.seed(point[0] * point[0], radius[0]) +
                                                  certificate.seed(point[1] * point[1], radius[1]) +
                                                  point[0] * point[1]);
        const double distance = std::abs(sample[0] - sample[1]);
        for (const double own : radius) {
            const double squared = distance * distance;
            check(product > certificate.farther(squared, own), "farther than itself");
            check(product <= certificate.nearer(squared, own), "nearer than itself");
            if (distance > 1000) {
                asked += 2;
                decided += product <= certificate.farther(0.81 * squared, own);
                decided += product > certificate.nearer(1.21 * squared, own);
            }
        }
        if (failures > 10) {
            return;
        }
    }
    check(asked > 100000 && decided == asked, std::to_string(asked - decided) + " undecided");
}

// Of any shape, rows or columns side by side; against plain loops.
void test_matrices() {
    Random random(5);
    const int64_t shapes[][3] = {{1, 1, 1}, {9, 40, 3}, {300, 17, 70}, {0, 5, 4}};
    for (const std::string& target : targets()) {
        const Kernels& kernels = cpu::kernels(target);
        for (const auto& [rows, depth, columns] : shapes) {
            std::vector<float> a(rows * depth), b(depth * columns);
            for (std::vector<float>* each : {&a, &b}) {
                std::generate(each->begin(), each->end(), [&] { return random() % 9 - 4.0f; });
            }
            const std::vector<double> exact(a.begin(), a.end());
            for (const bool turned : {false, true}) {
                const Matrix<float> left{a.data(), rows, depth, turned ? 1 : depth,
                                         turned ? rows : 1};
                const Matrix<float> right{b.data(), depth, columns, turned ? 1 : columns,
                                          turned ? depth : 1};
                const Matrix<double> finer{exact.data(), rows, depth, left.row_step,
                                           left.column_step};
                std::vector<float> wanted;
                for (int64_t i = 0; i < rows; ++i) {
                    for (int64_t j = 0; j < columns; ++j) {
                        float sum = 0;
                        for (int64_t k = 0; k < depth; ++k) {
                            sum += left.data[i * left.row_step + k * left.column_step] *
                                   right.data[k * right.row_step + j * right.column_step];
                        }
                        wanted.push_back(sum);
                    }
                }
                std::vector<float> found(wanted.size());
                std::vector<double> fine(wanted.size());
                const Crew crew{4, [](int64_t, int64_t) {}};
                matrix_product(kernels, left, right, found.data(), crew);
                matrix_product(kernels, finer, right, fine.data(), crew);
                check(found == wanted, target + ": product of floats");
                check(std::equal(fine.begin(), fine.end(), wanted.begin(), wanted.end()),
                      target + ": product of doubles");
            }
        }
        // Rows 3 e0, 2 e0 + e1, 0, 6 e0: the last one is the longest, and the first depends on it.
        const double gram[16] = {9, 6, 0, 18, 6, 5, 0, 12, 0, 0, 0, 0, 18, 12, 0, 36};
        std::vector<double> made(16, -1);
        check(gram_schmidt(kernels, gram, 4, made.data()) == 2, target + ": rank");
        const double wanted[8] = {0, 0, 0, 1.0 / 6, 0, 1, 0, -1.0 / 3};
        for (int k = 0; k < 8; ++k) {
            check(std::abs(made[k] - wanted[k]) < 1e-12, target + ": directions");
        }
    }
}

void test_exceptions() {
    const Crew crew{4, [](int64_t, int64_t) {}};
    bool came_out = false;
    try {
        crew.run(1000, [] {
            return [](int64_t piece) {
                if (piece == 500) {
                    throw std::runtime_error("piece 500");
                }
            };
        });
    } catch (const std::runtime_error&) {
        came_out = true;
    }
    check(came_out, "an exception of a worker comes out of the crew");
}

}  // namespace

int main(int argc, char** argv) {
    is_worker = false;
    test_certificate();
    test_matrices();
    test_engine(argc > 1 ? std::atoi(argv[1]) : 700);
    check(asked_by_workers == 0,
          std::to_string(asked_by_workers) + " times workers asked for memory");
    test_exceptions();
    return report();
}
