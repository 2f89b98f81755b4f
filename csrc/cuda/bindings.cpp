// kstar_gpu.engines.cuda._cuda: arrays on a device in, checked, kernels started, nothing else.
// Compiled with csrc/cuda/launch.cu, by CUDA's compiler or, for tests, by the host's.
#include <pybind11/pybind11.h>

#include <cstdint>
#include <string>
#include <utility>

#include "cuda/checked.hpp"

namespace py = pybind11;
using namespace kstar;
using namespace kstar::cuda;

#if !defined(KSTAR_MODULE)
#define KSTAR_MODULE _cuda
#endif

PYBIND11_MODULE(KSTAR_MODULE, module) {
    module.doc() = "CUDA engine of kstar_gpu: what kernels are told, and how they are started.";
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

    // Whatever is made of something keeps it alive.
    using py::keep_alive;
    py::class_<Array>(module, "Array", py::module_local())
        .def(py::init([](uintptr_t address, std::string type, int64_t rows, int64_t columns,
                         int64_t stride, int device, const py::object&) {
                 return Array{address, std::move(type), rows, columns, stride, device};
             }),
             py::arg("address"), py::arg("type"), py::arg("rows"), py::arg("columns"),
             py::arg("stride"), py::arg("device"), py::arg("owner"), keep_alive<1, 8>());
    py::class_<On<Rows>>(module, "Rows", py::module_local())
        .def(py::init(&checked::rows), py::arg("values"), py::arg("norms").none(true),
             keep_alive<1, 2>(), keep_alive<1, 3>());
    py::class_<On<Members>>(module, "Members", py::module_local())
        .def(py::init(&checked::members), py::arg("rows"), py::arg("place"), py::arg("number"),
             keep_alive<1, 2>(), keep_alive<1, 3>(), keep_alive<1, 4>());
    py::class_<On<Side>>(module, "Side", py::module_local())
        .def(py::init(&checked::side), py::arg("points"), py::arg("seeds"), py::arg("codes"),
             py::arg("count"), keep_alive<1, 2>(), keep_alive<1, 3>(), keep_alive<1, 4>());
    py::class_<On<Walk>>(module, "Walk", py::module_local())
        .def(py::init(&checked::walk), py::arg("rows"), py::arg("columns"), py::arg("same"),
             py::arg("foreign"), py::arg("strips"), py::arg("first"), py::arg("count"),
             py::arg("done").none(true), keep_alive<1, 2>(), keep_alive<1, 3>(), keep_alive<1, 6>(),
             keep_alive<1, 9>());
    py::class_<On<Survivors>>(module, "Survivors", py::module_local())
        .def(py::init(&checked::survivors), py::arg("pairs"), py::arg("cursor"), keep_alive<1, 2>(),
             keep_alive<1, 3>());
    py::class_<On<Reach>>(module, "Reach", py::module_local())
        .def(py::init(&checked::reach), py::arg("radii"), py::arg("slack"),
             py::arg("thresholds").none(true), keep_alive<1, 2>(), keep_alive<1, 3>(),
             keep_alive<1, 4>());
    py::class_<On<Sieve>>(module, "Sieve", py::module_local())
        .def(py::init(&checked::sieve), py::arg("rows"), py::arg("columns"), py::arg("unit"),
             py::arg("above"), py::arg("farther"), keep_alive<1, 2>(), keep_alive<1, 3>());
    py::class_<On<Radii>>(module, "Radii", py::module_local())
        .def(py::init(&checked::radii), py::arg("outer"), py::arg("inner"), py::arg("give"),
             py::arg("weights").none(true), py::arg("counts").none(true),
             py::arg("squared").none(true), py::arg("members"), keep_alive<1, 2>(),
             keep_alive<1, 3>(), keep_alive<1, 4>(), keep_alive<1, 5>(), keep_alive<1, 6>(),
             keep_alive<1, 7>(), keep_alive<1, 8>());
    py::class_<On<Nearest>>(module, "Nearest", py::module_local())
        .def(py::init(&checked::nearest), py::arg("squared"), py::arg("row"), py::arg("noted_at"),
             py::arg("limit"), py::arg("settled"), keep_alive<1, 2>(), keep_alive<1, 3>(),
             keep_alive<1, 4>(), keep_alive<1, 5>(), keep_alive<1, 6>());

    // Other threads of Python go on meanwhile.
    const py::call_guard<py::gil_scoped_release> without_lock;
    module.def("measure_rows", &checked::measure_rows, without_lock, py::arg("samples"),
               py::arg("centre"), py::arg("weights"), py::arg("squared_lengths"),
               py::arg("fingerprints"), py::arg("stream"),
               "Write how far rows are from a centre, and their products with some weights.");
    module.def("make_full", &checked::make_full, without_lock, py::arg("samples"),
               py::arg("centres"), py::arg("centre_of"), py::arg("scale"), py::arg("points"),
               py::arg("squares"), py::arg("squared_errors"), py::arg("stream"),
               "Write points of float16, their squared norms, and how far rounding moved them.");
    module.def("seed", &checked::seed, without_lock, py::arg("walk"), py::arg("sieve"),
               py::arg("nearest"), py::arg("stream"),
               "Bound how far rows must look, by the columns that they meet.");
    module.def("search", &checked::search, without_lock, py::arg("walk"), py::arg("sieve"),
               py::arg("row_tails").none(true), py::arg("column_tails").none(true),
               py::arg("full_rows"), py::arg("full_columns"), py::arg("full"), py::arg("rows"),
               py::arg("columns"), py::arg("row_nearest"), py::arg("column_nearest").none(true),
               py::arg("survivors"), py::arg("distances"), py::arg("stream"),
               "Keep of each sample the nearest foreign one among the pairs of tiles, and its "
               "lowest row.");
    module.def("count", &checked::count, without_lock, py::arg("walk"), py::arg("rows"),
               py::arg("columns"), py::arg("survivors"), py::arg("stream"),
               "Count the pairs of tiles that are within a radius.");
}
