// How fast the tiles of one instruction set are, beside its products with all in registers.
//
//     tile_rates THREADS
//
// Compiled by `make build/native/rates/TARGET`, which includes the kernels of that target first.
// Prints JSON: multiply-adds of a thread per second of its own processor time, while so many do the
// same; the best of a few rounds.
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "cpu/amx_permission.hpp"
#include "cpu/kernels_of_target.hpp"
#include "cpu/packed.hpp"

namespace {

using namespace kstar::cpu;

constexpr int kRounds = 5;
constexpr double kRoundSeconds = 0.04;
constexpr int kPeakSteps = 10000;
constexpr int64_t kWidths[] = {16, 64, 256, 1024};

// Of this thread: others may want the core as well.
double own_seconds() {
    timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec + 1e-9 * now.tv_nsec;
}

// `make` gives a thread what it does over and over.
template <typename Make>
double times_per_second(int threads, const Make& make) {
    double best = 0;
    for (int round = 0; round < kRounds; ++round) {
        std::vector<double> rates(threads);
        std::atomic<int> ready{0};
        std::vector<std::thread> crew;
        for (int t = 0; t < threads; ++t) {
            crew.emplace_back([&, t] {
                auto work = make();
                work();
                for (++ready; ready < threads;) {
                    std::this_thread::yield();
                }
                const double start = own_seconds();
                double taken = 0;
                for (int64_t times = 1; taken < kRoundSeconds; ++times) {
                    work();
                    taken = own_seconds() - start;
                    rates[t] = times / taken;
                }
            });
        }
        double total = 0;
        for (int t = 0; t < threads; ++t) {
            crew[t].join();
            total += rates[t];
        }
        best = std::max(best, total / threads);
    }
    return best;
}

// Products that nothing waits for but the sum of the same lane, a few of them earlier.
template <typename Step>
double peak(int threads, double multiply_adds, const Step& step) {
    return kPeakSteps * multiply_adds * times_per_second(threads, [&] { return step; });
}

#if defined(KSTAR_AMX)

double peak(int threads, bool bytes) {
    // Four products of bytes make one of 16-bit numbers.
    const double of_step = 4.0 * kTileSide * kTileSide * kTileLine / (bytes ? 1 : 4);
    return peak(threads, of_step, [] {
        const WholeTiles session;
        zero_tile<4>();
        zero_tile<5>();
        zero_tile<6>();
        zero_tile<7>();
        for (int step = 0; step < kPeakSteps; ++step) {
            add_tile_products<0, 4, 6>();
            add_tile_products<1, 4, 7>();
            add_tile_products<2, 5, 6>();
            add_tile_products<3, 5, 7>();
        }
    });
}

#else

// Another value, for all that the compiler knows: it cannot multiply once for all.
template <typename Lanes>
void renew(Lanes& lanes) {
#if defined(__aarch64__)
    asm volatile("" : "+w"(lanes));
#else
    asm volatile("" : "+v"(lanes));
#endif
}

template <typename Word>
double peak_of_words(int threads, int per_word) {
    constexpr int kSums = kTileRows * kTileVectors;  // those of a micro-tile
    return peak(threads, kSums * Vector::kLanes * per_word * Word::kWords, [] {
        const Vector ones = Vector::all(0x01010101);
        Vector sums[kTileRows][kTileVectors] = {}, a[2] = {ones, ones}, b[2] = {ones, ones};
        static_assert(Word::kWords <= 2);
        for (int step = 0; step < kPeakSteps; ++step) {
#pragma GCC unroll 8
            for (int r = 0; r < kTileRows; ++r) {
#pragma GCC unroll 8
                for (int v = 0; v < kTileVectors; ++v) {
                    renew(a[0].lanes);
                    renew(a[1].lanes);
                    sums[r][v] = Word::add(sums[r][v], a, b);
                    renew(sums[r][v].lanes);
                }
            }
        }
    });
}

#if defined(__ARM_FEATURE_MATMUL_INT8)

double peak_of_bytes(int threads) {
    constexpr int kSums = 16;
    return peak(threads, kSums * 32, [] {  // two rows times two columns of eight bytes
        int32x4_t sums[kSums] = {};
        int8x16_t a = vdupq_n_s8(1);
        const int8x16_t b = a;
        for (int step = 0; step < kPeakSteps; ++step) {
#pragma GCC unroll 16
            for (int s = 0; s < kSums; ++s) {
                renew(a);
                sums[s] = vmmlaq_s32(sums[s], a, b);
                renew(sums[s]);
            }
        }
    });
}

#else

double peak_of_bytes(int threads) { return peak_of_words<Bytes>(threads, 4); }

#endif

double peak(int threads, bool bytes) {
    return bytes ? peak_of_bytes(threads) : peak_of_words<Pairs>(threads, 2);
}

#endif

// A strip as a search or a count has it, in which no pair is of interest.
class Still {
 public:
    Still(bool bytes, int64_t width)
        : stride_((width + kByteStep - 1) / kByteStep * kByteStep),
          numbers_(2 * std::max(kMostColumns, kStripRows) * stride_, 1),
          balls_{numbers_.data(), bytes, stride_, width, nullptr, nullptr, nullptr, {}},
          tiles_(balls_.tiles(kKernels)),
          column_count_(columns_at_once(tiles_, balls_.words())),
          rows_(kKernels, balls_, Part::kRows, kStripRows),
          columns_(kKernels, balls_, Part::kColumns, column_count_),
          zeros_(column_count_ + kStripRows, 0) {
        rows_.fill(balls_, zeros_.data(), 0, kStripRows);
        columns_.fill(balls_, zeros_.data(), 0, column_count_);
        nevers_.assign(rows_.padded() + columns_.padded(), kNever);
        counts_.assign(rows_.padded() + columns_.padded(), 0);
        pairs_.resize(tiles_.rows * tiles_.columns);
    }

