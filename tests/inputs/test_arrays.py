"""Arrays: what comes in, in which family it goes out, and what is refused."""

import sys
import types
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
import torch
from helpers.five_samples import WANTED, X, Y, assert_refused

from kstar_gpu import kstar
from kstar_gpu.inputs.arrays import to_tensor


def test_numpy_in_numpy_out():
    result = kstar(X, Y)
    assert isinstance(result, np.ndarray)
    assert result.dtype == np.int64
    np.testing.assert_array_equal(result, WANTED)


def test_lists_in_numpy_out():
    result = kstar(X.tolist(), Y.tolist())
    assert isinstance(result, np.ndarray)
    np.testing.assert_array_equal(result, WANTED)


def test_torch_in_torch_out():
    x = torch.from_numpy(X).requires_grad_()
    result = kstar(x, torch.from_numpy(Y), return_foreign=True)
    assert all(isinstance(column, torch.Tensor) for column in result)
    assert [column.dtype for column in result] == [torch.int64, torch.float64, torch.int64]
    assert not result.distance.requires_grad
    assert result.kstar.tolist() == WANTED.tolist()


def test_frames_keep_their_index():
    index = list("vwxyz")
    frame = pd.DataFrame(X, columns=["a", "b"], index=index)
    result = kstar(frame, pd.Series(Y, index=index))
    assert isinstance(result, pd.Series)
    assert result.index.tolist() == index
    assert result.tolist() == WANTED.tolist()


def test_columns_become_the_type_that_holds_all():
    frame = pd.DataFrame({"a": [1.5, 2.5], "b": [True, False]})
    for kind, flag, wanted in [
        ("float16", False, torch.float16),
        ("float16", True, torch.float32),
        ("float32", True, torch.float32),
        ("float64", True, torch.float64),
    ]:
        columns = frame.astype({"a": kind} if flag else kind)
        assert to_tensor(columns, "features").dtype == wanted
    frame["b"] = [2**24 + 1, 0]
    tensor = to_tensor(frame.astype({"a": "float32"}), "features")
    assert tensor.tolist() == [[1.5, 2.0**24 + 1], [2.5, 0.0]]


def test_bfloat16_of_numpy():
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="ml_dtypes is not installed")
    x, y = X.astype(ml_dtypes.bfloat16), Y.astype(ml_dtypes.bfloat16)
    assert to_tensor(x, "features").dtype == torch.bfloat16
    for features in (x, x[::-1].copy()[::-1], [*x], x.astype(object), x.tolist()):
        np.testing.assert_array_equal(kstar(features, y), WANTED)
    np.testing.assert_array_equal(kstar(X, [*y]), WANTED)
    for name in ("float8_e4m3fn", "int4"):
        values = Y.astype(getattr(ml_dtypes, name))
        assert_refused(dict(features=values[:, None]), TypeError, f"got dtype {name}")
        assert_refused(dict(labels=values), TypeError, f"got dtype {name}")


class Foreign:
    """An array of a library of its own that speaks DLPack and nothing else."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **keywords):
        return self.array.__dlpack__(**keywords)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def test_results_for_a_library_that_takes_no_dlpack_are_of_numpy(monkeypatch):
    monkeypatch.setitem(sys.modules, "mute_arrays", types.ModuleType("mute_arrays"))
    for module in ("mute_arrays", "not_loaded"):
        array = type("Array", (Foreign,), {"__module__": module})(X)
        result = kstar(array, Y)
        assert isinstance(result, np.ndarray)
        np.testing.assert_array_equal(result, WANTED)


@pytest.mark.parametrize("standard", [False, True], ids=["from_dlpack", "array namespace"])
def test_dlpack_in_dlpack_out(standard, monkeypatch):
    library = types.ModuleType("foreign_arrays")
    library.from_dlpack = lambda array: Foreign(np.from_dlpack(array))
    monkeypatch.setitem(sys.modules, "foreign_arrays", library)
    members = {"__module__": "foreign_arrays.core"}
    if standard:
        members["__array_namespace__"] = lambda self: library
    array = type("Array", (Foreign,), members)(X)
    labels = type("Array", (Foreign,), members)(Y)
    result = kstar(array, labels)
    assert isinstance(result, Foreign)
    np.testing.assert_array_equal(result.array, WANTED)


def test_a_result_is_handed_over_where_it_is(monkeypatch):
    """torch gives nothing away that is on another CUDA device than the current one."""
    current = []

    @contextmanager
    def device_of(tensor):
        current.append(tensor)
        yield
        current.clear()

    monkeypatch.setattr(torch.cuda, "device_of", device_of)
    library = types.ModuleType("foreign_arrays")
    library.from_dlpack = lambda tensor: [tensor is where for where in current]
    monkeypatch.setitem(sys.modules, "foreign_arrays", library)
    array = type("Array", (Foreign,), {"__module__": "foreign_arrays"})(X)
    assert kstar(array, Y) == [True]


def strided(x):
    return np.repeat(np.repeat(x, 2, 0), 3, 1)[::2, ::3]


@pytest.mark.parametrize(
    "arrange",
    [
        strided,
        np.asfortranarray,
        lambda x: x[::-1].copy()[::-1],
        lambda x: x.astype(">f8"),
        lambda x: x.reshape(5, 2, 1),
        lambda x: np.frombuffer(b"?" + x.tobytes(), x.dtype, offset=1).reshape(x.shape),
        lambda x: torch.from_numpy(x).T.contiguous().T,
        lambda x: torch.from_numpy(np.repeat(x, 2, 0))[::2],
    ],
)
def test_any_arrangement_in_memory(arrange, backend):
    result = kstar(arrange(X), Y, backend=backend)
    assert np.asarray(result).tolist() == WANTED.tolist()


def test_inputs_are_not_modified(backend):
    x, y = X.copy(), Y.copy()
    x.flags.writeable = y.flags.writeable = False
    kstar(x, y, backend=backend)
    kstar(x, y, backend=backend, metric="cosine")
    distances = np.abs(X[:, None, 0] - X[None, :, 0])
    copy = distances.copy()
    kstar(distances, Y, metric="precomputed")
    np.testing.assert_array_equal(distances, copy)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (
            dict(features=X + 1j),
            TypeError,
            "features: float16, bfloat16, float32, float64, integers or booleans are wanted, "
            "got dtype complex128",
        ),
        (dict(features=torch.zeros(5, 2, dtype=torch.complex64)), TypeError, "got torch.complex64"),
        (dict(features=X.astype(str)), TypeError, "features: float16, bfloat16"),
        (dict(features=X.astype(str).astype(object)), TypeError, "got dtype <U3"),
        pytest.param(
            dict(features=X.astype(np.longdouble)),
            TypeError,
            "got dtype float128",
            marks=pytest.mark.skipif(np.longdouble(0).itemsize < 16, reason="no float128 here"),
        ),
        (dict(features=torch.eye(5).to_sparse()), TypeError, "features: a dense array is wanted"),
        (
            dict(features=np.array([[0], [1], [-(2**53) - 1], [3], [4]])),
            ValueError,
            "features: integers up to 2**53 are wanted (larger ones are not exact in float64), "
            "got -9007199254740993 in row 2",
        ),
        (
            dict(features=np.array([[0], [1], [2**63 + 1], [3], [4]], dtype=np.uint64)),
            ValueError,
            "got 9223372036854775809 in row 2",
        ),
    ],
)
def test_what_are_no_features(arguments, error, words):
    assert_refused(arguments, error, words)
