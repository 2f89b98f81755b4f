"""What comes in, in which family it goes out, and what is refused, with which words."""

import re
import subprocess
import sys
import types

import numpy as np
import pandas as pd
import pytest
import torch

from kstar_gpu import available_backends, definition, kstar
from kstar_gpu.engines import status as engine_status
from kstar_gpu.inputs.labels import encode_both, encode_labels

X = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 4.0], [9.0, 1.0], [8.0, 1.5]])
Y = np.array([0, 0, 1, 1, 1])
WANTED = definition.kstar(X, Y)


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


def test_categorical_and_nullable_labels():
    categories = pd.Series(["cat", "cat", "dog", "dog", "dog"], dtype="category")
    np.testing.assert_array_equal(kstar(X, categories), WANTED)
    np.testing.assert_array_equal(kstar(X, pd.Series(Y, dtype="Int64")), WANTED)


class Foreign:
    """An array of a library of its own that speaks DLPack and nothing else."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **keywords):
        return self.array.__dlpack__(**keywords)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


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


def test_classes_are_sorted():
    codes, classes = encode_labels(["b", "a", "c", "a"])
    assert codes.tolist() == [1, 0, 2, 0]
    assert classes.tolist() == ["a", "b", "c"]
    codes, reference_codes, classes = encode_both([5, 1], [3, 5])
    assert (codes.tolist(), reference_codes.tolist()) == ([2, 0], [1, 2])
    assert classes.tolist() == [1, 3, 5]


def test_normalised():
    np.testing.assert_array_equal(kstar(X, Y, normalize=True), WANTED / np.array([2, 2, 3, 3, 3]))


def test_normalised_by_one_more_than_the_references():
    result = kstar(X, [0, 0, 1, 1, 2], references=X, reference_labels=Y, normalize=True)
    plain = definition.kstar(X, np.array([0, 0, 1, 1, 2]), X, Y)
    assert plain[4] == 1
    np.testing.assert_array_equal(result[:4], plain[:4] / np.array([3, 3, 4, 4]))
    assert np.isnan(result[4])


def test_distances_of_each_metric():
    x = np.array([[1.0, 0.0], [0.0, 2.0]])
    assert kstar(x, [0, 1], return_foreign=True).distance.tolist() == [5**0.5] * 2
    assert kstar(x, [0, 1], metric="cosine", return_foreign=True).distance.tolist() == [1.0] * 2
    given = [[0.0, 0.25], [4.0, 0.0]]
    result = kstar(given, [0, 1], metric="precomputed", return_foreign=True)
    assert result.distance.tolist() == [0.25, 4.0]


BAD = [
    (
        dict(labels=[0, 1]),
        ValueError,
        "labels: one label per sample is wanted (features has 5), got 2",
    ),
    (dict(features=X[:, 0]), ValueError, "features: shape (N, d) or (N, ...) is wanted, got (5,)"),
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
        dict(features=X + 1j),
        TypeError,
        "features: float16, bfloat16, float32, float64, integers or booleans are wanted, "
        "got dtype complex128",
    ),
    (dict(features=torch.zeros(5, 2, dtype=torch.complex64)), TypeError, "got torch.complex64"),
    (dict(features=X.astype(str)), TypeError, "features: float16, bfloat16"),
    (dict(features=X.astype(object)), TypeError, "got dtype object"),
    (dict(features=X.astype(np.longdouble)), TypeError, "got dtype float128"),
    (dict(features=torch.eye(5).to_sparse()), TypeError, "features: a dense array is wanted"),
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
    (
        dict(features=X * 1e150),
        ValueError,
        "features: a largest magnitude between 1e-150 and 1e+150 is wanted",
    ),
    (dict(features=X * 1e-160), ValueError, "rescale), got 9e-160"),
    (dict(memory_limit=-1), ValueError, "memory_limit: a positive number is wanted, got -1"),
    (dict(memory_limit="1 GB"), TypeError, "memory_limit: a number of bytes is wanted, got '1 GB'"),
    (dict(memory_limit=1000), ValueError, "memory_limit: at least "),
    (
        dict(features=np.eye(5), metric="precomputed", memory_limit=10),
        ValueError,
        "memory_limit: at least 160 bytes are wanted",
    ),
    (
        dict(metric="manhattan"),
        ValueError,
        "metric: one of euclidean, cosine, precomputed is wanted, got 'manhattan'",
    ),
    (
        dict(backend="tpu"),
        ValueError,
        "backend: 'auto', 'cpu', 'cuda', 'torch' are known, got 'tpu'",
    ),
    (
        dict(features=X - X[1], metric="cosine"),
        ValueError,
        "features: under metric='cosine' no row may be zero, got row 1",
    ),
    (
        dict(references=X - X[1], reference_labels=Y, metric="cosine"),
        ValueError,
        "references: under metric='cosine' no row may be zero, got row 1",
    ),
    (
        dict(references=X),
        ValueError,
        "reference_labels: references and reference_labels go together, got one alone",
    ),
    (
        dict(reference_labels=Y),
        ValueError,
        "references: references and reference_labels go together, got one alone",
    ),
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
    (
        dict(references=X, reference_labels=list("aabbb")),
        TypeError,
        "reference_labels: the same kind as labels is wanted, got <U1 beside int64",
    ),
    (
        dict(features=X, metric="precomputed"),
        ValueError,
        "shape (5, 5), is wanted, got (5, 2)",
    ),
    (
        dict(features=np.eye(5), references=X, metric="precomputed"),
        ValueError,
        "references: under metric='precomputed' the features are already distances",
    ),
    (
        dict(features=np.full((5, 5), np.nan), metric="precomputed"),
        ValueError,
        "features: finite distances are wanted, got NaN or infinity in row 0",
    ),
    (dict(device="abacus"), ValueError, "device: a torch device is wanted, got 'abacus'"),
    (dict(device="meta"), ValueError, "device: backend 'cpu' computes on the CPU, got 'meta'"),
]


@pytest.mark.parametrize(("arguments", "error", "words"), BAD)
def test_bad_input(arguments, error, words):
    call = {"features": X, "labels": Y, **arguments}
    if call.get("device") == "meta":
        if not available_backends()["cpu"].available:
            pytest.skip("the cpu backend is not built")
        call["backend"] = "cpu"
    with pytest.raises(error, match=re.escape(words)):
        kstar(call.pop("features"), call.pop("labels"), **call)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_where_there_is_none():
    with pytest.raises(ValueError, match="device: torch sees no CUDA device here, got 'cuda'"):
        kstar(X, Y, device="cuda")


def test_a_missing_backend_says_why(monkeypatch, tmp_path):
    record = tmp_path / "_build_failures.json"
    record.write_text('{"kstar_gpu.engines.cpu._cpu": "CompileError: no g++"}')
    monkeypatch.setattr(engine_status, "files", lambda package: tmp_path)
    monkeypatch.setitem(sys.modules, "kstar_gpu.engines.cpu._cpu", None)
    status = available_backends()["cpu"]
    assert not status.available
    assert status.detail.endswith("CompileError: no g++")
    with pytest.raises(ValueError, match=re.escape("backend: 'cpu' is not available here: ")):
        kstar(X, Y, backend="cpu")
    np.testing.assert_array_equal(kstar(X, Y), WANTED)


def test_memory_limit_makes_smaller_tiles(backend, rng):
    x, y = rng.standard_normal((3000, 8)), rng.integers(0, 3, 3000)
    with pytest.raises(ValueError, match="at least") as refusal:
        kstar(x, y, backend=backend, memory_limit=1)
    least = int(re.search(r"at least (\d+) bytes", str(refusal.value)).group(1))
    with pytest.raises(ValueError, match="memory_limit"):
        kstar(x, y, backend=backend, memory_limit=least - 1)
    result = kstar(x, y, backend=backend, memory_limit=least)
    np.testing.assert_array_equal(result, kstar(x, y, backend=backend))


def test_progress_is_shown_on_request(capsys):
    kstar(X, Y, progress=True)
    assert "search" in capsys.readouterr().err
    kstar(X, Y)
    assert capsys.readouterr().err == ""


def test_nothing_is_printed_and_no_cuda_is_touched_at_import():
    code = "import kstar_gpu, torch; assert not torch.cuda.is_initialized()"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, check=True, text=True
    )
    assert (done.stdout, done.stderr) == ("", "")
