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
#include "cpu/bytes.hpp"
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
    int64_t stride;
    int64_t width;
    std::vector<int16_t> points;
    std::vector<int8_t> bytes;  // instead of those
    std::vector<int32_t> squares;
    std::vector<int32_t> sums;
    std::vector<double> radii;

    StoredBalls(int64_t count, int64_t width, bool in_bytes)
        : stride(whole_steps(width, in_bytes ? kByteStep : kWidthStep)),
          width(width),
          points(in_bytes ? 0 : count * stride),
          bytes(in_bytes ? count * stride : 0),
          squares(count),
          sums(in_bytes ? count : 0),
          radii(count) {}

    Balls balls(const Certificate& certificate) const {
        const bool in_bytes = points.empty();
        return {in_bytes ? static_cast<const void*>(bytes.data()) : points.data(),
                in_bytes,
                stride,
                width,
                squares.data(),
                in_bytes ? sums.data() : nullptr,
                radii.data(),
                certificate};
    }

 private:
    static int64_t whole_steps(int64_t width, int64_t step) {
        return (width + step - 1) / step * step;
    }
};

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
    StoredBalls result(data.count, data.dimensions, false);
    const std::vector<double> zeros(data.dimensions), ones(data.dimensions, 1.0);
    std::vector<double> fingerprints(data.count);
    measure_rows(kernels, data.members(), zeros.data(), ones.data(), result.radii.data(),
                 fingerprints.data(), crew);
    make_full(kernels, data.members(), zeros.data(), scale, longest, result.stride,
              result.points.data(), result.squares.data(), result.radii.data(), crew);
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
    StoredBalls result(count, width + 1, false);
    // The spectral norm is at most the Frobenius norm.
    make_narrow(kernels, full.balls(certificate), count, basis.data(), width,
                std::sqrt(squares) * (1 + 1e-12), result.stride, result.points.data(),
                result.squares.data(), result.radii.data(), crew);
    return result;
}

// The same balls in bytes, which some of their numbers exceed.
constexpr float kFactor = 0.04f;

