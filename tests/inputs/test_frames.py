"""Frames of pandas, polars and Arrow: judged by columns and values, and nothing in them missing."""

import datetime
import decimal

import numpy as np
import pandas as pd
import pytest
from helpers.five_samples import WANTED, X, Y, assert_refused

from kstar_gpu import kstar

NAMES = list("aabbb")
FRAME = pd.DataFrame(X, columns=["a", "b"])
MISSING = "no missing values are wanted, got one in "


@pytest.mark.parametrize(
    "frame",
    [
        FRAME.astype({"a": "float32"}),
        FRAME.assign(c=True),
        FRAME.assign(c=[2**30] * 5, d=np.float16(1)),
        FRAME.astype("Float64"),
        FRAME.convert_dtypes(),
        FRAME.astype(object),
        FRAME.astype("Sparse[float]"),
        FRAME.assign(c=pd.Categorical([7] * 5)),
        pd.concat([FRAME, FRAME * 0], axis=1),  # two columns of each name
        pd.DataFrame({"vector": [*X]}),
        pd.DataFrame({"vector": X.tolist(), "zero": 0}),
        pd.Series(X.tolist()),
    ],
)
def test_pandas(frame):
    result = kstar(frame, Y)
    assert isinstance(result, pd.Series)
    np.testing.assert_array_equal(result, WANTED)


@pytest.mark.parametrize(
    "kind", ["Int64", "UInt8", "Float32", "boolean", "string", "category", "object"]
)
def test_nullable_labels(kind):
    labels = pd.Series(Y).astype("boolean" if kind == "boolean" else object).astype(kind)
    np.testing.assert_array_equal(kstar(X, labels), WANTED)
    np.testing.assert_array_equal(kstar(X, labels.array), WANTED)
    labels[4] = None
    assert_refused(dict(labels=labels), ValueError, f"labels: {MISSING}row 4")


def test_labels_of_pandas_itself():
    for labels in (pd.Index(Y), pd.Categorical(NAMES), pd.array(Y), pd.Series(NAMES, index=[*Y])):
        np.testing.assert_array_equal(kstar(X, labels), WANTED)


OF_TWO_SIDES = kstar(X, NAMES, references=X, reference_labels=NAMES)


def test_categories_count_by_their_values():
    ours = pd.Categorical(NAMES)
    theirs = pd.Categorical(NAMES, categories=["z", "b", "a"])
    found = kstar(X, ours, references=X, reference_labels=theirs)
    np.testing.assert_array_equal(found, OF_TWO_SIDES)


@pytest.mark.parametrize(
    ("frame", "error", "words"),
    [
        (FRAME.astype("Float64").mask(FRAME == 9), ValueError, MISSING + "column 'a' in row 3"),
        (FRAME.astype(object).where(FRAME != 9, None), ValueError, MISSING + "column 'a' in row 3"),
        (FRAME.assign(c=pd.Timestamp(0)), TypeError, "are wanted, got dtype datetime64"),
        (FRAME.assign(c="x"), TypeError, "in column 'c'"),
        (FRAME.assign(c=decimal.Decimal(1)), TypeError, "(Decimal('1') in column 'c' in row 0)"),
        (FRAME.assign(c=pd.Period("2020")), TypeError, "in column 'c' in row 0)"),
        (FRAME.assign(c=2**53 + 1), ValueError, "got 9007199254740993 in column 'c' in row 0"),
        (FRAME[[]], ValueError, "at least one sample with one feature is wanted, got shape (5, 0)"),
        (
            pd.Series([[1], [2], [3, 4], [5], [6]]),
            ValueError,
            "one shape (1,) are wanted, got (2,) in row 2",
        ),
        (pd.Series([[1], [2], [None], [5], [6]]), TypeError, "in row 2)"),
    ],
)
def test_what_pandas_holds_but_features_do_not(frame, error, words):
    assert_refused(dict(features=frame), error, "features: ")
    assert_refused(dict(features=frame), error, words)


def test_labels_in_several_columns():
    one_each = "labels: one label per sample, shape (N,), is wanted, got "
    assert_refused(dict(labels=FRAME), ValueError, one_each + "(5, 2)")
    assert_refused(dict(labels=FRAME.assign(c=True)), ValueError, one_each + "3 columns")
    index = pd.MultiIndex.from_arrays([Y, Y])
    assert_refused(dict(labels=index), TypeError, "got MultiIndex, which cannot be read")


