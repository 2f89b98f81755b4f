// The tiles of every instruction set against plain loops: `make test-native`, `make test-arm`.
// Prints what failed, and exits with 1 if anything did. The instruction sets that the processor
// should have may be named, the best one first.
#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "check.hpp"
#include "cpu/packed.hpp"

using namespace kstar::cpu;

namespace {

using Random = std::mt19937_64;

int32_t within(Random& random, int32_t largest) {
    return static_cast<int32_t>(random() % (2 * largest + 1)) - largest;
}

// Points of either kind, with seeds as a search would have them.
struct Points {
    bool bytes;
    int64_t count;
    int64_t width;
    std::vector<int32_t> numbers;
    std::vector<int8_t> as_bytes;
    std::vector<int16_t> as_pairs;
    std::vector<int32_t> wanted_seeds;
    std::vector<int32_t> seeds;

    int64_t stride() const {
        const int64_t step = bytes ? kByteStep : kWidthStep;
        return (width + step - 1) / step * step;
    }
    Balls balls() const {
        const void* points = bytes ? static_cast<const void*>(as_bytes.data()) : as_pairs.data();
        return {points, bytes, stride(), width, nullptr, nullptr, nullptr, {}};
    }
};

// `shift` of the tiles for columns, none for rows.
template <typename Number>
Points make_points(Random& random, bool bytes, int64_t count, int64_t width, int shift,
                   const Number& number) {
    Points made{bytes, count, width, {}, {}, {}, {}, {}};
    made.as_bytes.resize(bytes ? count * made.stride() : 0);
    made.as_pairs.resize(bytes ? 0 : count * made.stride());
    for (int64_t i = 0; i < count; ++i) {
        int32_t sum = 0;
        for (int64_t k = 0; k < width; ++k) {
            const int32_t drawn = number();
            made.numbers.push_back(drawn);
            sum += drawn;
            if (bytes) {
                made.as_bytes[i * made.stride() + k] = static_cast<int8_t>(drawn);
            } else {
                made.as_pairs[i * made.stride() + k] = static_cast<int16_t>(drawn);
            }
        }
        made.wanted_seeds.push_back(within(random, 1000));
        made.seeds.push_back(made.wanted_seeds.back() - shift * sum);
    }
    return made;
}

struct Case {
    const Tiles& tiles;
    Points rows;
    Points columns;
    std::vector<int32_t> products;  // that are wanted, row by row

