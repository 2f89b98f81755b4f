"""Containers: whatever holds values gives those very values, or is refused by its name."""

import array
import collections

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch
from helpers.five_samples import WANTED, X, Y, assert_refused

from kstar_gpu import kstar
from kstar_gpu.inputs.argument import Argument
from kstar_gpu.inputs.containers import unpack

RECORDS = np.zeros(5, dtype=[("a", "f4"), ("b", ">f8")])
RECORDS["a"], RECORDS["b"] = X.T
VECTORS = np.zeros(5, dtype=[("vector", "f8", (2,)), ("flag", "?")])
VECTORS["vector"] = X
MISSING = "no missing values are wanted, got one in "


def objects(rows):
    """Return rows as objects, one for each."""
    array = np.empty(len(rows), dtype=object)
    array[:] = rows
    return array


@pytest.mark.parametrize(
    "features",
    [
        np.ma.array(X),
        np.ma.array(X, mask=False),
        RECORDS,
        RECORDS.view(np.recarray),
        VECTORS,
        [*X],
        [row.tolist() for row in X],
        tuple(map(tuple, X)),
        collections.deque(X.tolist()),
        memoryview(X),
        [*torch.from_numpy(X)],
        [*torch.from_numpy(X).requires_grad_()],
        [*torch.from_numpy(X).to(torch.bfloat16)],
        objects([*X]),
        objects(X.tolist()),
        [*map(pd.Series, X)],
        [X[0], torch.from_numpy(X[1]), [4, 4.0], X[3].astype("f4"), pd.Series(X[4])],
    ],
)
def test_features(features):
    result = kstar(features, Y)
    assert type(result) is np.ndarray
    np.testing.assert_array_equal(result, WANTED)


@pytest.mark.parametrize(
    "labels",
    [
        np.ma.array(Y),
        [*Y],
        [*torch.from_numpy(Y)],
        [0, False, True, 1.0, np.uint8(1)],
        [2**63 - 1, 2**63 - 1, 2**63, 2**63, 2**63],
        bytearray(b"aabbb"),
        array.array("b", Y.tolist()),
        collections.deque(Y.tolist()),
        Y.astype("f2"),
        Y.astype(">i4"),
        np.array([*"aabbb"], dtype=">U1"),
        np.array([*"aabbb"], dtype="S"),
        np.array([*"aabbb"], dtype="S").tolist(),
    ],
)
def test_labels(labels):
    np.testing.assert_array_equal(kstar(X, labels), WANTED)


@pytest.mark.skipif(not hasattr(np.dtypes, "StringDType"), reason="numpy has no StringDType")
def test_strings_of_any_length():
    kind = np.dtypes.StringDType(na_object=None)
    np.testing.assert_array_equal(kstar(X, np.array([*"aabbb"], dtype=kind)), WANTED)
    labels = np.array(["a", "a", "b", "b", None], dtype=kind)
    assert_refused(dict(labels=labels), TypeError, "(None in row 4)")


@pytest.mark.parametrize(
    ("features", "row"),
    [
        (np.ma.masked_values(X, 9.0), "row 3"),
        (np.ma.array(X.reshape(5, 2, 1), mask=X.reshape(5, 2, 1) == 1.5), "row 4"),
        ([*np.ma.masked_values(X, 9.0)], "row 3"),
        (np.ma.array(RECORDS, mask=[(0, 0)] * 4 + [(0, 1)]), "column 'b' in row 4"),
    ],
)
def test_masked_features_are_missing(features, row):
    assert_refused(dict(features=features), ValueError, f"features: {MISSING}{row}")
    references = dict(references=features, reference_labels=Y)
    assert_refused(references, ValueError, f"references: {MISSING}{row}")


def test_masked_labels_are_missing():
    labels = np.ma.array(Y, mask=[0, 0, 0, 0, 1])
    assert_refused(dict(labels=labels), ValueError, f"labels: {MISSING}row 4")
    both = dict(references=X, reference_labels=labels)
    assert_refused(both, ValueError, f"reference_labels: {MISSING}row 4")
    assert_refused(dict(labels=[*labels]), TypeError, "(masked in row 4)")
    assert_refused(dict(features=[[0, 1], [2, np.ma.masked]]), TypeError, "(masked in row 1)")


