// kstar_gpu._cpu: unpack numpy arrays, call the engine, nothing else.
#include <pybind11/functional.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>

#include "common/element.hpp"
#include "cpu/boxes.hpp"
#include "cpu/count.hpp"
#include "cpu/kernels.hpp"
#include "cpu/prepare.hpp"
#include "cpu/search.hpp"

namespace py = pybind11;
using kstar::Certificate;
using kstar::element_named;
using kstar::Rows;
using namespace kstar::cpu;

namespace {

template <typename Value>
using Array = py::array_t<Value, py::array::c_style>;

// The arrays of one side; holding them keeps what the engine points to alive.
struct SideArrays {
    py::array values;
    std::string element;
    std::optional<Array<double>> norms;
    Array<int64_t> order;

    Rows rows() const {
        return {values.data(), element_named(element),
                static_cast<int64_t>(values.strides(0) / values.itemsize()),
                static_cast<int64_t>(values.shape(1)), norms ? norms->data() : nullptr};
    }
};

struct BallArrays {
    Array<int16_t> points;
    int64_t width;
    Array<double> radii;
    Certificate certificate;

    Balls balls() const {
        return {points.data(), static_cast<int64_t>(points.shape(1)), width, radii.data(),
                certificate};
    }
};

struct ProblemArrays {
    SideArrays rows;
    Array<int32_t> codes;
    Array<int32_t> weights;
    BallArrays full;
    BallArrays narrow;

    Side side() const {
        return {rows.rows(),    rows.order.data(), codes.data(),  weights.data(),
                codes.shape(0), full.balls(),      narrow.balls()};
    }
};

// Hears Ctrl-C, and reports progress, while the threads work.
Crew crew(int threads, const std::optional<py::function>& progress) {
    return {threads, [progress](int64_t done, int64_t pieces) {
                const py::gil_scoped_acquire gil;
                if (PyErr_CheckSignals() != 0) {
                    throw py::error_already_set();
                }
                if (progress) {
                    (*progress)(done, pieces);
                }
            }};
}

Problem problem(const ProblemArrays& samples, const ProblemArrays* references,
                const std::string& target) {
    return {samples.side(), (references == nullptr ? samples : *references).side(),
            references == nullptr, kernels(target)};
}

py::dict counted(const Work& work) {
    py::dict result;
    result["tile_pairs"] = work.tile_pairs.load();
    result["screened"] = work.screened.load();
    result["refined"] = work.refined.load();
    return result;
}

}  // namespace

