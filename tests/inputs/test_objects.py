"""Python objects: what several of them are together, and which cannot be together."""

import decimal
import enum

import numpy as np
import pandas as pd
import pytest
from helpers.five_samples import WANTED, X, Y, assert_refused

from kstar_gpu import kstar
from kstar_gpu.inputs.argument import Argument
from kstar_gpu.inputs.labels import label_array
from kstar_gpu.inputs.objects import array_of_objects


def objects(values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


class Whole(enum.IntEnum):
    ONE = 1


class Text(str, enum.Enum):
    ONE = "one"


class Pure(enum.Enum):
    ONE = 1


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([True, np.bool_(False)], np.array([True, False])),
        ([1, np.int8(-2), True, Whole.ONE], np.array([1, -2, 1, 1])),
        ([2**63, np.uint8(3)], np.array([2**63, 3], dtype=np.uint64)),
        ([1, 2.5, np.float32(0.1), True], np.array([1.0, 2.5, float(np.float32(0.1)), 1.0])),
        ([1, np.float16("nan")], np.array([1.0, np.nan])),
        (
            ["a", np.str_("bc"), b"bc", np.bytes_(b"d"), Text.ONE],
            np.array([*"a", "bc", "bc", "d", "one"]),
        ),
        ([], np.empty(0)),
    ],
)
def test_objects_become_what_they_all_are(values, wanted):
    found = array_of_objects(objects(values), Argument("labels", "labels"))
    assert found.dtype == wanted.dtype
    np.testing.assert_array_equal(found, wanted)


def test_features_may_be_objects():
    for each in (X.astype(object), objects([*map(np.float32, X.ravel())]).reshape(X.shape)):
        np.testing.assert_array_equal(kstar(each, Y), WANTED)


def test_labels_may_be_objects():
    for names in (
        [np.float64(y) for y in Y],
        [b"ab"[y : y + 1] for y in Y],
        [np.int16(y) for y in Y],
    ):
        np.testing.assert_array_equal(kstar(X, objects(names)), WANTED)
    assert label_array(objects([b"cat", "cat"]), "labels").tolist() == ["cat", "cat"]


@pytest.mark.parametrize(
    "nothing",
    [
        None,
        pd.NA,
        pd.NaT,
        np.ma.masked,
        np.nan,
        decimal.Decimal(1),
        Pure.ONE,
        1j,
        np.datetime64("2020"),
        np.timedelta64(1),
        np.longdouble(1),
        {},
    ],
)
def test_what_is_no_label_is_named_with_its_row(nothing):
    if type(nothing) is np.longdouble and nothing.itemsize <= 8:
        pytest.skip("longdouble is float64 here")
    labels = objects(["a", "a", "b", "b", "b"])
    labels[3] = nothing
    assert_refused(
        dict(labels=labels),
        TypeError,
        f"all of one kind, got {', '.join(sorted(['str', type(nothing).__name__]))} (",
    )
    assert_refused(dict(labels=labels), TypeError, " in row 3)")
    features = X.astype(object)
    features[3, 1] = nothing
    if nothing is not np.nan:
        assert_refused(dict(features=features), TypeError, " in row 3)")
    else:
        assert_refused(dict(features=features), ValueError, "got NaN or infinity in row 3")


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (
            [0, 0, 1, 2**64, 2**65],
            "integers that all fit int64, or all uint64, are wanted, got 36893488147419103232",
        ),
        ([-1, -1, 2**63, 0, 0], "got 9223372036854775808 in row 2"),
        ([-(2**63) - 1, 0, 0, 0, 0], "got -9223372036854775809 in row 0"),
        (
            [0, 1.0, 2**53 + 1, 2**53, 2**53],
            "integers up to 2**53, beside floats, are wanted, got 9007199254740993 in row 2",
        ),
        ([b"\xff", "a", "b", "b", "b"], "bytes that are UTF-8 are wanted, got b'\\xff' in row 0"),
        (
            ["a", "a", "a\0", "b", "b"],
            "in NUL, which numpy drops, are wanted, got 'a\\x00' in row 2",
        ),
    ],
)
def test_values_that_numpy_would_change_are_refused(labels, words):
    assert_refused(dict(labels=labels), ValueError, words)
    assert_refused(dict(labels=objects(labels)), ValueError, words)
