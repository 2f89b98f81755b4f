// The CUDA kernels that walk over tiles, on the host, thread for thread, against plain loops:
//   make test-native
//
// Points are small integers, so that products are exact and what survives is known.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "check.hpp"
#include "cuda/count.hpp"
#include "cuda/search.hpp"
#include "cuda/seed.hpp"

using namespace kstar;
using namespace kstar::cuda;
using kstar::simt::launch;

constexpr size_t kSector = 32;  // bytes of global memory that are fetched together

// One side of a problem, with room up to the end of its last block.
struct Balls {
    int32_t count, room, width;
    std::vector<int> coordinates;
    std::unique_ptr<uint16_t[], decltype(&std::free)> points;  // where a sector begins
    std::vector<float> seeds, thresholds, inner, give;
    std::vector<int32_t> codes, weights;
    std::vector<double> radii, slack;

    Balls(int32_t n, int32_t d, int32_t classes, std::mt19937& random)
        : count(n),
          room((n + kTileSide - 1) / kTileSide * kTileSide),
          width(d),
          coordinates(room * d),
          points(static_cast<uint16_t*>(std::aligned_alloc(kSector, 2 * room * d)), std::free),
          seeds(room, NAN),
          thresholds(room, -1e30f),
          inner(room, -1e30f),
          give(room, 0),
          codes(room, -1),
          weights(room, 1 << 20),
          radii(n),
          slack(n, 0.75) {
        std::fill_n(points.get(), room * d, 0x7e00);  // NaN behind the last sample
        for (int32_t i = 0; i < n; ++i) {
            codes[i] = static_cast<int32_t>(random() % classes);
            weights[i] = 1 + static_cast<int32_t>(random() % 3);
            give[i] = static_cast<float>(random() % 3);
            radii[i] = 0.125 * static_cast<double>(random() % 4);
        }
        std::sort(codes.begin(), codes.begin() + n);
        for (int32_t i = 0; i < n; ++i) {
            int squared = 0;
            for (int32_t k = 0; k < d; ++k) {
                const int value = static_cast<int>(random() % 5) - 2;
                coordinates[i * d + k] = value;
                points[i * d + k] = to_half(static_cast<float>(value));
                squared += value * value;
            }
            seeds[i] = -0.5f * static_cast<float>(squared);
            thresholds[i] = static_cast<float>(12 - 2 * d) - static_cast<float>(random() % 20);
            inner[i] = thresholds[i] + static_cast<float>(random() % 8);
        }
    }

    Side side() const { return {points.get(), seeds.data(), codes.data(), count, width}; }
    int32_t blocks() const { return room / kTileSide; }

    float product(int32_t i, const Balls& other, int32_t j) const {
        float sum = seeds[i] + other.seeds[j];
        for (int32_t k = 0; k < width; ++k) {
            sum +=
                static_cast<float>(coordinates[i * width + k] * other.coordinates[j * width + k]);
        }
        return sum;
    }
};

struct Case {
    std::string name;
    int32_t rows, columns, width, classes;  // no columns: the self form
    unsigned long long capacity;
    bool overflows = false;  // in Search
};

constexpr unsigned long long kNoEnd = std::numeric_limits<unsigned long long>::max();

// All tiles of a problem, those of equal rests modulo `stride` in one strip.
std::vector<Strip> all_strips(int64_t rows, int64_t columns, int64_t stride) {
    std::vector<Strip> strips;
    int64_t start = 0;
    for (int64_t r = 0; r < std::min(stride, rows); ++r) {
        for (int64_t c = 0; c < std::min(stride, columns); ++c) {
            const int64_t height = (rows - r + stride - 1) / stride;
            const int64_t width = (columns - c + stride - 1) / stride;
            strips.push_back({start, r, c, stride, height, width});
            start += height * width;
        }
    }
    return strips;
}

bool before(const Pair& a, const Pair& b) {
    return std::pair(a.row, a.column) < std::pair(b.row, b.column);
}