PYBIND11_MODULE(_cpu, module) {
    module.doc() = "Native CPU engine of kstar_gpu.";
    module.attr("LONGEST") = kstar::kLongest;
    module.attr("WIDTH_STEP") = kWidthStep;
    module.attr("BOXED_WIDTH") = kBoxedWidth;
    module.def("targets", &targets, "Instruction sets that this processor runs, best first.");

    py::class_<Certificate>(module, "Certificate")
        .def(py::init(
                 [](double scale, double relative, double absolute, double weight, double largest) {
                     return Certificate{scale, relative, absolute, weight, largest};
                 }),
             py::arg("scale"), py::arg("relative"), py::arg("absolute"), py::arg("weight"),
             py::arg("largest"));
    py::class_<SideArrays>(module, "Rows")
        .def(py::init<py::array, std::string, std::optional<Array<double>>, Array<int64_t>>(),
             py::arg("values"), py::arg("element"), py::arg("norms").none(true),
             py::arg("order").noconvert());
    py::class_<BallArrays>(module, "Balls")
        .def(py::init<Array<int16_t>, int64_t, Array<double>, Certificate>(),
             py::arg("points").noconvert(), py::arg("width"), py::arg("radii").noconvert(),
             py::arg("certificate"));
    py::class_<ProblemArrays>(module, "Side")
        .def(py::init<SideArrays, Array<int32_t>, Array<int32_t>, BallArrays, BallArrays>(),
             py::arg("rows"), py::arg("codes").noconvert(), py::arg("weights").noconvert(),
             py::arg("full"), py::arg("narrow"))
        .def_property_readonly(
            "width", [](const ProblemArrays& side) { return side.narrow.width; },
            "Width of the balls that the search looks at first.");

    module.def(
        "measure",
        [](const SideArrays& rows, const Array<double>& centre, const Array<double>& weights,
           Array<double> lengths, Array<double> fingerprints, int threads,
           const std::string& target) {
            const Crew workers = crew(threads, std::nullopt);
            double* length = lengths.mutable_data();
            double* fingerprint = fingerprints.mutable_data();
            const py::gil_scoped_release release;
            measure(kernels(target), rows.rows(), rows.order.data(), rows.order.shape(0),
                    centre.data(), weights.data(), length, fingerprint, workers);
        },
        py::arg("rows"), py::arg("centre"), py::arg("weights"), py::arg("lengths").noconvert(),
        py::arg("fingerprints").noconvert(), py::arg("threads"), py::arg("target"),
        "Write the distance of each row from the centre, and a number that equal rows share.");
    module.def(
        "quantise",
        [](const SideArrays& rows, const Array<double>& centre, double scale, double longest,
           Array<int16_t> points, Array<double> radii, int threads, const std::string& target) {
            const Crew workers = crew(threads, std::nullopt);
            int16_t* to = points.mutable_data();
            double* radius = radii.mutable_data();
            const int64_t stride = points.shape(1);
            const py::gil_scoped_release release;
            quantise(kernels(target), rows.rows(), rows.order.data(), rows.order.shape(0),
                     centre.data(), scale, longest, stride, to, radius, workers);
        },
        py::arg("rows"), py::arg("centre"), py::arg("scale"), py::arg("longest"),
        py::arg("points").noconvert(), py::arg("radii").noconvert(), py::arg("threads"),
        py::arg("target"),
        "Write full-width points; radii hold lengths before, and radii afterwards.");
    module.def(
        "project",
        [](const BallArrays& full, const Array<int16_t>& basis, double norm, Array<int16_t> points,
           Array<double> radii, int threads, const std::string& target) {
            const Crew workers = crew(threads, std::nullopt);
            int16_t* to = points.mutable_data();
            double* radius = radii.mutable_data();
            const int64_t stride = points.shape(1);
            const py::gil_scoped_release release;
            project(kernels(target), full.balls(), full.points.shape(0), basis.data(),
                    basis.shape(0), norm, stride, to, radius, workers);
        },
        py::arg("full"), py::arg("basis").noconvert(), py::arg("norm"),
        py::arg("points").noconvert(), py::arg("radii").noconvert(), py::arg("threads"),
        py::arg("target"), "Write narrow points and their radii.");
    module.def(
        "arrange",
        [](const BallArrays& balls, const Array<int32_t>& codes, Array<int64_t> order,
           int threads) {
            const Crew workers = crew(threads, std::nullopt);
            int64_t* to = order.mutable_data();
            const py::gil_scoped_release release;
            arrange(balls.balls(), codes.data(), codes.shape(0), to, workers);
        },
        py::arg("balls"), py::arg("codes").noconvert(), py::arg("order").noconvert(),
        py::arg("threads"),
        "Write an order in which the samples of a class stand near each other.");
    module.def(
        "products",
        [](const Array<int16_t>& queries, const Array<int16_t>& points, int64_t width,
           Array<int32_t> result, int threads, const std::string& target) {
            const Crew workers = crew(threads, std::nullopt);
            const int64_t stride = points.shape(1);
            const Balls left{queries.data(), stride, width, nullptr, {}};
            const Balls right{points.data(), stride, width, nullptr, {}};
            int32_t* to = result.mutable_data();
            const py::gil_scoped_release release;
            products(kernels(target), left, queries.shape(0), right, points.shape(0), to, workers);
        },
        py::arg("queries"), py::arg("points").noconvert(), py::arg("width"),
        py::arg("result").noconvert(), py::arg("threads"), py::arg("target"),
        "Write the product of each query with each point.");
    module.def(
        "nearest_foreign",
        [](const ProblemArrays& samples, const ProblemArrays* references, Array<double> squared,
           Array<int64_t> rows, int threads, const std::string& target,
           const std::optional<py::function>& progress) {
            const Problem whole = problem(samples, references, target);
            const Crew workers = crew(threads, progress);
            Work work;
            {
                double* to = squared.mutable_data();
                int64_t* row = rows.mutable_data();
                const py::gil_scoped_release release;
                Search(whole, to, row, work).run(workers);
            }
            return counted(work);
        },
        py::arg("samples"), py::arg("references").none(true), py::arg("squared").noconvert(),
        py::arg("rows").noconvert(), py::arg("threads"), py::arg("target"),
        py::arg("progress").none(true),
        "Write squared distance and row of the nearest foreign sample; return the work done.");
    module.def(
        "count_within",
        [](const ProblemArrays& samples, const ProblemArrays* references,
           const Array<double>& squared, Array<int64_t> counts, int threads,
           const std::string& target, const std::optional<py::function>& progress) {
            const Problem whole = problem(samples, references, target);
            const Crew workers = crew(threads, progress);
            Work work;
            {
                int64_t* to = counts.mutable_data();
                const py::gil_scoped_release release;
                Count(whole, squared.data(), to, work).run(workers);
            }
            return counted(work);
        },
        py::arg("samples"), py::arg("references").none(true), py::arg("squared"),
        py::arg("counts").noconvert(), py::arg("threads"), py::arg("target"),
        py::arg("progress").none(true),
        "Write the weight of the own class within each radius; return the work done.");
}
