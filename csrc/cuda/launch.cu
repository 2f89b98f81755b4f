// All kernels, and how they are started. Without CUDA's compiler they run on the host, for tests.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "cuda/count.hpp"
#include "cuda/launch.hpp"
#include "cuda/prepare.hpp"
#include "cuda/refine.hpp"
#include "cuda/screen.hpp"
#include "cuda/search.hpp"
#include "cuda/seed.hpp"
#include "cuda/thresholds.hpp"

namespace kstar::cuda {

namespace {

constexpr unsigned kThreads = 256;  // of a block that shares nothing

#if defined(__CUDACC__)

// Runs a kernel with as many blocks as there is work for, and as fill the device once; where nobody
// says how much work there is, with as many as fill it.
template <typename Work>
cudaError_t start(void (*kernel)(Work), const Work& work, int64_t blocks, unsigned threads,
                  size_t shared_bytes, Stream stream) {
    int processors = 0, at_once = 0;
    cudaError_t error = cudaSetDevice(stream.device);
    if (error == cudaSuccess) {
        error = cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, stream.device);
    }
    if (error == cudaSuccess && shared_bytes > 0) {
        // Two blocks must find room on a multiprocessor; the caches get what is left.
        error = cudaFuncSetAttribute(kernel, cudaFuncAttributePreferredSharedMemoryCarveout,
                                     cudaSharedmemCarveoutMaxShared);
    }
    if (error == cudaSuccess) {
        error =
            cudaOccupancyMaxActiveBlocksPerMultiprocessor(&at_once, kernel, threads, shared_bytes);
    }
    if (error == cudaSuccess && blocks > 0) {
        const auto most = static_cast<int64_t>(processors) * at_once;
        kernel<<<static_cast<unsigned>(std::min(blocks, most)), threads, shared_bytes,
                 static_cast<cudaStream_t>(stream.handle)>>>(work);
        error = cudaGetLastError();
    }
    return error;
}

// Sets bytes of device memory.
cudaError_t fill(void* memory, int value, size_t bytes, Stream stream) {
    const cudaError_t error = cudaSetDevice(stream.device);
    return error != cudaSuccess
               ? error
               : cudaMemsetAsync(memory, value, bytes, static_cast<cudaStream_t>(stream.handle));
}

const char* text(cudaError_t error) {
    if (error == cudaSuccess) {
        return nullptr;
    }
    cudaGetLastError();  // not to be found by somebody else
    return cudaGetErrorString(error);
}

#else

template <typename Work>
cudaError_t start(void (*kernel)(Work), const Work& work, int64_t blocks, unsigned threads,
                  size_t shared_bytes, Stream) {
    static unsigned seed = 0;
    const auto few = static_cast<unsigned>(std::min<int64_t>(blocks, 2));
    simt::launch(seed++, few, shared_bytes > 0 ? threads : 64, shared_bytes, [&] { kernel(work); });
    return cudaSuccess;
}

cudaError_t fill(void* memory, int value, size_t bytes, Stream) {
    std::memset(memory, value, bytes);
    return cudaSuccess;
}

const char* text(cudaError_t) { return nullptr; }

#endif

// One warp for each of `count`.
template <typename Work>
cudaError_t start_warps(void (*kernel)(Work), const Work& work, int64_t count, Stream stream) {
    constexpr int64_t kAtOnce = kThreads / 32;
    return start(kernel, work, (count + kAtOnce - 1) / kAtOnce, kThreads, 0, stream);
}

template <typename Work>
cudaError_t start_threads(void (*kernel)(Work), const Work& work, int64_t count, Stream stream) {
    return start(kernel, work, (count + kThreads - 1) / kThreads, kThreads, 0, stream);
}

// For pairs, whose number the device alone knows.
constexpr int64_t kUnknown = std::numeric_limits<int32_t>::max();

// Runs kernels one after the other, until one cannot be started.
class Sequence {
 public:
    explicit Sequence(Stream stream) : stream_(stream) {}

