// kstar_gpu._cuda: addresses of device memory in, kernels started, nothing else. Compiled with
// csrc/cuda/launch.cu, by CUDA's compiler or, for tests, by the host's.
#include <pybind11/pybind11.h>

#include <cstdint>
#include <stdexcept>
#include <string>

#include "common/element.hpp"
#include "cuda/launch.hpp"

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
    module.attr("WARP_PAIRS") = kWarpRows * kWarpColumns;

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
                         Address strips, int64_t strip_count, int64_t first, unsigned count,
                         Address done) {
                 return Walk{rows,        columns, same,  foreign,     Memory{strips},
                             strip_count, first,   count, Memory{done}};
             }),
             py::arg("rows"), py::arg("columns"), py::arg("same"), py::arg("foreign"),
             py::arg("strips"), py::arg("strip_count"), py::arg("first"), py::arg("count"),
             py::arg("done"));
    py::class_<Survivors>(module, "Survivors", py::module_local())
        .def(py::init([](Address pairs, unsigned long long capacity, Address cursor) {
                 return Survivors{Memory{pairs}, capacity, Memory{cursor}};
             }),
             py::arg("pairs"), py::arg("capacity"), py::arg("cursor"));
    py::class_<Reach>(module, "Reach", py::module_local())
        .def(py::init([](Address radii, Address slack, Address thresholds) {
                 return Reach{Memory{radii}, Memory{slack}, Memory{thresholds}};
             }),
             py::arg("radii"), py::arg("slack"), py::arg("thresholds"));
    py::class_<Sieve>(module, "Sieve", py::module_local())
        .def(py::init([](const Reach& rows, const Reach& columns, double unit, double above,
                         double farther) { return Sieve{rows, columns, {unit, above, farther}}; }),
             py::arg("rows"), py::arg("columns"), py::arg("unit"), py::arg("above"),
             py::arg("farther"));
    py::class_<Radii>(module, "Radii", py::module_local())
        .def(py::init([](Address outer, Address inner, Address give, Address weights,
                         Address counts, Address squared, const Members& members) {
                 return Radii{Memory{outer},  Memory{inner},   Memory{give}, Memory{weights},
                              Memory{counts}, Memory{squared}, members};
             }),
             py::arg("outer"), py::arg("inner"), py::arg("give"), py::arg("weights"),
             py::arg("counts"), py::arg("squared"), py::arg("members"));
    py::class_<Nearest>(module, "Nearest", py::module_local())
        .def(py::init([](Address squared, Address row, Address noted_at, Address limit,
                         Address settled) {
                 return Nearest{Memory{squared}, Memory{row}, Memory{noted_at}, Memory{limit},
                                Memory{settled}};
             }),
             py::arg("squared"), py::arg("row"), py::arg("noted_at"), py::arg("limit"),
             py::arg("settled"));

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
        "seed",
        [](const Walk& walk, const Sieve& sieve, const Nearest& nearest, int device,
           Address stream) { start(seed, Seeding{walk, sieve, nearest}, device, stream); },
        py::arg("walk"), py::arg("sieve"), py::arg("nearest"), py::arg("device"), py::arg("stream"),
        "Bound how far rows must look, by the columns that they meet.");
    module.def(
        "search",
        [](const Walk& walk, const Sieve& sieve, Address row_tails, Address column_tails,
           const Side& full_rows, const Side& full_columns, const Sieve& full, const Members& rows,
           const Members& columns, const Nearest& row_nearest, const Nearest& column_nearest,
           const Survivors& survivors, Address distances, int device, Address stream) {
            start(search,
                  Search{walk, sieve, Memory{row_tails}, Memory{column_tails}, full_rows,
                         full_columns, full, rows, columns, row_nearest, column_nearest, survivors,
                         Memory{distances}},
                  device, stream);
        },
        py::arg("walk"), py::arg("sieve"), py::arg("row_tails"), py::arg("column_tails"),
        py::arg("full_rows"), py::arg("full_columns"), py::arg("full"), py::arg("rows"),
        py::arg("columns"), py::arg("row_nearest"), py::arg("column_nearest"), py::arg("survivors"),
        py::arg("distances"), py::arg("device"), py::arg("stream"),
        "Keep of each sample the nearest foreign one among the pairs of tiles, and its lowest "
        "row.");
    module.def(
        "count",
        [](const Walk& walk, const Radii& rows, const Radii& columns, const Survivors& survivors,
           int device,
           Address stream) { start(count, Count{walk, rows, columns, survivors}, device, stream); },
        py::arg("walk"), py::arg("rows"), py::arg("columns"), py::arg("survivors"),
        py::arg("device"), py::arg("stream"), "Count the pairs of tiles that are within a radius.");
}