    double multiply_adds() const {
        return static_cast<double>(kStripRows) * column_count_ * balls_.width;
    }
    void search() { tiles_.search(strip(), {nevers_.data(), nevers_.data()}, pairs_.data()); }
    void count() {
        const int32_t* never = nevers_.data();
        int32_t* counts = counts_.data();
        tiles_.count(strip(),
                     {never, never, never, counts, never, never, never, counts + rows_.padded()},
                     pairs_.data());
    }

 private:
    Strip strip() const {
        return rows_.strip({0, rows_.groups()}, columns_, {0, columns_.groups()});
    }

    int64_t stride_;
    std::vector<int8_t> numbers_;
    Balls balls_;
    const Tiles& tiles_;
    int64_t column_count_;
    Packed rows_, columns_;
    std::vector<int32_t> zeros_, nevers_, counts_;
    std::vector<Pair> pairs_;
};

double rate(int threads, bool bytes, int64_t width, void (Still::*kernel)()) {
    return Still(bytes, width).multiply_adds() * times_per_second(threads, [&] {
               return [still = std::make_unique<Still>(bytes, width), kernel] {
                   ((*still).*kernel)();
               };
           });
}

void print(const char* name, int threads, bool bytes, void (Still::*kernel)()) {
    std::printf(", \"%s\": {", name);
    for (const int64_t width : kWidths) {
        std::printf("%s\"%d\": %.4g", width == kWidths[0] ? "" : ", ", static_cast<int>(width),
                    rate(threads, bytes, width, kernel));
    }
    std::printf("}");
}

}  // namespace

int main(int argc, char** argv) {
    const int threads = argc == 2 ? std::atoi(argv[1]) : 0;
    if (threads < 1) {
        std::fprintf(stderr, "usage: tile_rates THREADS\n");
        return 2;
    }
#if defined(KSTAR_AMX)
    if (!amx_permitted()) {
        std::fprintf(stderr, "the system does not permit AMX\n");
        return 1;
    }
#endif
    for (const bool bytes : {false, true}) {
        std::printf("%s\"%s\": {\"peak\": %.4g", bytes ? ", " : "{", bytes ? "bytes" : "16 bits",
                    peak(threads, bytes));
        print("search", threads, bytes, &Still::search);
        if (!bytes) {  // of which Count knows nothing
            print("count", threads, bytes, &Still::count);
        }
        std::printf("}");
    }
    std::printf("}\n");
    return 0;
}