// A problem, its tiles, and the pairs that its kernel has let through so far.
struct Run {
    const Case& c;
    std::mt19937 random;
    Balls rows, others;
    std::vector<Strip> strips;
    std::vector<Pair> buffer;
    std::vector<Pair> found;
    Cursor cursor{};
    int launches = 0;

    Run(const Case& problem, unsigned seed)
        : c(problem),
          random(seed),
          rows(c.rows, c.width, c.classes, random),
          others(c.columns > 0 ? c.columns : 1, c.width, c.classes, random),
          strips(all_strips(rows.blocks(), columns().blocks(), 1 + seed % 2)),
          buffer(c.capacity) {}

    bool same() const { return c.columns == 0; }
    Balls& columns() { return same() ? rows : others; }
    const Balls& columns() const { return same() ? rows : others; }
    bool asks(int32_t i, int32_t j, bool foreign) const {
        return (rows.codes[i] != columns().codes[j]) == foreign && !(same() && i >= j);
    }

    // Calls `launch_with(walk, survivors)` until all tiles are done, a few of them at a time.
    template <typename LaunchWith>
    void finish(bool foreign, const LaunchWith& launch_with) {
        constexpr int64_t kAtOnce = 4;
        const int64_t tiles = int64_t{rows.blocks()} * columns().blocks();
        for (int64_t first = 0; first < tiles; first += kAtOnce) {
            std::vector<uint32_t> done(std::min(kAtOnce, tiles - first));
            do {
                cursor = {0, 0, 0, 0, kNoEnd};
                launch_with(Walk{rows.side(), columns().side(), same(), foreign, strips.data(),
                                 static_cast<int64_t>(strips.size()), first,
                                 static_cast<unsigned>(done.size()), done.data()},
                            Survivors{buffer.data(), c.capacity, &cursor});
                const auto count = std::min(cursor.reserved, cursor.ended);
                found.insert(found.end(), buffer.begin(),
                             buffer.begin() + static_cast<int64_t>(count));
                if (++launches == 500) {
                    check(false, c.name + ": it comes to an end");
                    return;
                }
            } while (cursor.ended != kNoEnd);
        }
        std::sort(found.begin(), found.end(), before);
    }

    bool found_are(const std::vector<Pair>& wanted) const {
        return std::equal(found.begin(), found.end(), wanted.begin(), wanted.end(),
                          [](const Pair& a, const Pair& b) {
                              return a.row == b.row && a.column == b.column &&
                                     a.product == b.product;
                          });
    }
};

Sieve sieve_of(Balls& rows, Balls& columns) {
    const auto reach = [](Balls& balls) {
        return Reach{balls.radii.data(), balls.slack.data(), balls.thresholds.data()};
    };
    return {reach(rows), reach(columns), {1, 1.5, 1}};
}

Search search_of(const Walk& walk, const Sieve& sieve, const Survivors& survivors) {
    Search search{};
    search.walk = walk;
    search.sieve = sieve;
    search.survivors = survivors;
    return search;
}

void test_search(const Case& c, unsigned seed) {
    Run run(c, seed);
    if (!run.same()) {  // references do not ask
        std::fill(run.others.thresholds.begin(), run.others.thresholds.end(), INFINITY);
    }
    run.finish(true, [&](const Walk& walk, const Survivors& survivors) {
        const Search search = search_of(walk, sieve_of(run.rows, run.columns()), survivors);
        launch(seed, 2, kTileThreads, kTileBytes, [&] { search_tiles(search); });
    });
    std::vector<Pair> wanted;
    for (int32_t i = 0; i < run.rows.count; ++i) {
        for (int32_t j = 0; j < run.columns().count; ++j) {
            const float threshold = std::min(run.rows.thresholds[i], run.columns().thresholds[j]);
            const float product = run.rows.product(i, run.columns(), j);
            if (run.asks(i, j, true) && product >= threshold) {
                wanted.push_back({i, j, product});
            }
        }
    }
    check(!wanted.empty() && run.found_are(wanted), c.name + ": the pairs that survive");
    const int at_least = (run.rows.blocks() * run.columns().blocks() + 3) / 4;
    check(c.overflows == (run.launches > at_least), c.name + ": the buffer overflows");
}

