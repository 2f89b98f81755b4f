// kstar_gpu._cuda: addresses of device memory in, kernels started, nothing else. Compiled with
// csrc/cuda/launch.cu, by CUDA's compiler or, for tests, by the host's.
#include <pybind11/pybind11.h>

#include <cstdint>
#include <stdexcept>
#include <string>

#include "cuda/launch.hpp"
#include "element_named.hpp"

namespace py = pybind11;
using namespace kstar;
using namespace kstar::cuda;

namespace {

using Address = uintptr_t;

// Where an address points; null for zero.
struct Memory {
    Address address;
    template <typename Value>
    operator Value*() const {
        return reinterpret_cast<Value*>(address);
    }
};

// Starts work without holding up other threads of Python.
template <typename Work>
void start(const char* (*launch)(const Work&, Where), const Work& work, int device,
           Address stream) {
    const char* failure = nullptr;
    {
        const py::gil_scoped_release release;
        failure = launch(work, {device, Memory{stream}});
    }
    if (failure != nullptr) {
        throw std::runtime_error(std::string("CUDA: ") + failure);
    }
}

}  // namespace

#if !defined(KSTAR_MODULE)
#define KSTAR_MODULE _cuda
#endif

PYBIND11_MODULE(KSTAR_MODULE, module) {
    module.doc() = "CUDA engine of kstar_gpu: memory is given as addresses, numbers as they are.";
    module.attr("TILE_SIDE") = kTileSide;
    module.attr("DEPTH") = kDepth;
    module.attr("WARPS") = kWarps;
    module.attr("WARP_PAIRS") = kWarpRows * kWarpColumns;
    module.attr("ASKS") = kAsks;

    // Local: the engine and its image on the host may be in one process.
    py::class_<Machine>(module, "Machine", py::module_local())
        .def_readonly("runtime", &Machine::runtime)
        .def_readonly("driver", &Machine::driver)
        .def_readonly("devices", &Machine::devices);
    module.def("machine", &machine,
               "CUDA's version, the driver's, and how many devices there are.");

    module.def("code_missing", &code_missing, py::arg("device"),
               "Why this was not built for a device; None if it was.");

    py::class_<Rows>(module, "Rows", py::module_local())
        .def(py::init([](Address data, const std::string& element, int64_t stride,
                         int64_t dimensions, Address norms) {
                 return Rows{Memory{data}, element_named(element), stride, dimensions,
                             Memory{norms}};
             }),
             py::arg("data"), py::arg("element"), py::arg("stride"), py::arg("dimensions"),
             py::arg("norms"));
    py::class_<Members>(module, "Members", py::module_local())
        .def(py::init([](const Rows& rows, Address place, Address number) {
                 return Members{rows, Memory{place}, Memory{number}};
             }),
             py::arg("rows"), py::arg("place"), py::arg("number"));
    py::class_<Side>(module, "Side", py::module_local())
        .def(py::init(
                 [](Address points, Address seeds, Address codes, int32_t count, int32_t width) {
                     return Side{Memory{points}, Memory{seeds}, Memory{codes}, count, width};
                 }),
             py::arg("points"), py::arg("seeds"), py::arg("codes"), py::arg("count"),
             py::arg("width"));
    py::class_<Walk>(module, "Walk", py::module_local())
        .def(py::init([](const Side& rows, const Side& columns, bool same, bool foreign,
                         Address tiles, unsigned count) {
                 return Walk{rows, columns, same, foreign, Memory{tiles}, count};
             }),
             py::arg("rows"), py::arg("columns"), py::arg("same"), py::arg("foreign"),
             py::arg("tiles"), py::arg("count"));
    py::class_<Survivors>(module, "Survivors", py::module_local())
        .def(py::init(
                 [](Address pairs, unsigned long long capacity, Address reserved, Address ended) {
                     return Survivors{Memory{pairs}, capacity, Memory{reserved}, Memory{ended}};
                 }),
             py::arg("pairs"), py::arg("capacity"), py::arg("reserved"), py::arg("ended"));
    py::class_<Radii>(module, "Radii", py::module_local())
        .def(py::init(
                 [](Address outer, Address inner, Address give, Address weights, Address counts) {
                     return Radii{Memory{outer}, Memory{inner}, Memory{give}, Memory{weights},
                                  Memory{counts}};
                 }),
             py::arg("outer"), py::arg("inner"), py::arg("give"), py::arg("weights"),
             py::arg("counts"));
    py::class_<Nearest>(module, "Nearest", py::module_local())
        .def(py::init([](Address squared, Address row, Address noted_at) {
                 return Nearest{Memory{squared}, Memory{row}, Memory{noted_at}};
             }),
             py::arg("squared"), py::arg("row"), py::arg("noted_at"));

    module.def(
        "survey",
        [](const Members& samples, int64_t count, Address centre, Address weights,
           Address squared_lengths, Address fingerprints, int device, Address stream) {
            start(survey,
                  Survey{samples, count, Memory{centre}, Memory{weights}, Memory{squared_lengths},
                         Memory{fingerprints}},
                  device, stream);
        },
        py::arg("samples"), py::arg("count"), py::arg("centre"), py::arg("weights"),
        py::arg("squared_lengths"), py::arg("fingerprints"), py::arg("device"), py::arg("stream"),
        "Write how far rows are from a centre, and their products with some weights.");
    module.def(
        "round",
        [](const Members& samples, int64_t count, const Rows& centres, Address centre_of,
           double scale, Address points, int32_t width, Address squares, Address squared_errors,
           int device, Address stream) {
            start(kstar::cuda::round,
                  Rounding{samples, count, centres, Memory{centre_of}, scale, Memory{points}, width,
                           Memory{squares}, Memory{squared_errors}},
                  device, stream);
        },
        py::arg("samples"), py::arg("count"), py::arg("centres"), py::arg("centre_of"),
        py::arg("scale"), py::arg("points"), py::arg("width"), py::arg("squares"),
        py::arg("squared_errors"), py::arg("device"), py::arg("stream"),
        "Write points of float16, their squared norms, and how far rounding moved them.");
    module.def(
        "search",
        [](const Walk& walk, Address row_thresholds, Address column_thresholds, Address row_tails,
           Address column_tails, const Survivors& survivors, int device, Address stream) {
            start(search,
                  Search{walk, Memory{row_thresholds}, Memory{column_thresholds}, Memory{row_tails},
                         Memory{column_tails}, survivors},
                  device, stream);
        },
        py::arg("walk"), py::arg("row_thresholds"), py::arg("column_thresholds"),
        py::arg("row_tails"), py::arg("column_tails"), py::arg("survivors"), py::arg("device"),
        py::arg("stream"), "Append the pairs of tiles that may be nearest to each other.");
    module.def(
        "count",
        [](const Walk& walk, const Radii& rows, const Radii& columns, const Survivors& survivors,
           int device,
           Address stream) { start(count, Count{walk, rows, columns, survivors}, device, stream); },
        py::arg("walk"), py::arg("rows"), py::arg("columns"), py::arg("survivors"),
        py::arg("device"), py::arg("stream"),
        "Count the pairs of tiles that are within a radius; append those left open.");
    module.def(
        "screen",
        [](const Side& rows, const Side& columns, Address row_thresholds, Address column_thresholds,
           Address pairs, int64_t count, Address open, int device, Address stream) {
            start(screen,
                  Screening{rows, columns, Memory{row_thresholds}, Memory{column_thresholds},
                            Memory{pairs}, count, Memory{open}},
                  device, stream);
        },
        py::arg("rows"), py::arg("columns"), py::arg("row_thresholds"),
        py::arg("column_thresholds"), py::arg("pairs"), py::arg("count"), py::arg("open"),
        py::arg("device"), py::arg("stream"), "Say which pairs full balls leave open.");
    module.def(
        "refine",
        [](const Members& rows, const Members& columns, Address pairs, int64_t count,
           Address distances, const Nearest& row_nearest, const Nearest& column_nearest, int device,
           Address stream) {
            start(refine,
                  Refinement{rows, columns, Memory{pairs}, count, Memory{distances}, row_nearest,
                             column_nearest},
                  device, stream);
        },
        py::arg("rows"), py::arg("columns"), py::arg("pairs"), py::arg("count"),
        py::arg("distances"), py::arg("row_nearest"), py::arg("column_nearest"), py::arg("device"),
        py::arg("stream"), "Measure pairs, and keep of each sample the nearest one's lowest row.");
    module.def(
        "count_open",
        [](const Members& rows, const Members& columns, Address pairs, int64_t count,
           Address row_squared, Address column_squared, Address row_weights, Address column_weights,
           Address row_counts, Address column_counts, int device, Address stream) {
            start(count_open,
                  OpenCounts{rows, columns, Memory{pairs}, count, Memory{row_squared},
                             Memory{column_squared}, Memory{row_weights}, Memory{column_weights},
                             Memory{row_counts}, Memory{column_counts}},
                  device, stream);
        },
        py::arg("rows"), py::arg("columns"), py::arg("pairs"), py::arg("count"),
        py::arg("row_squared"), py::arg("column_squared"), py::arg("row_weights"),
        py::arg("column_weights"), py::arg("row_counts"), py::arg("column_counts"),
        py::arg("device"), py::arg("stream"), "Measure pairs that were left open, and count them.");
}
