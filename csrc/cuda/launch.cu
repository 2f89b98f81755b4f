// All kernels, and how they are started. Without CUDA's compiler they run on the host, for tests.
#include <algorithm>
#include <cstdint>

#include "cuda/count.hpp"
#include "cuda/launch.hpp"
#include "cuda/prepare.hpp"
#include "cuda/refine.hpp"
#include "cuda/screen.hpp"
#include "cuda/search.hpp"

namespace kstar::cuda {

namespace {

constexpr unsigned kThreads = 256;  // of a block that shares nothing

#if defined(__CUDACC__)

// Runs a kernel with as many blocks as there is work for, and as fill the device once.
template <typename Work>
cudaError_t start(void (*kernel)(Work), const Work& work, int64_t blocks, unsigned threads,
                  size_t shared_bytes, Where where) {
    int processors = 0, at_once = 0;
    cudaError_t error = cudaSetDevice(where.device);
    if (error == cudaSuccess) {
        error = cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, where.device);
    }
    if (error == cudaSuccess) {
        error =
            cudaOccupancyMaxActiveBlocksPerMultiprocessor(&at_once, kernel, threads, shared_bytes);
    }
    if (error == cudaSuccess && blocks > 0) {
        const auto most = static_cast<int64_t>(processors) * at_once;
        kernel<<<static_cast<unsigned>(std::min(blocks, most)), threads, shared_bytes,
                 static_cast<cudaStream_t>(where.stream)>>>(work);
        error = cudaGetLastError();
    }
    return error;
}

const char* text(cudaError_t error) {
    return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

#else

template <typename Work>
cudaError_t start(void (*kernel)(Work), const Work& work, int64_t blocks, unsigned threads,
                  size_t shared_bytes, Where) {
    static unsigned seed = 0;
    simt::launch(seed++, static_cast<unsigned>(std::min<int64_t>(blocks, 2)), threads, shared_bytes,
                 [&] { kernel(work); });
    return cudaSuccess;
}

const char* text(cudaError_t) { return nullptr; }

#endif

// One warp for each of `count`.
template <typename Work>
cudaError_t start_warps(void (*kernel)(Work), const Work& work, int64_t count, Where where) {
    constexpr int64_t kAtOnce = kThreads / 32;
    return start(kernel, work, (count + kAtOnce - 1) / kAtOnce, kThreads, 0, where);
}

template <typename Work>
cudaError_t start_threads(void (*kernel)(Work), const Work& work, int64_t count, Where where) {
    return start(kernel, work, (count + kThreads - 1) / kThreads, kThreads, 0, where);
}

}  // namespace

const char* survey(const Survey& work, Where where) {
    return text(start_warps(survey_rows, work, work.count, where));
}

const char* round(const Rounding& work, Where where) {
    return text(start_warps(round_rows, work, work.count, where));
}

const char* search(const Search& work, Where where) {
    return text(start(search_tiles, work, work.walk.count, kTileThreads, kTileBytes, where));
}

const char* count(const Count& work, Where where) {
    return text(start(count_tiles, work, work.walk.count, kTileThreads, kTileBytes, where));
}

const char* screen(const Screening& work, Where where) {
    return text(start_warps(screen_pairs, work, work.count, where));
}

const char* refine(const Refinement& work, Where where) {
    cudaError_t error = start_warps(measure_pairs, work, work.count, where);
    if (error == cudaSuccess) {
        error = start_threads(forget_rows, work, work.count, where);
    }
    if (error == cudaSuccess) {
        error = start_threads(note_rows, work, work.count, where);
    }
    return text(error);
}

const char* count_open(const OpenCounts& work, Where where) {
    return text(start_warps(count_open_pairs, work, work.count, where));
}

#if defined(__CUDACC__)

const char* code_missing(int device) {
    cudaFuncAttributes attributes;
    cudaError_t error = cudaSetDevice(device);
    if (error == cudaSuccess) {
        error = cudaFuncGetAttributes(&attributes, search_tiles);
    }
    cudaGetLastError();  // not to be found by somebody else
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