// Every row knows a distance that the nearest of the foreign columns keeps.
void test_seeds(const Case& c, unsigned seed) {
    Run run(c, seed);
    Balls& columns = run.columns();
    std::fill(columns.radii.begin(), columns.radii.end(),
              0.25);  // so the largest product is nearest
    const double infinity = std::numeric_limits<double>::infinity();
    std::vector<long long> limits(run.rows.count, __double_as_longlong(infinity));
    const Sieve sieve = sieve_of(run.rows, columns);
    const Seeding work{{run.rows.side(), columns.side(), run.same(), true, run.strips.data(),
                        static_cast<int64_t>(run.strips.size()), 0,
                        static_cast<unsigned>(run.rows.blocks() * columns.blocks()), nullptr},
                       sieve,
                       {nullptr, nullptr, nullptr, limits.data(), nullptr}};
    launch(seed, 2, kTileThreads, kTileBytes, [&] { seed_tiles(work); });
    for (int32_t i = 0; i < run.rows.count; ++i) {
        double nearest = infinity;
        for (int32_t j = 0; j < columns.count; ++j) {
            if (run.asks(i, j, true)) {
                const double squared =
                    run.rows.slack[i] + columns.slack[j] - 2 * run.rows.product(i, columns, j);
                nearest = std::min(nearest, (std::sqrt(squared) + (run.rows.radii[i] + 0.25)) *
                                                kOutward * sieve.bounds.above);
            }
        }
        check(limits[i] == __double_as_longlong(nearest), c.name + ": the limits of seeds");
    }
}

// Thresholds are the largest float32 that is not above the formula's value.
void test_thresholds(unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    const int32_t n = 77;
    std::vector<long long> squared, limits;
    std::vector<double> radii;
    const std::unique_ptr<bool[]> settled(new bool[n]);
    for (int32_t i = 0; i < n; ++i) {
        const double infinity = std::numeric_limits<double>::infinity();
        squared.push_back(
            __double_as_longlong(i % 5 == 0 ? infinity : std::exp(9 * normal(random))));
        limits.push_back(
            __double_as_longlong(i % 3 == 0 ? infinity : std::exp(9 * normal(random))));
        radii.push_back(std::exp(normal(random)));
        settled[i] = i % 7 == 1;
    }
    std::vector<float> found(n, NAN);
    const Bounds bounds{0.5, 1 + 0x1p-30, 0.75};
    const Nearest nearest{squared.data(), nullptr, nullptr, limits.data(), settled.get()};
    const Thresholds work{nearest, {radii.data(), nullptr, found.data()}, bounds, n};
    launch(seed, 2, 64, 0, [&] { set_thresholds(work); });
    for (int32_t i = 0; i < n; ++i) {
        const double radius = std::min(0.5 * std::sqrt(__longlong_as_double(squared[i])),
                                       __longlong_as_double(limits[i]));
        const double reach = radius * bounds.above + radii[i];
        const double exact = -bounds.farther * reach * reach;
        if (settled[i]) {
            check(found[i] == INFINITY, "who is settled does not ask");
        } else if (exact < kLowest) {
            check(found[i] == kLowest, "who knows nothing asks about all");
        } else {
            check(found[i] <= exact && std::nextafterf(found[i], 0) > exact, "thresholds");
        }
    }
}

