"""Labels and results of a CUDA device do not leave it: only the size of each class does.

Here the CPU plays the device: nothing is taken for memory that numpy can see.
"""

import numpy as np
import pytest
import torch
from helpers.families import duplicates, gaussian, labels

from kstar_gpu import definition, kstar

N = 700
CROSSINGS = ("cpu", "numpy", "tolist", "__array__")


array_of = torch.Tensor.numpy


def exact_root(tensor):
    return torch.from_numpy(np.sqrt(array_of(tensor)))


@pytest.fixture
def crossings(on_host, monkeypatch):
    """Let the CPU be another device; lists how many numbers left it, each time that some did."""
    for module in ("cpu_tensors", "columns", "distance"):
        monkeypatch.setattr(f"kstar_gpu.{module}.on_cpu", lambda tensor: False)
    monkeypatch.setattr("kstar_gpu.inputs.labels.COUNTING_DEVICES", ("cpu",))
    # A device's square root is exact, which torch's on the CPU is not.
    monkeypatch.setattr("kstar_gpu.columns.EXACT_ROOTS", ("cpu",))
    monkeypatch.setattr(torch.Tensor, "sqrt", exact_root)
    left = []

    def watched(name):
        plain = getattr(torch.Tensor, name)

        def crossing(tensor, *args, **kwargs):
            if tensor.ndim == 1:  # some rows of features may leave it
                left.append(len(tensor))
            return plain(tensor, *args, **kwargs)

        return crossing

    for name in CROSSINGS:
        monkeypatch.setattr(torch.Tensor, name, watched(name))
    return left


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("dtype", [torch.int64, torch.uint8, torch.bool])
def test_among_one_another(dtype, normalize, metric, crossings, rng):
    x, y = gaussian(rng, N, 40), labels(rng, N, 2)
    found = kstar(
        torch.from_numpy(x),
        torch.from_numpy(y).to(dtype),
        metric=metric,
        normalize=normalize,
        return_foreign=True,
    )
    assert max(crossings) < N / 4
    wanted = definition.table(x.astype(np.float64), y, metric=metric)
    kept = wanted.kstar / np.bincount(y)[y] if normalize else wanted.kstar
    np.testing.assert_array_equal(found.kstar, kept)
    np.testing.assert_array_equal(found.index, wanted.row)


def test_among_references(crossings, rng):
    x, y = gaussian(rng, N, 40), labels(rng, N, 5)
    sides = torch.from_numpy(x[:300]), torch.from_numpy(x[300:])
    codes = torch.from_numpy(y[:300].astype(np.int8)), torch.from_numpy(y[300:])
    found = kstar(sides[0], codes[0], references=sides[1], reference_labels=codes[1])
    assert max(crossings) < N / 4
    wanted = definition.kstar(x[:300], y[:300], x[300:], y[300:])
    np.testing.assert_array_equal(found, wanted)


def test_equal_samples_are_joined_by_their_positions(crossings, rng):
    """These leave it, and so do labels: but no result."""
    x, y = duplicates(rng, N, 10), labels(rng, N, 3)
    found = kstar(torch.from_numpy(x), torch.from_numpy(y), return_foreign=True)
    wanted = definition.table(x.astype(np.float64), y)
    np.testing.assert_array_equal(found.kstar, wanted.kstar)
    np.testing.assert_array_equal(found.index, wanted.row)
    np.testing.assert_array_equal(found.distance, np.sqrt(wanted.squared_distance))


def test_distances_that_are_given(crossings, rng):
    distances, y = rng.uniform(size=(N, N)), labels(rng, N, 3)
    found = kstar(torch.from_numpy(distances), torch.from_numpy(y), metric="precomputed")
    assert max(crossings, default=0) < N / 4
    np.testing.assert_array_equal(found, definition.kstar(distances, y, metric="precomputed"))