    void empty(const Survivors& survivors) {
        Cursor& cursor = *survivors.cursor;
        then([&] { return fill(&cursor, 0, offsetof(Cursor, ended), stream_); });
        then([&] { return fill(&cursor.ended, 0xff, sizeof cursor.ended, stream_); });
    }
    template <typename Work>
    void tiles(void (*kernel)(Work), const Work& work) {
        then([&] {
            return start(kernel, work, work.walk.count, kTileThreads, kTileBytes, stream_);
        });
    }
    template <typename Work>
    void warps(void (*kernel)(Work), const Work& work, int64_t count = kUnknown) {
        then([&] { return start_warps(kernel, work, count, stream_); });
    }
    template <typename Work>
    void threads(void (*kernel)(Work), const Work& work, int64_t count = kUnknown) {
        then([&] { return start_threads(kernel, work, count, stream_); });
    }
    const char* failure() const { return text(error_); }

 private:
    template <typename Start>
    void then(const Start& start) {
        if (error_ == cudaSuccess) {
            error_ = start();
        }
    }

    const Stream stream_;
    cudaError_t error_ = cudaSuccess;
};

// Lets those who ask look as far as they must, by what is known now.
void renew_thresholds(Sequence& sequence, const Search& work, const Sieve& sieve) {
    const auto renew = [&](const Nearest& nearest, const Reach& reach, const Side& side) {
        sequence.threads(set_thresholds, Thresholds{nearest, reach, sieve.bounds, side.count},
                         side.count);
    };
    renew(work.row_nearest, sieve.rows, work.walk.rows);
    if (work.column_nearest.squared != nullptr && !work.walk.same) {
        renew(work.column_nearest, sieve.columns, work.walk.columns);
    }
}

}  // namespace

const char* measure_rows(const RowMeasures& work, Stream stream) {
    return text(start_warps(measure_samples, work, work.count, stream));
}

const char* make_full(const FullBalls& work, Stream stream) {
    return text(start_warps(round_samples, work, work.count, stream));
}

const char* seed(const Seeding& work, Stream stream) {
    return text(start(seed_tiles, work, work.walk.count, kTileThreads, kTileBytes, stream));
}

const char* search(const Search& work, Stream stream) {
    Sequence sequence(stream);
    sequence.empty(work.survivors);
    renew_thresholds(sequence, work, work.sieve);
    sequence.tiles(search_tiles, work);
    if (work.full_rows.points != work.walk.rows.points) {
        sequence.warps(screen_pairs, work);
    }
    sequence.threads(tighten_pairs, work);
    sequence.warps(measure_limits, work);
    renew_thresholds(sequence, work, work.full);
    sequence.warps(measure_pairs, work);
    sequence.threads(forget_rows, work);
    sequence.threads(note_rows, work);
    return sequence.failure();
}

const char* count(const Count& work, Stream stream) {
    Sequence sequence(stream);
    sequence.empty(work.survivors);
    sequence.tiles(count_tiles, work);
    sequence.warps(count_open_pairs, work);
    return sequence.failure();
}

#if defined(__CUDACC__)

const char* code_missing(int device) {
    cudaFuncAttributes attributes;
    cudaError_t error = cudaSetDevice(device);
    if (error == cudaSuccess) {
        error = cudaFuncGetAttributes(&attributes, search_tiles);
    }
    return text(error);
}

Machine machine() {
    Machine result{};
    cudaRuntimeGetVersion(&result.runtime);
    if (cudaDriverGetVersion(&result.driver) == cudaSuccess && result.driver > 0) {
        if (cudaGetDeviceCount(&result.devices) != cudaSuccess) {
            result.devices = 0;
            cudaGetLastError();  // not to be found by somebody else
        }
    }
    return result;
}

#else

const char* code_missing(int) { return nullptr; }

Machine machine() { return {0, 0, 0}; }

#endif

}  // namespace kstar::cuda