// What survived is a bound from above for both of its samples.
void test_tightening(unsigned seed) {
    std::mt19937 random(seed);
    Balls balls(90, 32, 3, random);
    const Sieve sieve = sieve_of(balls, balls);
    const double infinity = std::numeric_limits<double>::infinity();
    std::vector<long long> limits(balls.count, __double_as_longlong(infinity));
    std::vector<double> wanted(balls.count, infinity);
    std::vector<Pair> pairs;
    for (int32_t i = 0; i < balls.count; ++i) {
        for (int32_t j = i + 1; j < balls.count; j += 1 + static_cast<int32_t>(random() % 9)) {
            const bool a_number = random() % 8 != 0;
            const float product = a_number ? balls.product(i, balls, j) : -NAN;
            pairs.push_back({i, j, product});
            if (a_number) {
                const double squared = balls.slack[i] + balls.slack[j] - 2 * product;
                const double distance = (std::sqrt(squared) + (balls.radii[i] + balls.radii[j])) *
                                        kOutward * sieve.bounds.above;
                wanted[i] = std::min(wanted[i], distance);
                wanted[j] = std::min(wanted[j], distance);
            }
        }
    }
    Cursor cursor{pairs.size(), 0, 0, 0, kNoEnd};
    Search search = search_of({}, {}, {pairs.data(), pairs.size(), &cursor});
    search.full = sieve;
    search.row_nearest.limit = search.column_nearest.limit = limits.data();
    launch(seed, 2, 64, 0, [&] { tighten_pairs(search); });
    for (int32_t i = 0; i < balls.count; ++i) {
        check(limits[i] == __double_as_longlong(wanted[i]), "survivors' limits");
    }
}

void test_count(const Case& c, unsigned seed) {
    Run run(c, seed);
    Balls& columns = run.columns();
    std::vector<int32_t> row_counts(run.rows.count), column_counts(columns.count);
    const auto radii = [](const Balls& balls, int32_t* counts) {
        return Radii{balls.thresholds.data(),
                     balls.inner.data(),
                     balls.give.data(),
                     balls.weights.data(),
                     counts,
                     nullptr,
                     {}};
    };
    run.finish(false, [&](const Walk& walk, const Survivors& survivors) {
        const Count count{walk, radii(run.rows, row_counts.data()),
                          radii(columns, run.same() ? row_counts.data() : nullptr), survivors};
        launch(seed, 2, kTileThreads, kTileBytes, [&] { count_tiles(count); });
    });
    std::vector<int32_t> wanted(run.rows.count);
    std::vector<Pair> open;
    for (int32_t i = 0; i < run.rows.count; ++i) {
        for (int32_t j = 0; j < columns.count; ++j) {
            if (!run.asks(i, j, false)) {
                continue;
            }
            const float product = run.rows.product(i, columns, j);
            const bool row_inside = product > run.rows.inner[i] + columns.give[j];
            const bool column_inside = run.same() && product > columns.inner[j] + run.rows.give[i];
            const bool row_open = !row_inside && product >= run.rows.thresholds[i];
            const bool column_open =
                run.same() && !column_inside && product >= columns.thresholds[j];
            wanted[i] += row_inside ? columns.weights[j] : 0;
            if (run.same()) {
                wanted[j] += column_inside ? run.rows.weights[i] : 0;
            }
            if (row_open || column_open) {
                open.push_back({i | (row_open ? kAsks : 0), j | (column_open ? kAsks : 0), 0});
            }
        }
    }
    std::sort(open.begin(), open.end(), before);
    check(row_counts == wanted, c.name + ": the counts");
    check(!open.empty() && run.found_are(open), c.name + ": the pairs left open");
}

// A buffer that a tile fills to the last place has not lost the tile that comes after.
void test_exactly_full(unsigned seed) {
    std::mt19937 random(seed);
    Balls balls(3 * kTileSide, kDepth, 1, random);
    for (int32_t i = 0; i < balls.count; ++i) {
        balls.codes[i] = i / kTileSide;
        balls.thresholds[i] = -1e30f;
    }
    const Strip strip{0, 0, 1, 1, 1, 2};
    uint32_t done[2] = {};
    std::vector<Pair> buffer(kTileSide * kTileSide);
    for (int round = 0; round < 2; ++round) {
        Cursor cursor{0, 0, 0, 0, kNoEnd};
        const Search search =
            search_of({balls.side(), balls.side(), true, true, &strip, 1, 0, 2, done},
                      sieve_of(balls, balls), {buffer.data(), buffer.size(), &cursor});
        launch(seed, 1, kTileThreads, kTileBytes, [&] { search_tiles(search); });
        check(std::min(cursor.reserved, cursor.ended) == buffer.size(), "a tile fits exactly");
        check((cursor.ended == kNoEnd) == (round == 1), "what is left is told");
    }
}