@pytest.mark.parametrize("kind", [scipy.sparse.csr_matrix, scipy.sparse.coo_array])
@pytest.mark.parametrize("name", ["features", "labels"])
def test_sparse_matrices_are_refused_by_name(name, kind):
    words = f"{name}: a dense array is wanted, got a sparse {kind.__name__}: give its .toarray()"
    assert_refused({name: kind(X)}, TypeError, words)


def numbers():
    yield from X


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, "got NoneType"),
        ({"a": X}, "got dict"),
        ({"a": 0}.values(), "got dict_values"),
        ({1, 2}, "got set"),
        (numbers(), "got generator"),
        ("abc", "got the str 'abc'"),
        (b"abc", "got the bytes b'abc'"),
        (object(), "got object"),
        (int, "got type"),
        (pd.NA, "got NAType"),
        (np.array(None), "got NoneType"),
        (RECORDS[0], "got a single record"),
        (np.zeros(5, "V3"), "got dtype |V3"),
        (Y.astype("M8[s]"), "got dtype datetime64[s]"),
        (Y.astype("m8[s]"), "got dtype timedelta64[s]"),
        ([1, 2, {}], "got dict, int ({} in row 2)"),
        ([X[0], X[1], None], "got NoneType in row 2"),
    ],
)
@pytest.mark.parametrize("name", ["features", "labels"])
def test_what_is_no_container_of_values(name, given, words):
    assert_refused({name: given}, TypeError, f"{name}: ")
    assert_refused({name: given}, TypeError, words)


class Broken:
    """Says that it is an array, and is none."""

    def __array__(self, *arguments, **keywords):
        raise OSError("the file is closed")


class BrokenCapsule:
    """Says that it speaks DLPack, and does not."""

    def __dlpack__(self, **keywords):
        raise BufferError("no such device")

    def __dlpack_device__(self):
        return 1, 0


def test_errors_of_others_are_told_in_ours():
    for given, words in [
        (Broken(), "got Broken, which cannot be read (the file is closed)"),
        (BrokenCapsule(), "got BrokenCapsule, which cannot be read (no such device)"),
    ]:
        for name in ("features", "labels"):
            assert_refused({name: given}, TypeError, f"{name}: ")
            assert_refused({name: given}, TypeError, words)


@pytest.mark.parametrize(
    ("features", "words"),
    [
        ([[1], [1, 2]], "rows of one shape (1,) are wanted, got (2,) in row 1"),
        ([1, [2]], "rows of one shape () are wanted, got (1,) in row 1"),
        ([[[1], [1, 2]], [[1], [1, 2]]], "rows of one shape are wanted, got lists"),
        ([X[0], X[0, :1]], "rows of one shape (2,) are wanted, got (1,) in row 1"),
        ([torch.ones(2), torch.ones(1)], "rows of one shape (2,) are wanted, got (1,) in row 1"),
    ],
)
def test_rows_of_several_lengths(features, words):
    assert_refused(dict(features=features), ValueError, f"features: {words}")


@pytest.mark.parametrize(
    "features",
    [
        [[2**53 + 1, 0.5]] * 5,
        [np.array([2**53 + 1, 1]), np.array([0.5, 1.0]), np.ones(2), np.ones(2), np.ones(2)],
        [torch.tensor([2**53 + 1]), *torch.ones(4, 1)],
    ],
)
def test_integers_are_not_rounded_beside_floats(features):
    words = "integers up to 2**53, beside floats, are wanted, got 9007199254740993 in row 0"
    assert_refused(dict(features=features), ValueError, f"features: {words}")


def test_arrays_are_not_copied():
    for given in (X, X[::2], np.ma.array(X)):
        (part,) = unpack(given, Argument("features", "numbers"))
        assert np.shares_memory(part.values, X)
    frame = pd.DataFrame(X)
    (part,) = unpack(frame, Argument("features", "numbers"))
    assert np.shares_memory(part.values, frame.to_numpy())