class TestPolars:
    @pytest.fixture
    def pl(self):
        return pytest.importorskip("polars", reason="polars is not installed")

    def test_taken(self, pl):
        frame = pl.from_numpy(X, schema=["a", "b"])
        one = pl.lit(True).alias("c")
        vectors = pl.Series(X.tolist())
        for each in (
            frame,
            frame.with_columns(one),
            vectors,
            vectors.cast(pl.Array(pl.Float64, 2)),
        ):
            result = kstar(each, Y, return_foreign=True)
            assert all(isinstance(column, pl.Series) for column in result)
            assert [column.dtype for column in result] == [pl.Int64, pl.Float64, pl.Int64]
            assert result.kstar.to_list() == WANTED.tolist()
        for kind in (pl.String, pl.Categorical, pl.Binary):
            np.testing.assert_array_equal(kstar(X, pl.Series(NAMES).cast(kind)), WANTED)
        for kind in (pl.Int8, pl.UInt64, pl.Boolean, pl.Float32):
            np.testing.assert_array_equal(kstar(X, pl.Series(Y).cast(kind)), WANTED)

    def test_categories_count_by_their_values(self, pl):
        ours, theirs = (pl.Series(NAMES, dtype=pl.Enum([*names])) for names in ("ab", "zba"))
        for labels in (theirs, pl.Series(NAMES, dtype=pl.Categorical)):
            found = kstar(X, ours, references=X, reference_labels=labels)
            np.testing.assert_array_equal(found, OF_TWO_SIDES)

    def test_refused(self, pl):
        frame = pl.from_numpy(X, schema=["a", "b"])
        holes = frame.with_columns(pl.when(pl.col("a") != 9).then(pl.col("a")))
        words = f"features: {MISSING}column 'a' in row 3"
        assert_refused(dict(features=holes), ValueError, words)
        words = f"labels: {MISSING}row 4"
        for labels in (["a", "a", "b", "b", None], [0, 0, 1, 1, None]):
            assert_refused(dict(labels=pl.Series(labels)), ValueError, words)
        for values, words in [
            (frame.lazy(), "got a LazyFrame: give its .collect()"),
            (frame.to_struct(), "give its fields as columns"),
            (frame.cast(pl.Decimal(10, 2)), "Decimal('0.00') in column 'a' in row 0"),
            (frame.cast(pl.Date), "got dtype datetime64[D] in column 'a'"),
            (pl.col("a"), "got Expr"),
        ]:
            assert_refused(dict(features=values), TypeError, "features: ")
            assert_refused(dict(features=values), TypeError, words)


class TestArrow:
    @pytest.fixture
    def pa(self):
        return pytest.importorskip("pyarrow", reason="pyarrow is not installed")

    def test_taken(self, pa):
        table = pa.table({"a": X[:, 0], "b": X[:, 1].astype("f4"), "c": [True] * 5})
        flat = pa.array(np.append([7.0, 7.0], X))
        longer = pa.array([[7.0, 7.0], *X.tolist()])
        for features in (
            table,
            table.to_batches()[0],
            longer[1:],
            pa.FixedSizeListArray.from_arrays(flat, 2)[1:],
            pa.chunked_array([longer[1:3], longer[3:]]),
            pa.array(X[:, :, None].tolist()),
            pa.FixedShapeTensorArray.from_numpy_ndarray(X),
        ):
            result = kstar(features, Y)
            assert isinstance(result, pa.Array)
            assert result.to_pylist() == WANTED.tolist()
        for labels in (
            pa.array(Y),
            pa.array(Y).cast(pa.bool_()),
            pa.array(NAMES),
            pa.array(NAMES).cast(pa.binary()),
            pa.array(NAMES).dictionary_encode(),
            pa.chunked_array([NAMES[:2], NAMES[2:]]),
            pa.RunEndEncodedArray.from_arrays([2, 5], [0, 1]),
        ):
            np.testing.assert_array_equal(kstar(X, labels), WANTED)

    def test_dictionaries_count_by_their_values(self, pa):
        ours = pa.array(NAMES).dictionary_encode()
        theirs = pa.DictionaryArray.from_arrays([2, 2, 1, 1, 1], ["z", "b", "a"])
        found = kstar(X, ours, references=X, reference_labels=theirs)
        np.testing.assert_array_equal(found, OF_TWO_SIDES)

    def test_missing(self, pa):
        for labels in (
            pa.array([0, 0, 1, 1, None]),
            pa.array(["a", "a", "b", "b", None]),
            pa.DictionaryArray.from_arrays([0, 0, 0, 0, 1], ["a", None]),
        ):
            assert_refused(dict(labels=labels), ValueError, f"labels: {MISSING}row 4")
        for row in (None, [1.0, None]):
            features = pa.array([[1.0, 2.0]] * 3 + [row] + [[1.0, 3.0]])
            assert_refused(dict(features=features), ValueError, f"features: {MISSING}row 3")

    def test_refused(self, pa):
        for values, error, words in [
            (
                pa.array([[1.0], [2.0], [3.0, 4.0], [5.0], [6.0]]),
                ValueError,
                "rows of one length (1) are wanted, got 2 in row 2",
            ),
            (pa.array([{"a": 1}] * 5), TypeError, "got dict"),
            (pa.array([datetime.date(2020, 1, 1)] * 5), TypeError, "got dtype datetime64[D]"),
            (pa.table({"a": [decimal.Decimal(1)] * 5}), TypeError, "in column 'a' in row 0"),
        ]:
            assert_refused(dict(features=values), error, "features: ")
            assert_refused(dict(features=values), error, words)
