// kstar_gpu.engines.cpu._cpu: numpy's arrays in, the engine called, nothing else.
#include <pybind11/functional.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>

#include "common/element.hpp"
#include "cpu/boxes.hpp"
#include "cpu/bytes.hpp"
#include "cpu/count.hpp"
#include "cpu/kernels.hpp"
#include "cpu/matrix.hpp"
#include "cpu/prepare.hpp"
#include "cpu/search.hpp"

namespace py = pybind11;
using kstar::element_named;
using kstar::Rows;
using namespace kstar::cpu;

namespace {

template <typename Value>
using Array = py::array_t<Value, py::array::c_style>;

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

Problem problem(const Side& samples, const Side* references, const std::string& target) {
    return {samples, references == nullptr ? samples : *references, references == nullptr,
            kernels(target)};
}

template <typename Number>
Matrix<Number> matrix(const py::array_t<Number>& array) {
    const int64_t size = array.itemsize();
    return {array.data(), array.shape(0), array.shape(1), array.strides(0) / size,
            array.strides(1) / size};
}

// Steps of memory may be any; overloaded by the type of the numbers.
template <typename Number>
void add_matrix_product(py::module_& module) {
    module.def(
        "matrix_product",
        [](const py::array_t<Number>& a, const py::array_t<float>& b, Array<Number> to, int threads,
           const std::string& target) {
            const Matrix<Number> left = matrix(a);
            const Matrix<float> right = matrix(b);
            const Crew workers = crew(threads, std::nullopt);
            Number* result = to.mutable_data();
            const py::gil_scoped_release release;
            matrix_product(kernels(target), left, right, result, workers);
        },
        py::arg("a").noconvert(), py::arg("b").noconvert(), py::arg("to").noconvert(),
        py::arg("threads"), py::arg("target"), "Write the product of two matrices.");
}

// Points of 16-bit numbers, or of bytes, whose sums are wanted, too.
template <typename Number>
void add_balls_of(py::class_<Balls>& balls) {
    constexpr bool kBytes = sizeof(Number) == 1;
    balls.def(py::init([](const Array<Number>& points, int64_t width, const Array<int32_t>& squares,
                          const std::optional<Array<int32_t>>& sums, const Array<double>& radii,
                          const Certificate& certificate) {
                  return Balls{points.data(), kBytes,         static_cast<int64_t>(points.shape(1)),
                               width,         squares.data(), sums ? sums->data() : nullptr,
                               radii.data(),  certificate};
              }),
              py::arg("points").noconvert(), py::arg("width"), py::arg("squares").noconvert(),
              py::arg("sums").noconvert().none(!kBytes), py::arg("radii").noconvert(),
              py::arg("certificate"), py::keep_alive<1, 2>(), py::keep_alive<1, 4>(),
              py::keep_alive<1, 5>(), py::keep_alive<1, 6>());
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
    module.attr("LONGEST") = kLongest;
    module.attr("WIDTH_STEP") = kWidthStep;
    module.attr("BYTE_STEP") = kByteStep;
    module.attr("BOXED_WIDTH") = kBoxedWidth;
    module.attr("TREE_WIDTH") = kTreeWidth;
    module.attr("TREE_SAMPLES") = kTreeSamples;
    module.def("targets", &targets, "Instruction sets that this processor runs, best first.");

    // They point into numpy's arrays, which they keep alive, and which nothing may copy on the way.
    py::class_<Certificate>(module, "Certificate")
        .def(py::init<double, double, double, double, double>(), py::arg("scale"),
             py::arg("relative"), py::arg("absolute"), py::arg("weight"), py::arg("largest"));
    py::class_<Members>(module, "Members")
        .def(py::init([](const py::array& values, const std::string& element,
                         const std::optional<Array<double>>& norms, const Array<int64_t>& order) {
                 const Rows rows{values.data(), element_named(element),
                                 static_cast<int64_t>(values.strides(0) / values.itemsize()),
                                 static_cast<int64_t>(values.shape(1)),
                                 norms ? norms->data() : nullptr};
                 return Members{rows, order.data(), static_cast<int64_t>(order.shape(0))};
             }),
             py::arg("values"), py::arg("element"), py::arg("norms").noconvert().none(true),
             py::arg("order").noconvert(), py::keep_alive<1, 2>(), py::keep_alive<1, 4>(),
             py::keep_alive<1, 5>());
    py::class_<Balls> balls(module, "Balls");
    add_balls_of<int16_t>(balls);
    add_balls_of<int8_t>(balls);
    py::class_<Side>(module, "Side")
        .def(py::init([](const Members& members, const Array<int32_t>& codes,
                         const Array<int64_t>& ids, const Array<int32_t>& weights,
                         const Balls& full, const Balls& narrow) {
                 return Side{members, codes.data(), ids.data(), weights.data(), full, narrow};
             }),
             py::arg("members"), py::arg("codes").noconvert(), py::arg("ids").noconvert(),
             py::arg("weights").noconvert(), py::arg("full"), py::arg("narrow"),
             py::keep_alive<1, 2>(), py::keep_alive<1, 3>(), py::keep_alive<1, 4>(),
             py::keep_alive<1, 5>(), py::keep_alive<1, 6>(), py::keep_alive<1, 7>())
        .def_property_readonly(
            "width", [](const Side& side) { return side.narrow.width; },
            "Width of the balls that the search looks at first.")
        .def_property_readonly(
            "bytes", [](const Side& side) { return side.narrow.bytes; },
            "Whether their points are bytes.");

    module.def(
        "measure_rows",
        [](const Members& samples, const Array<double>& centre, const Array<double>& weights,
           Array<double> lengths, Array<double> fingerprints, int threads,
           const std::string& target) {
            const Crew workers = crew(threads, std::nullopt);
            double* length = lengths.mutable_data();
            double* fingerprint = fingerprints.mutable_data();
            const py::gil_scoped_release release;
            measure_rows(kernels(target), samples, centre.data(), weights.data(), length,
                         fingerprint, workers);
        },
        py::arg("samples"), py::arg("centre"), py::arg("weights"), py::arg("lengths").noconvert(),
        py::arg("fingerprints").noconvert(), py::arg("threads"), py::arg("target"),
        "Write the distance of each row from the centre, and a number that equal rows share.");
    module.def(
        "make_full",
        [](const Members& samples, const Array<double>& centre, double scale, double longest,
           Array<int16_t> points, Array<int32_t> squares, Array<double> radii, int threads,
           const std::string& target) {
            const Crew workers = crew(threads, std::nullopt);
            int16_t* to = points.mutable_data();
            int32_t* square = squares.mutable_data();
            double* radius = radii.mutable_data();
            const int64_t stride = points.shape(1);
            const py::gil_scoped_release release;
            make_full(kernels(target), samples, centre.data(), scale, longest, stride, to, square,
                      radius, workers);
        },
        py::arg("samples"), py::arg("centre"), py::arg("scale"), py::arg("longest"),
        py::arg("points").noconvert(), py::arg("squares").noconvert(), py::arg("radii").noconvert(),
        py::arg("threads"), py::arg("target"),
        "Write full-width points; radii hold lengths before, and radii afterwards.");
    module.def(
        "make_narrow",
        [](const Balls& full, const Array<int16_t>& basis, double norm, Array<int16_t> points,
           Array<int32_t> squares, Array<double> radii, int threads, const std::string& target) {
            const Crew workers = crew(threads, std::nullopt);
            int16_t* to = points.mutable_data();
            int32_t* square = squares.mutable_data();
            double* radius = radii.mutable_data();
            const int64_t count = points.shape(0), stride = points.shape(1);
            const py::gil_scoped_release release;
            make_narrow(kernels(target), full, count, basis.data(), basis.shape(0), norm, stride,
                        to, square, radius, workers);
        },
        py::arg("full"), py::arg("basis").noconvert(), py::arg("norm"),
        py::arg("points").noconvert(), py::arg("squares").noconvert(), py::arg("radii").noconvert(),
        py::arg("threads"), py::arg("target"), "Write narrow points and their radii.");
    module.def(
        "make_bytes",
        [](const Balls& balls, const Array<int16_t>& middle,
           const std::optional<Array<int16_t>>& signs, float factor, Array<int8_t> points,
           Array<int32_t> squares, Array<int32_t> sums, Array<double> radii, int threads,
           const std::string& target) {
            const Crew workers = crew(threads, std::nullopt);
            const Kernels& chosen = kernels(target);
            const Coarsening how{middle.data(), signs ? signs->data() : nullptr, balls.width,
                                 factor, chosen.largest_byte};
            int8_t* to = points.mutable_data();
            int32_t *square = squares.mutable_data(), *sum = sums.mutable_data();
            double* radius = radii.mutable_data();
            const int64_t count = points.shape(0), stride = points.shape(1);
            const py::gil_scoped_release release;
            make_bytes(chosen, balls, count, how, stride, to, square, sum, radius, workers);
        },
        py::arg("balls"), py::arg("middle").noconvert(), py::arg("signs").noconvert().none(true),
        py::arg("factor"), py::arg("points").noconvert(), py::arg("squares").noconvert(),
        py::arg("sums").noconvert(), py::arg("radii").noconvert(), py::arg("threads"),
        py::arg("target"), "Write points of bytes, their sums, and their radii.");
    module.def(
        "largest_byte", [](const std::string& target) { return kernels(target).largest_byte; },
        py::arg("target"), "The largest number that points of bytes may have.");
    module.def(
        "arrange",
        [](const Balls& balls, const Array<int32_t>& codes, Array<int64_t> order, int threads) {
            const Crew workers = crew(threads, std::nullopt);
            int64_t* to = order.mutable_data();
            const py::gil_scoped_release release;
            arrange(balls, codes.data(), codes.shape(0), to, workers);
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
            const Balls left{queries.data(), false, stride, width, nullptr, nullptr, nullptr, {}};
            const Balls right{points.data(), false, stride, width, nullptr, nullptr, nullptr, {}};
            int32_t* to = result.mutable_data();
            const py::gil_scoped_release release;
            products(kernels(target), left, queries.shape(0), right, points.shape(0), to, workers);
        },
        py::arg("queries"), py::arg("points").noconvert(), py::arg("width"),
        py::arg("result").noconvert(), py::arg("threads"), py::arg("target"),
        "Write the product of each query with each point.");
    add_matrix_product<float>(module);
    add_matrix_product<double>(module);
    module.def(
        "gram_schmidt",
        [](const Array<double>& gram, Array<double> transform, const std::string& target) {
            double* to = transform.mutable_data();
            const py::gil_scoped_release release;
            return gram_schmidt(kernels(target), gram.data(), gram.shape(0), to);
        },
        py::arg("gram").noconvert(), py::arg("transform").noconvert(), py::arg("target"),
        "Write how orthonormal directions are made of rows; return their number.");
    module.def(
        "nearest_foreign",
        [](const Side& samples, const Side* references, Array<double> squared, Array<int64_t> ids,
           std::optional<Array<double>> reference_squared,
           std::optional<Array<int64_t>> reference_ids, int threads, const std::string& target,
           const std::optional<py::function>& progress) {
            const Problem whole = problem(samples, references, target);
            const Crew workers = crew(threads, progress);
            Work work;
            double* to[2] = {squared.mutable_data()};
            int64_t* id[2] = {ids.mutable_data()};
            if (reference_squared) {
                to[1] = reference_squared->mutable_data();
                id[1] = reference_ids.value().mutable_data();
            }
            {
                const py::gil_scoped_release release;
                Known of_samples(whole.samples, to[0], id[0]);
                std::optional<Known> of_references;
                if (to[1] != nullptr) {
                    of_references.emplace(whole.references, to[1], id[1]);
                }
                search(whole, of_samples, of_references ? &*of_references : nullptr, workers, work);
            }
            return counted(work);
        },
        py::arg("samples"), py::arg("references").none(true), py::arg("squared").noconvert(),
        py::arg("ids").noconvert(), py::arg("reference_squared").noconvert().none(true),
        py::arg("reference_ids").noconvert().none(true), py::arg("threads"), py::arg("target"),
        py::arg("progress").none(true),
        "Write squared distance and id of the nearest foreign sample; return the work done.");
    module.def(
        "start_among",
        [](const Side& samples, const Side& references, Array<double> squared, Array<int64_t> ids,
           int threads, const std::string& target) {
            const Problem whole = problem(samples, &references, target);
            const Crew workers = crew(threads, std::nullopt);
            double* to = squared.mutable_data();
            int64_t* id = ids.mutable_data();
            const py::gil_scoped_release release;
            Known of_samples(whole.samples, to, id);
            start_among(whole, of_samples, workers);
        },
        py::arg("samples"), py::arg("references"), py::arg("squared").noconvert(),
        py::arg("ids").noconvert(), py::arg("threads"), py::arg("target"),
        "Write squared distance and id of a foreign sample, where none is known.");
    module.def(
        "count_within",
        [](const Side& samples, const Side* references, const Array<double>& squared,
           Array<int64_t> counts, const std::optional<Array<double>>& reference_squared,
           std::optional<Array<int64_t>> reference_counts, int threads, const std::string& target,
           const std::optional<py::function>& progress) {
            const Problem whole = problem(samples, references, target);
            const Crew workers = crew(threads, progress);
            Work work;
            int64_t* to = counts.mutable_data();
            int64_t* other = reference_squared ? reference_counts.value().mutable_data() : nullptr;
            {
                const py::gil_scoped_release release;
                Within of_samples(whole.samples, squared.data(), to);
                std::optional<Within> of_references;
                if (other != nullptr) {
                    of_references.emplace(whole.references, reference_squared->data(), other);
                }
                Count(whole, of_samples, of_references ? &*of_references : nullptr, work)
                    .run(workers);
            }
            return counted(work);
        },
        py::arg("samples"), py::arg("references").none(true), py::arg("squared"),
        py::arg("counts").noconvert(), py::arg("reference_squared").none(true),
        py::arg("reference_counts").noconvert().none(true), py::arg("threads"), py::arg("target"),
        py::arg("progress").none(true),
        "Write the weight of the own class within each radius; return the work done.");
}
