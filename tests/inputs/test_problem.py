"""Problems: samples in class order under one metric, and what cannot be asked."""

import numpy as np
import pytest
import torch
from helpers.families import labels
from helpers.five_samples import X, Y, assert_refused

from kstar_gpu import definition
from kstar_gpu.inputs.classes import make_classes
from kstar_gpu.inputs.problem import make_problem

CPU = torch.device("cpu")


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("self_form", [True, False])
def test_each_side_stands_in_class_order_as_the_metric_sees_it(metric, self_form, rng):
    x, y = rng.standard_normal((50, 6)), labels(rng, 50, 4)
    others, other_labels = (None, None) if self_form else (x[:30] + 1, y[:30])
    tensors = [None if side is None else torch.from_numpy(side) for side in (x, others)]
    problem = make_problem(*tensors, make_classes(y, other_labels), metric, CPU)
    given = [(x, y)] if self_form else [(x, y), (others, other_labels)]
    assert problem.self_form == self_form
    assert len(problem.sides) == len(given)
    for side, (values, names) in zip(problem.sides, given, strict=True):
        order = np.argsort(names, kind="stable")
        np.testing.assert_array_equal(side.order.numpy(), order)
        np.testing.assert_array_equal(side.codes, names[order])
        wanted = definition.unit_rows(values) if metric == "cosine" else values
        np.testing.assert_array_equal(side.rows(slice(None)).numpy(), wanted[order])
        some = side.taken(np.array([3, 8, 20]))
        np.testing.assert_array_equal(some.rows(slice(1, 3)).numpy(), wanted[order[[8, 20]]])
        np.testing.assert_array_equal(some.codes, names[order[[3, 8, 20]]])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_values_stay_as_they_are(dtype):
    x = torch.from_numpy(X).to(dtype)
    problem = make_problem(x, None, make_classes(Y, None), "euclidean", CPU)
    assert problem.samples.values.dtype == dtype
    assert problem.samples.values.data_ptr() == x.data_ptr()
    assert problem.largest == 9.0


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (
            dict(labels=[0, 1]),
            ValueError,
            "labels: one label per sample is wanted (features has 5), got 2",
        ),
        (
            dict(features=X[:, 0]),
            ValueError,
            "features: shape (N, d) or (N, ...) is wanted, got (5,)",
        ),
        (
            dict(features=np.zeros((0, 3)), labels=[]),
            ValueError,
            "labels: at least two classes are wanted, got 0 (none)",
        ),
        (
            dict(features=np.zeros((5, 0))),
            ValueError,
            "features: at least one sample with one feature is wanted, got shape (5, 0)",
        ),
        (
            dict(features=np.where(X == 9.0, np.nan, X)),
            ValueError,
            "features: finite numbers are wanted, got NaN or infinity in row 3",
        ),
        (
            dict(features=np.where(X == 3.0, -np.inf, X).astype(np.float32)),
            ValueError,
            "features: finite numbers are wanted, got NaN or infinity in row 1",
        ),
        (
            dict(labels=[4, 4, 4, 4, 4]),
            ValueError,
            "labels: at least two classes are wanted, got 1 (4)",
        ),
        (
            dict(references=X, reference_labels=["a"] * 5, labels=list("abcde")),
            ValueError,
            "reference_labels: at least two classes are wanted, got 1 (a)",
        ),
        (
            dict(labels=["a\x1b[2J\n"] * 5),
            ValueError,
            r"labels: at least two classes are wanted, got 1 (a\x1b[2J\n)",
        ),
        (
            dict(features=X * 1e150),
            ValueError,
            "features: a largest magnitude between 1e-150 and 1e+150 is wanted",
        ),
        (dict(features=X * 1e-160), ValueError, "rescale), got 9e-160"),
        (
            dict(references=X[:, :1], reference_labels=Y),
            ValueError,
            "references: as many features per sample as in features are wanted (2), got 1",
        ),
        (
            dict(references=np.where(X == 9.0, np.nan, X), reference_labels=Y),
            ValueError,
            "references: finite numbers are wanted, got NaN or infinity in row 3",
        ),
    ],
)
def test_what_is_no_problem(arguments, error, words):
    assert_refused(arguments, error, words)
