"""Labels: which name classes, in which order, and which do not."""

import numpy as np
import pandas as pd
import pytest
import torch
from helpers.five_samples import WANTED, X, Y, assert_refused

from kstar_gpu import kstar
from kstar_gpu.inputs.labels import encode_both, encode_labels


@pytest.mark.parametrize(
    "labels",
    [
        ["b", "b", "c", "c", "c"],
        [False, False, True, True, True],
        [7.0, 7.0, -1.0, -1.0, -1.0],
        np.array(["b", "b", "c", "c", "c"], dtype=object),
        torch.tensor([3, 3, 5, 5, 5], dtype=torch.uint8),
        (10, 10, 20, 20, 20),
    ],
)
def test_kinds_of_labels(labels):
    np.testing.assert_array_equal(kstar(X, labels), WANTED)


def test_categorical_and_nullable_labels():
    categories = pd.Series(["cat", "cat", "dog", "dog", "dog"], dtype="category")
    np.testing.assert_array_equal(kstar(X, categories), WANTED)
    np.testing.assert_array_equal(kstar(X, pd.Series(Y, dtype="Int64")), WANTED)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "g"])
@pytest.mark.filterwarnings("error")
def test_integral_floats_of_every_width(dtype):
    np.testing.assert_array_equal(kstar(X, Y.astype(dtype)), WANTED)


BIG = [2**60, 2**60 + 1, 5, 5]  # of which float64 makes 2**60, 2**60, 5, 5


@pytest.mark.parametrize(
    ("labels", "reference_labels", "wanted"),
    [
        (BIG, np.array(BIG, dtype=np.uint64), [2, 2, 2, 3]),
        (np.array(BIG, dtype=np.uint64), BIG, [2, 2, 2, 3]),
        (torch.tensor(BIG), torch.tensor(BIG).to(torch.uint64), [2, 2, 2, 3]),
        ([2**63, 2**63 + 1, 6, 6], BIG, [1, 1, 1, 1]),  # classes that the others lack
        ([0, 1, 2, 2], [0.0, 1.0, 2.0, 2.0], [2, 2, 2, 3]),
        ([False, True, True, False], np.array([0, 1, 1, 0], dtype=np.int8), [2, 2, 2, 2]),
        (["a", "b", "c", "c"], np.array([b"a", b"b", b"c", b"c"]), [2, 2, 2, 3]),
        (np.array([*"abcc"], dtype=object), np.array([*"abcc"]), [2, 2, 2, 3]),
    ],
)
def test_labels_of_two_sides_are_compared_exactly(labels, reference_labels, wanted):
    x = np.arange(4.0)[:, None]
    found = kstar(x, labels, references=x, reference_labels=reference_labels)
    assert found.tolist() == wanted


def test_classes_keep_the_type_that_holds_them():
    assert encode_labels(np.array([3, 2**63 + 1], dtype=np.uint64))[1].tolist() == [3, 2**63 + 1]
    *_, classes = encode_both([2**63 - 1, 1], np.array([2**63, 1], dtype=np.uint64))
    assert classes.tolist() == [1, 2**63 - 1, 2**63]
    *_, classes = encode_both([-1, 1], np.array([2, 1], dtype=np.uint64))
    assert classes.tolist() == [-1, 1, 2]
    with pytest.raises(ValueError, match=r"^reference_labels: .* got -1 and 9223372036854775808"):
        encode_both([-1, 1], np.array([2**63, 1], dtype=np.uint64))


def test_classes_are_sorted():
    codes, classes = encode_labels(["b", "a", "c", "a"])
    assert codes.tolist() == [1, 0, 2, 0]
    assert classes.tolist() == ["a", "b", "c"]
    codes, reference_codes, classes = encode_both([5, 1], [3, 5])
    assert (codes.tolist(), reference_codes.tolist()) == ([2, 0], [1, 2])
    assert classes.tolist() == [1, 3, 5]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (
            dict(labels=[0, 0, 1, 1, None]),
            TypeError,
            "labels: integers, strings, booleans or integral floats are wanted, all of one kind, "
            "got NoneType, int",
        ),
        (dict(labels=[0, 0, 1, 1, "x"]), TypeError, "all of one kind, got int, str"),
        (dict(labels=[0, 0, 1, 1, np.nan]), ValueError, "got nan at 4"),
        (dict(labels=[0, 0.5, 1, 1, 1]), ValueError, "got 0.5 at 1"),
        (dict(labels=np.array([0, 0, 1, 1, 1j])), TypeError, "got dtype complex128"),
        (
            dict(labels=np.zeros((5, 1), int)),
            ValueError,
            "labels: one label per sample, shape (N,), is wanted, got (5, 1)",
        ),
        (dict(labels=[[0], [0], [1], [1], [1]]), ValueError, "shape (N,), is wanted, got (5, 1)"),
        (
            dict(references=X, reference_labels=np.array([*"aabbb"], dtype="S")),
            TypeError,
            "reference_labels: the same kind as labels is wanted, got <U1 beside int64",
        ),
        (
            dict(references=X, reference_labels=list("aabbb")),
            TypeError,
            "reference_labels: the same kind as labels is wanted, got <U1 beside int64",
        ),
    ],
)
def test_what_are_no_labels(arguments, error, words):
    assert_refused(arguments, error, words)
