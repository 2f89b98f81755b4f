// kstar_gpu._cpu: unpack numpy arrays, call the engine, nothing else.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <stdexcept>
#include <string>

#include "cpu/refine.hpp"

namespace py = pybind11;
using kstar::cpu::BFloat16;
using kstar::cpu::Half;
using kstar::cpu::PairList;
using kstar::cpu::Rows;

namespace {

using Norms = std::optional<py::array_t<double>>;
using Indices = py::array_t<int64_t>;

template <typename Element>
Rows<Element> rows_of(const py::array& values, const Norms& norms) {
    return {static_cast<const Element*>(values.data()),
            static_cast<int64_t>(values.strides(0) / static_cast<py::ssize_t>(sizeof(Element))),
            norms ? norms->data() : nullptr};
}

// Calls `use` with the rows typed as `type` says.
template <typename Use>
void with_rows(const py::array& values, const std::string& type, const Norms& norms, Use use) {
    if (type == "float16") {
        use(rows_of<Half>(values, norms));
    } else if (type == "bfloat16") {
        use(rows_of<BFloat16>(values, norms));
    } else if (type == "float32") {
        use(rows_of<float>(values, norms));
    } else if (type == "float64") {
        use(rows_of<double>(values, norms));
    } else {
        throw std::invalid_argument("unknown element type " + type);
    }
}

void squared_distances(const py::array& x, const std::string& x_type, const Norms& x_norms,
                       const py::array& y, const std::string& y_type, const Norms& y_norms,
                       const Indices& samples, const Indices& references,
                       py::array_t<double> squared, int threads) {
    const PairList pairs{samples.data(), references.data(), samples.shape(0)};
    const int64_t dimensions = x.shape(1);
    double* result = squared.mutable_data();
    with_rows(x, x_type, x_norms, [&](const auto& rows_x) {
        with_rows(y, y_type, y_norms, [&](const auto& rows_y) {
            const py::gil_scoped_release release;
            kstar::cpu::refine(rows_x, rows_y, dimensions, pairs, threads, result);
        });
    });
}

}  // namespace

PYBIND11_MODULE(_cpu, module) {
    module.doc() = "Native CPU engine of kstar_gpu.";
    module.def("squared_distances", &squared_distances, py::arg("x"), py::arg("x_type"),
               py::arg("x_norms").none(true), py::arg("y"), py::arg("y_type"),
               py::arg("y_norms").none(true), py::arg("samples"), py::arg("references"),
               py::arg("squared").noconvert(), py::arg("threads"),
               "Write the canonical squared distance of each pair (samples[p], references[p]).");
}
