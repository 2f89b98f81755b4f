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
          weights(room, 1 << 20) {
        std::fill_n(points.get(), room * d, 0x7e00);  // NaN behind the last sample
        for (int32_t i = 0; i < n; ++i) {
            codes[i] = static_cast<int32_t>(random() % classes);
            weights[i] = 1 + static_cast<int32_t>(random() % 3);
            give[i] = static_cast<float>(random() % 3);
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
};

// A problem, its tiles, and the pairs that its kernel has let through so far.
struct Run {
    const Case& c;
    std::mt19937 random;
    Balls rows, others;
    std::vector<Tile> tiles;
    std::vector<Pair> buffer;
    std::vector<std::pair<int32_t, int32_t>> found;
    unsigned long long reserved = 0, ended = 0;
    int launches = 0;

    Run(const Case& problem, unsigned seed)
        : c(problem),
          random(seed),
          rows(c.rows, c.width, c.classes, random),
          others(c.columns > 0 ? c.columns : 1, c.width, c.classes, random),
          buffer(c.capacity) {
        for (int32_t r = 0; r < rows.blocks(); ++r) {
            for (int32_t col = same() ? r : 0; col < columns().blocks(); ++col) {
                tiles.push_back({r, col, (1 << kWarps) - 1});
            }
        }
        std::shuffle(tiles.begin(), tiles.end(), random);
    }

    bool same() const { return c.columns == 0; }
    Balls& columns() { return same() ? rows : others; }
    const Balls& columns() const { return same() ? rows : others; }
    bool asks(int32_t i, int32_t j, bool foreign) const {
        return (rows.codes[i] != columns().codes[j]) == foreign && !(same() && i >= j);
    }

    // Calls `launch_with(walk, survivors)` until all tiles are done.
    template <typename LaunchWith>
    void finish(bool foreign, const LaunchWith& launch_with) {
        while (!tiles.empty()) {
            reserved = 0;
            ended = std::numeric_limits<unsigned long long>::max();
            launch_with(Walk{rows.side(), columns().side(), same(), foreign, tiles.data(),
                             static_cast<unsigned>(tiles.size())},
                        Survivors{buffer.data(), c.capacity, &reserved, &ended});
            for (unsigned long long p = 0; p < std::min(reserved, ended); ++p) {
                found.emplace_back(buffer[p].row, buffer[p].column);
            }
            tiles.erase(std::remove_if(tiles.begin(), tiles.end(),
                                       [](const Tile& tile) { return tile.open_warps == 0; }),
                        tiles.end());
            if (++launches == 500) {
                check(false, c.name + ": it comes to an end");
                return;
            }
        }
    }
};

void test_search(const Case& c, unsigned seed) {
    Run run(c, seed);
    std::vector<float> nobody(run.columns().room, INFINITY);
    const float* column_thresholds = run.same() ? run.rows.thresholds.data() : nobody.data();
    run.finish(true, [&](const Walk& walk, const Survivors& survivors) {
        const Search search{
            walk, run.rows.thresholds.data(), column_thresholds, nullptr, nullptr, survivors};
        launch(seed, 2, kTileThreads, kTileBytes, [&] { search_tiles(search); });
    });
    std::vector<std::pair<int32_t, int32_t>> wanted;
    for (int32_t i = 0; i < run.rows.count; ++i) {
        for (int32_t j = 0; j < run.columns().count; ++j) {
            const float threshold = std::min(run.rows.thresholds[i], column_thresholds[j]);
            if (run.asks(i, j, true) && run.rows.product(i, run.columns(), j) >= threshold) {
                wanted.emplace_back(i, j);
            }
        }
    }
    std::sort(run.found.begin(), run.found.end());
    check(!wanted.empty() && run.found == wanted, c.name + ": the pairs that survive");
    check((run.launches > 1) == (wanted.size() > c.capacity), c.name + ": the buffer overflows");
}

void test_count(const Case& c, unsigned seed) {
    Run run(c, seed);
    Balls& columns = run.columns();
    std::vector<int32_t> row_counts(run.rows.count), column_counts(columns.count);
    const auto radii = [](const Balls& balls, int32_t* counts) {
        return Radii{balls.thresholds.data(), balls.inner.data(), balls.give.data(),
                     balls.weights.data(), counts};
    };
    run.finish(false, [&](const Walk& walk, const Survivors& survivors) {
        const Count count{walk, radii(run.rows, row_counts.data()),
                          radii(columns, run.same() ? row_counts.data() : nullptr), survivors};
        launch(seed, 2, kTileThreads, kTileBytes, [&] { count_tiles(count); });
    });
    std::vector<int32_t> wanted(run.rows.count);
    std::vector<std::pair<int32_t, int32_t>> open;
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
                open.emplace_back(i | (row_open ? kAsks : 0), j | (column_open ? kAsks : 0));
            }
        }
    }
    std::sort(run.found.begin(), run.found.end());
    std::sort(open.begin(), open.end());
    check(row_counts == wanted, c.name + ": the counts");
    check(!open.empty() && run.found == open, c.name + ": the pairs left open");
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
        std::vector<Tile> tiles{{0, 1, (1 << kWarps) - 1}, {0, 2, (1 << kWarps) - 1}};
        std::vector<Pair> buffer(2 * kTileSide * kTileSide);
        unsigned long long reserved = 0, ended = std::numeric_limits<unsigned long long>::max();
        const Search search{{balls.side(), balls.side(), true, true, tiles.data(), 2},
                            balls.thresholds.data(),
                            balls.thresholds.data(),
                            tails.data(),
                            tails.data(),
                            {buffer.data(), buffer.size(), &reserved, &ended}};
        launch(seed, 1, kTileThreads, kTileBytes, [&] { search_tiles(search); });
        check(tiles[0].open_warps == 0 && tiles[1].open_warps == 0, "tiles that ended are done");
        // The products are about -3200; a tail of 60 could add 3600.
        const int32_t undecided = tail == 1 ? 0 : kTileSide * kTileSide;
        check(near > 0 && reserved == static_cast<unsigned>(near + undecided),
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
        {"a full buffer", 300, 0, 32, 3, small},
        {"a full buffer of queries", 140, 130, 32, 2, small},
        {"four stages", 130, 0, 128, 2, large},
    };
    for (unsigned seed = 0; seed < 2; ++seed) {
        for (const Case& c : cases) {
            test_search(c, seed);
            test_count(c, seed);
        }
        test_early_end(seed);
    }
    test_traffic();
    return report();
}
