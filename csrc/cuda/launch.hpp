// What the host can start. Free of CUDA's headers, so that any compiler can include it.
#pragma once

#include "cuda/parameters.hpp"

namespace kstar::cuda {

struct Stream {
    int device;
    void* handle;  // a cudaStream_t
};

// Each starts work without waiting for it, and returns null or what went wrong.
const char* measure_rows(const RowMeasures& work, Stream stream);
const char* make_full(const FullBalls& work, Stream stream);
const char* seed(const Seeding& work, Stream stream);
const char* search(const Search& work, Stream stream);  // tiles, and all that follows from them
const char* count(const Count& work, Stream stream);    // likewise

// Why this was not built for a device; null if it was.
const char* code_missing(int device);

struct Machine {
    int runtime;  // version of CUDA that this was built with, 1000 * major + 10 * minor
    int driver;   // the newest that the driver supports; 0 without one
    int devices;
};
Machine machine();

}  // namespace kstar::cuda