    int32_t product(int64_t i, int64_t j) const { return products[i * columns.count + j]; }
};

template <typename Number>
Case make_case(Random& random, const Kernels& kernels, bool bytes, int64_t width,
               const Number& number) {
    const Tiles& tiles = make_points(random, bytes, 0, width, 0, number).balls().tiles(kernels);
    Case made{tiles,
              make_points(random, bytes, 2 * tiles.rows + 1, width, 0, number),
              make_points(random, bytes, 3 * tiles.columns - 1, width, tiles.shift, number),
              {}};
    for (int64_t i = 0; i < made.rows.count; ++i) {
        for (int64_t j = 0; j < made.columns.count; ++j) {
            int64_t sum = made.rows.wanted_seeds[i] + made.columns.wanted_seeds[j];
            for (int64_t k = 0; k < width; ++k) {
                sum += made.rows.numbers[i * width + k] * made.columns.numbers[j * width + k];
            }
            made.products.push_back(static_cast<int32_t>(sum));
            check(made.products.back() == sum, "the case fits in 32 bits");
        }
    }
    return made;
}

using Found = std::vector<std::tuple<int32_t, int32_t, int32_t>>;

// Those of padding are left out, as the callers do.
Found sorted(const Case& one, const std::vector<Pair>& pairs, int64_t count) {
    Found found;
    for (int64_t p = 0; p < count; ++p) {
        if (pairs[p].row < one.rows.count && pairs[p].column < one.columns.count) {
            found.emplace_back(pairs[p].row, pairs[p].column, pairs[p].product);
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

// Products of the case, which thresholds are drawn from: some pairs are on either side.
std::vector<int32_t> thresholds(Random& random, const Case& one, int64_t count, int64_t padded) {
    std::vector<int32_t> drawn(padded, kNever);
    for (int64_t i = 0; i < count; ++i) {
        drawn[i] = one.products[random() % one.products.size()];
    }
    return drawn;
}

void test_search(Random& random, const Case& one, const Strip& strip, const std::string& label) {
    const int64_t rows = strip.row_groups * one.tiles.rows;
    const int64_t columns = strip.column_groups * one.tiles.columns;
    const auto of_rows = thresholds(random, one, one.rows.count, rows);
    const auto of_columns = thresholds(random, one, one.columns.count, columns);
    std::vector<Pair> pairs(rows * columns);
    const int64_t count =
        one.tiles.search(strip, {of_rows.data(), of_columns.data()}, pairs.data());
    Found wanted;
    for (int64_t i = 0; i < one.rows.count; ++i) {
        for (int64_t j = 0; j < one.columns.count; ++j) {
            if (one.product(i, j) > std::min(of_rows[i], of_columns[j])) {
                wanted.emplace_back(i, j, one.product(i, j));
            }
        }
    }
    check(sorted(one, pairs, count) == wanted, label + "search");
}

void test_count(Random& random, const Case& one, const Strip& strip, const std::string& label) {
    const int64_t size[2] = {strip.row_groups * one.tiles.rows,
                             strip.column_groups * one.tiles.columns};
    const int64_t members[2] = {one.rows.count, one.columns.count};
    std::vector<int32_t> outer[2], inner[2], weights[2], counts[2], wanted_counts[2];
    for (const int side : {0, 1}) {
        outer[side] = thresholds(random, one, members[side], size[side]);
        inner[side] = outer[side];
        weights[side].assign(size[side], 0);
        counts[side].assign(size[side], 0);
        for (int64_t i = 0; i < members[side]; ++i) {
            inner[side][i] += static_cast<int32_t>(random() % 200);
            weights[side][i] = static_cast<int32_t>(1 + random() % 3);
        }
        wanted_counts[side] = counts[side];
    }
    std::vector<Pair> pairs(size[0] * size[1]);
    const int64_t count =
        one.tiles.count(strip,
                        {outer[0].data(), inner[0].data(), weights[0].data(), counts[0].data(),
                         outer[1].data(), inner[1].data(), weights[1].data(), counts[1].data()},
                        pairs.data());
    Found wanted;
    for (int64_t i = 0; i < members[0]; ++i) {
        for (int64_t j = 0; j < members[1]; ++j) {
            const int32_t product = one.product(i, j);
            wanted_counts[0][i] += product > inner[0][i] ? weights[1][j] : 0;
            wanted_counts[1][j] += product > inner[1][j] ? weights[0][i] : 0;
            if ((product > outer[0][i] && product <= inner[0][i]) ||
                (product > outer[1][j] && product <= inner[1][j])) {
                wanted.emplace_back(i, j, product);
            }
        }
    }
    check(sorted(one, pairs, count) == wanted, label + "undecided pairs");
    check(counts[0] == wanted_counts[0] && counts[1] == wanted_counts[1], label + "counts");
}

// These take one group of rows.
void test_groups(Random& random, const Case& one, const Packed& rows, const Packed& columns,
                 const std::string& label) {
    std::vector<int32_t> row_codes(rows.padded()), column_codes(columns.padded());
    for (std::vector<int32_t>* codes : {&row_codes, &column_codes}) {
        std::generate(codes->begin(), codes->end(), [&] { return random() % 3; });
    }
    for (int64_t group = 0; group < rows.groups(); ++group) {
        const int64_t first = group * one.tiles.rows;
        const Strip strip = rows.strip(group, columns);
        std::vector<int32_t> products(one.tiles.rows * columns.padded());
        one.tiles.multiply(strip, products.data());
        std::vector<int32_t> best(one.tiles.rows, 2 * kLowSeed), found(one.tiles.rows, -1);
        one.tiles.challenge(
            strip, {row_codes.data() + first, column_codes.data(), best.data(), found.data()});
        for (int64_t i = first; i < std::min(first + one.tiles.rows, one.rows.count); ++i) {
            const int64_t r = i - first;
            int32_t largest = 2 * kLowSeed;
            for (int64_t j = 0; j < one.columns.count; ++j) {
                check(products[r * columns.padded() + j] == one.product(i, j), label + "product");
                if (row_codes[i] != column_codes[j]) {
                    largest = std::max(largest, one.product(i, j));
                }
            }
            const int64_t j = found[r];
            check(best[r] == largest, label + "champion's product");
            check(j >= 0 && j < one.columns.count && one.product(i, j) == largest &&
                      row_codes[i] != column_codes[j],
                  label + "champion");
        }
        if (failures > 10) {
            return;
        }
    }
}

void test_case(Random& random, const Kernels& kernels, const Case& one, const std::string& label) {
    Packed rows(kernels, one.rows.balls(), Part::kRows, one.rows.count);
    Packed columns(kernels, one.columns.balls(), Part::kColumns, one.columns.count);
    rows.fill(one.rows.balls(), one.rows.seeds.data(), 0, one.rows.count);
    columns.fill(one.columns.balls(), one.columns.seeds.data(), 0, one.columns.count);
    const Strip strip = rows.strip({0, rows.groups()}, columns, {0, columns.groups()});
    test_search(random, one, strip, label);
    test_count(random, one, strip, label);
    test_groups(random, one, rows, columns, label);
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> named(argv + 1, argv + argc);
    check(named.empty() || named == targets(), "the instruction sets are those that were named");
    Random random(1);
    for (const std::string& target : targets()) {
        const Kernels& kernels = kstar::cpu::kernels(target);
        std::printf("%s\n", target.c_str());
        for (const bool bytes : {false, true}) {
            const int32_t largest = bytes ? kernels.largest_byte : 0x7fff;
            for (const int64_t width : {1, 2, 3, 4, 5, 9, 31, 32, 33, 63, 64, 65, 100, 190}) {
                // The sum of two products of the largest 16-bit numbers has to fit in 32 bits.
                const int32_t usual = bytes ? largest : 3000;
                const std::string label = target + (bytes ? ", bytes" : ", pairs") + ", width " +
                                          std::to_string(width) + ": ";
                test_case(
                    random, kernels,
                    make_case(random, kernels, bytes, width, [&] { return within(random, usual); }),
                    label);
            }
            // As large as they may be, of either sign.
            for (const int64_t width : {1, bytes ? 1 << 15 : 1}) {
                test_case(random, kernels,
                          make_case(random, kernels, bytes, width,
                                    [&] { return random() % 2 == 0 ? largest : -largest; }),
                          target + ", signs: ");
                for (const int32_t number : {largest, -largest}) {
                    test_case(random, kernels,
                              make_case(random, kernels, bytes, width, [&] { return number; }),
                              target + ", all " + std::to_string(number) + ": ");
                }
            }
        }
    }
    return report();
}
