// The twin of Intel's tiles: its products against plain loops, and that it refuses what the
// processor refuses. `make test-native`.
#include "cpu/amx.hpp"

#include <cstdint>
#include <cstring>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "check.hpp"

using namespace kstar::cpu;

namespace {

bool refused(const std::function<void()>& use) {
    try {
        use();
    } catch (const std::logic_error&) {
        return true;
    }
    return false;
}

TileShapes shapes(int count, int rows, int row_bytes) {
    TileShapes made{};
    made.palette = 1;
    for (int t = 0; t < count; ++t) {
        made.rows[t] = static_cast<uint8_t>(rows);
        made.row_bytes[t] = static_cast<uint16_t>(row_bytes);
    }
    return made;
}

void test_configuration() {
    const auto refuses = [](const std::function<void(TileShapes&)>& change) {
        TileShapes changed = shapes(8, 16, 64);
        change(changed);
        return refused([&] { configure_tiles(changed); });
    };
    check(!refuses([](TileShapes&) {}), "the whole shape is right");
    check(refuses([](TileShapes& s) { s.palette = 0; }), "palette 0");
    check(refuses([](TileShapes& s) { s.palette = 2; }), "palette 2");
    check(refuses([](TileShapes& s) { s.start_row = 1; }), "start row");
    check(refuses([](TileShapes& s) { s.reserved[13] = 1; }), "reserved bytes");
    check(refuses([](TileShapes& s) { s.rows[7] = 17; }), "17 rows");
    check(refuses([](TileShapes& s) { s.row_bytes[7] = 68; }), "68 bytes");
    check(refuses([](TileShapes& s) { s.rows[3] = 0; }), "no rows, but bytes");
    check(refuses([](TileShapes& s) { s.row_bytes[3] = 0; }), "rows, but no bytes");
    check(refuses([](TileShapes& s) { s.rows[8] = s.row_bytes[8] = 1; }), "a ninth tile");
    release_tiles();
}

void test_use() {
    std::vector<int32_t> memory(kTileWords);
    const std::function<void()> uses[] = {
        [] { zero_tile<0>(); }, [&] { load_tile<0>(memory.data(), kTileLine); },
        [&] { store_tile<0>(memory.data(), kTileLine); }, [] { add_tile_products<0, 1, 2>(); }};
    for (const auto& use : uses) {
        check(refused(use), "tiles are used before they are configured");
        {
            const WholeTiles whole;
            check(!refused(use), "tiles are used");
            bool elsewhere = false;
            std::thread([&] { elsewhere = refused(use); }).join();
            check(elsewhere, "every thread configures its own");
        }
        check(refused(use), "tiles are used after they were released");
    }
    configure_tiles(shapes(3, 16, 64));
    check(refused([] { zero_tile<3>(); }), "a tile without a shape");
    TileShapes uneven = shapes(3, 4, 16);
    for (const int part : {0, 1, 2}) {
        TileShapes changed = uneven;
        changed.rows[part] = 5;
        configure_tiles(changed);
        check(refused([] { add_tile_products<0, 1, 2>(); }), "rows that do not belong together");
        changed = uneven;
        changed.row_bytes[part] = 20;
        configure_tiles(changed);
        check(refused([] { add_tile_products<0, 1, 2>(); }), "widths that do not belong together");
    }
    release_tiles();
}

template <bool kSignedA, bool kSignedB>
void test_products(std::mt19937& random, int rows, int words, int columns) {
    const auto number = [](uint8_t byte, bool is_signed) {
        return int64_t{byte} - (is_signed && byte >= 128 ? 256 : 0);
    };
    uint8_t a[16][64], b[16][64];
    uint32_t sums[16][16], wanted[16][16];
    for (auto* bytes : {&a, &b}) {
        for (auto& row : *bytes) {
            for (uint8_t& byte : row) {
                byte = static_cast<uint8_t>(random());
            }
        }
    }
    for (int r = 0; r < 16; ++r) {
        for (int c = 0; c < 16; ++c) {
            wanted[r][c] = sums[r][c] = static_cast<uint32_t>(random());
            for (int k = 0; r < rows && c < columns && k < 4 * words; ++k) {
                wanted[r][c] += static_cast<uint32_t>(number(a[r][k], kSignedA) *
                                                      number(b[k / 4][4 * c + k % 4], kSignedB));
            }
        }
    }
    TileShapes uneven = shapes(3, rows, 4 * columns);
    uneven.row_bytes[1] = static_cast<uint16_t>(4 * words);
    uneven.rows[2] = static_cast<uint8_t>(words);
    configure_tiles(uneven);
    load_tile<0>(sums, 64);
    load_tile<1>(a, 64);
    load_tile<2>(b, 64);
    add_tile_products<0, 1, 2, kSignedA, kSignedB>();
    store_tile<0>(sums, 64);
    check(std::memcmp(sums, wanted, sizeof sums) == 0, "products, and nothing beyond");
    // A stride of zero repeats a row.
    load_tile<0>(b, 0);
    store_tile<0>(sums, 64);
    for (int r = 0; r < rows; ++r) {
        check(std::memcmp(sums[r], b[0], 4 * columns) == 0, "a row repeated");
    }
    release_tiles();
}

}  // namespace

int main() {
    test_use();
    test_configuration();
    std::mt19937 random(1);
    for (const int rows : {1, 5, 16}) {
        for (const int words : {1, 7, 16}) {
            for (const int columns : {1, 3, 16}) {
                test_products<true, true>(random, rows, words, columns);
                test_products<true, false>(random, rows, words, columns);
                test_products<false, true>(random, rows, words, columns);
                test_products<false, false>(random, rows, words, columns);
            }
        }
    }
    return report();
}