// A tile whose first chunk decides all ends there, and the next one does not suffer from it.
void test_early_end(unsigned seed) {
    std::mt19937 random(seed);
    Balls balls(3 * kTileSide, 3 * kDepth, 1, random);
    for (int32_t i = 0; i < balls.count; ++i) {
        balls.codes[i] = i / kTileSide;
        balls.thresholds[i] = -500;
        if (balls.codes[i] == 1) {  // far away; what comes later is not even a number
            for (int32_t k = 0; k < balls.width; ++k) {
                balls.points[i * balls.width + k] = to_half(k >= kDepth ? NAN : k == 0 ? 80 : 0);
            }
            balls.seeds[i] = -3200;
        }
    }
    int32_t near = 0;  // pairs of the first and the last block that survive
    for (int32_t i = 0; i < kTileSide; ++i) {
        for (int32_t j = 2 * kTileSide; j < balls.count; ++j) {
            balls.thresholds[i] = balls.thresholds[j] = -190;
            near += balls.product(i, balls, j) >= -190;
        }
    }
    for (const float tail : {1.0f, 60.0f}) {
        std::vector<float> tails(balls.count, 10);
        tails[5] = tails[200] = tail;
        const Strip strip{0, 0, 1, 1, 1, 2};
        uint32_t done[2] = {};
        std::vector<Pair> buffer(2 * kTileSide * kTileSide);
        Cursor cursor{0, 0, 0, 0, kNoEnd};
        Search search = search_of({balls.side(), balls.side(), true, true, &strip, 1, 0, 2, done},
                                  sieve_of(balls, balls), {buffer.data(), buffer.size(), &cursor});
        search.row_tails = search.column_tails = tails.data();
        launch(seed, 1, kTileThreads, kTileBytes, [&] { search_tiles(search); });
        check(done[0] == kAllWarps && done[1] == kAllWarps, "tiles that ended are done");
        check(cursor.early == (tail == 1) && cursor.tiles == 2 - cursor.early, "tiles are counted");
        // The products are about -3200; a tail of 60 could add 3600.
        const int32_t undecided = tail == 1 ? 0 : kTileSide * kTileSide;
        check(near > 0 && cursor.reserved == static_cast<unsigned>(near + undecided),
              "a tile ends where none can win");
    }
}

// No two lanes meet in a bank of shared memory, and no byte is fetched that is not used.
void test_traffic() {
    const simt::Traffic& traffic = simt::Block::traffic;
    check(traffic.phases > 0 && traffic.conflicts == 0, "no bank conflicts");
    check(traffic.sectors == 16 * traffic.requests, "32 lanes fetch 16 whole sectors");
    std::printf("%lld phases of shared memory, %lld conflicts, %.1f sectors a request\n",
                static_cast<long long>(traffic.phases), static_cast<long long>(traffic.conflicts),
                static_cast<double>(traffic.sectors) / static_cast<double>(traffic.requests));
}

int main() {
    const unsigned long long large = 1 << 20, small = 3000;
    const std::vector<Case> cases{
        {"one block", 100, 0, 32, 3, large},
        {"ragged blocks", 300, 0, 64, 4, large},
        {"many classes", 261, 0, 32, 90, large},
        {"queries", 150, 270, 96, 3, large},
        {"a full buffer", 300, 0, 32, 3, small, true},
        {"a full buffer of queries", 140, 130, 32, 2, small, true},
        {"four stages", 130, 0, 128, 2, large},
    };
    for (unsigned seed = 0; seed < 2; ++seed) {
        for (const Case& c : cases) {
            test_search(c, seed);
            test_count(c, seed);
            test_seeds(c, seed);
        }
        test_early_end(seed);
        test_thresholds(seed);
        test_tightening(seed);
    }
    for (unsigned seed = 0; seed < 12; ++seed) {  // only where the first warp comes last
        test_exactly_full(seed);
    }
    test_traffic();
    return report();
}