StoredBalls byte_balls(const Kernels& kernels, const StoredBalls& fine,
                       const Certificate& certificate, bool turned, const Crew& crew) {
    Random random(11);
    std::vector<int16_t> middle(fine.width), signs(fine.width);
    for (int64_t k = 0; k < fine.width; ++k) {
        middle[k] = static_cast<int16_t>(random() % 100);
        signs[k] = random() % 2 == 0 ? 1 : -1;
    }
    const int64_t count = static_cast<int64_t>(fine.radii.size());
    StoredBalls result(count, fine.width, true);
    make_bytes(
        kernels, fine.balls(certificate), count,
        {middle.data(), turned ? signs.data() : nullptr, fine.width, kFactor, kernels.largest_byte},
        result.stride, result.bytes.data(), result.squares.data(), result.sums.data(),
        result.radii.data(), crew);
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

// What one thread does alone, the thread sanitizer has nothing to say of.
#if defined(__SANITIZE_THREAD__)
constexpr bool kRacesOnly = true;
#else
constexpr bool kRacesOnly = false;
#endif

enum class Numbers { pairs, bytes, turned_bytes };

// How a search looks at samples, and with how many threads.
struct Way {
    int64_t width;  // of narrow balls; none if 0
    Numbers numbers;
    int threads;

    std::string name() const {
        const char* const names[] = {"pairs", "bytes", "turned bytes"};
        return ", width " + std::to_string(width) + ", " + names[static_cast<int>(numbers)] + ", " +
               std::to_string(threads) + " threads: ";
    }
};

const Way kWays[] = {{0, Numbers::pairs, 4},        {5, Numbers::pairs, 1},
                     {0, Numbers::bytes, 1},        {5, Numbers::bytes, 4},
                     {0, Numbers::turned_bytes, 4}, {5, Numbers::turned_bytes, 1}};

// The balls of both sides that are looked at first, and their certificate.
struct First {
    std::vector<StoredBalls> balls;
    Certificate certificate;
};

First first_balls(const Kernels& kernels, const std::vector<StoredBalls>& full,
                  const Certificate& wide, const Way& way, const Crew& crew) {
    First first{full, wide};
    const auto take = [&](double scale, const auto& made) {
        for (StoredBalls& balls : first.balls) {
            balls = made(balls);
        }
        first.certificate = certificate_for(scale, {&first.balls[0], &first.balls[1]});
    };
    if (way.width > 0) {
        take(wide.scale, [&](const StoredBalls& balls) {
            return narrow_balls(kernels, balls, wide, way.width, crew);
        });
    }
    if (way.numbers != Numbers::pairs) {
        take(kFactor * wide.scale, [&](const StoredBalls& balls) {
            return byte_balls(kernels, balls, first.certificate,
                              way.numbers == Numbers::turned_bytes, crew);
        });
    }
    return first;
}

// The answers to the references, besides, where they ask.
struct Found {
    Answer samples, references;
};

Found found(const Data& x, const Data& y, bool self_form, double longest, const Kernels& kernels,
            const Way& way) {
    const Crew crew{way.threads, [](int64_t, int64_t) {}};
    const double scale = scale_for(longest);
    std::vector<StoredBalls> full;
    for (const Data* side : {&x, &y}) {
        full.push_back(full_balls(kernels, *side, scale, longest, crew));
    }
    const Certificate wide = certificate_for(scale, {&full[0], &full[1]});
    const First first = first_balls(kernels, full, wide, way, crew);
    const bool plain = way.width == 0 && way.numbers == Numbers::pairs;
    std::vector<Side> sides;
    for (size_t s = 0; s < 2; ++s) {
        const Data& side = s == 0 ? x : y;
        const Balls wide_balls = full[s].balls(wide);
        sides.push_back({side.members(), side.codes.data(), side.order.data(), side.weights.data(),
                         wide_balls, plain ? wide_balls : first.balls[s].balls(first.certificate)});
    }
    const Problem problem{sides[0], self_form ? sides[0] : sides[1], self_form, kernels};
    Work work;
    Found answer;
    for (Answer* each : {&answer.samples, &answer.references}) {
        const int64_t count = each == &answer.samples ? x.count : y.count;
        *each = {std::vector<double>(count, kInfinity), std::vector<int64_t>(count, -1),
                 std::vector<int64_t>(count)};
    }
    Known of_samples(problem.samples, answer.samples.squared.data(), answer.samples.rows.data());
    if (self_form) {
        search(problem, of_samples, nullptr, crew, work);
    } else {
        Known of_references(problem.references, answer.references.squared.data(),
                            answer.references.rows.data());
        search(problem, of_samples, &of_references, crew, work);
    }
    Within within(problem.samples, answer.samples.squared.data(), answer.samples.counts.data());
    if (self_form) {
        Count(problem, within, nullptr, work).run(crew);
    } else {
        Within of_references(problem.references, answer.references.squared.data(),
                             answer.references.counts.data());
        Count(problem, within, &of_references, work).run(crew);
    }
    return answer;
}

void compare(const std::string& name, const Data& x, const Data& y, bool self_form, double longest,
             const std::string& target) {
    const Kernels& kernels = cpu::kernels(target);
    const Answer wanted = defined(x, y, self_form, kernels);
    const Answer mirrored = self_form ? Answer{} : defined(y, x, false, kernels);
    for (const Way& way : kWays) {
        if (kRacesOnly && way.threads == 1) {
            continue;
        }
        const Found answer = found(x, y, self_form, longest, kernels, way);
        const std::string label = name + ", " + target + way.name();
        check(answer.samples.squared == wanted.squared, label + "squared distances");
        check(answer.samples.rows == wanted.rows, label + "rows");
        check(answer.samples.counts == wanted.counts, label + "counts");
        if (!self_form) {
            check(answer.references.squared == mirrored.squared, label + "references' distances");
            check(answer.references.rows == mirrored.rows, label + "references' rows");
            check(answer.references.counts == mirrored.counts, label + "references' counts");
        }
    }
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
        const Data x = make_data(count, 35, 6, gaussian);
        const Data y = make_data(count / 2, 35, 5, gaussian);
        compare("gaussian", x, x, true, 20, target);
        compare("queries", x, y, false, 20, target);
        const Data ties = make_data(count, 20, 3, lattice);
        compare("lattice", ties, ties, true, 20, target);
        const Data pairs = make_data(count, 20, static_cast<int>(count / 2), lattice);
        compare("classes of two", pairs, pairs, true, 20, target);
        const Data tight = make_data(count, 33, 4, clusters);
        compare("clusters", tight, tight, true, 2000, target);
        const Data far = make_data(count, 18, 4, outliers);
        compare("outliers", far, far, true, 40, target);
        compare("outliers among queries", far, make_data(count / 2, 18, 4, outliers), false, 40,
                target);
    }
}

// Samples along a line, in few dimensions and so many that a tree is asked, which passes over most
// pairs. By one instruction set: with sanitizers so many take long.
void test_tree() {
    constexpr int64_t kCount = 17000;
    Random random(5);
    const auto line = [&](int64_t i, int64_t k) {
        return k == 0 ? 10.0 * static_cast<double>(i) / kCount : 0.1 * normal(random);
    };
    const Data references = make_data(kCount, 3, 3, line);
    compare("a tree", make_data(100, 3, 4, line), references, false, 12, cpu::targets().front());
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
    test_tree();
    check(asked_by_workers == 0,
          std::to_string(asked_by_workers) + " times workers asked for memory");
    test_exceptions();
    return report();
}
