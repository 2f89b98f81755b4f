"""Distances that are given: compared as they are, where the caller says, by whichever backend."""

import numpy as np
import pytest
import torch
from helpers.families import labels
from helpers.five_samples import X, assert_refused

from kstar_gpu import definition, kstar
from kstar_gpu.engines import precomputed, registry
from kstar_gpu.engines.status import BackendStatus


@pytest.mark.parametrize("self_form", [True, False])
def test_precomputed(self_form, rng):
    y, reference_labels = labels(rng, 60, 4), None if self_form else labels(rng, 40, 3)
    distances = rng.integers(0, 7, (60, 60 if self_form else 40)).astype(float)  # not symmetric
    wanted = definition.table(distances, y, None, reference_labels, metric="precomputed")
    if self_form:
        np.fill_diagonal(distances, np.nan)
    result = kstar(
        distances,
        y,
        reference_labels=reference_labels,
        metric="precomputed",
        return_foreign=True,
    )
    np.testing.assert_array_equal(result.kstar, wanted.kstar)
    np.testing.assert_array_equal(result.distance, wanted.squared_distance)
    np.testing.assert_array_equal(result.index, wanted.row)


def test_precomputed_in_blocks_of_one_row(monkeypatch, rng):
    monkeypatch.setattr(precomputed, "BLOCK_BYTES", 1)
    distances, y = rng.uniform(size=(50, 50)), labels(rng, 50, 3)
    wanted = definition.kstar(distances, y, metric="precomputed")
    result = kstar(distances, y, metric="precomputed")
    np.testing.assert_array_equal(result, wanted)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (
            dict(features=np.eye(5), metric="precomputed", memory_limit=10),
            ValueError,
            "bytes are wanted for rows of 5 precomputed distances, got 10",
        ),
        (
            dict(features=X, metric="precomputed"),
            ValueError,
            "shape (5, 5), is wanted, got (5, 2)",
        ),
        (
            dict(features=np.full((5, 5), np.nan), metric="precomputed"),
            ValueError,
            "features: finite distances are wanted, got NaN or infinity in row 0",
        ),
    ],
)
def test_what_are_no_distances(arguments, error, words):
    assert_refused(arguments, error, words)


def test_every_backend_compares_them(backend, rng):
    distances, y = rng.integers(0, 9, (40, 40)), labels(rng, 40, 3)
    wanted = definition.kstar(distances.astype(float), y, metric="precomputed")
    found = kstar(distances, y, metric="precomputed", backend=backend)
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_is_not_ignored():
    with pytest.raises(ValueError, match="device: torch sees no CUDA device here"):
        kstar(np.zeros((2, 2)), [0, 1], metric="precomputed", device="cuda")


def test_the_backend_decides_on_the_device(monkeypatch):
    """On a CUDA device the CUDA backend serves them, and on the CPU it is refused."""
    there = registry.Record(".cuda.engine", lambda: BackendStatus(True, "there"), "cuda", "a GPU")
    monkeypatch.setitem(registry.BACKENDS, "cuda", there)
    chosen = registry.choose_engine("cuda", "precomputed", torch.device("cuda", 0))
    assert chosen is precomputed.Engine
    with pytest.raises(ValueError, match="backend 'cuda' computes on a GPU, got 'cpu'"):
        registry.choose_engine("cuda", "precomputed", torch.device("cpu"))


def test_blocks_travel_to_the_device(monkeypatch, rng):
    """The matrix stays where it is; only rows of it are copied."""
    assert precomputed.Engine.storage_device(
        [torch.zeros(2, 2)], torch.device("meta"), None
    ) == torch.device("cpu")
    distances, y = rng.uniform(size=(30, 30)), labels(rng, 30, 3)
    monkeypatch.setattr(precomputed, "BLOCK_BYTES", precomputed.DISTANCE_BYTES * 30 * 7)
    wanted = definition.kstar(distances, y, metric="precomputed")
    np.testing.assert_array_equal(kstar(distances, y, metric="precomputed"), wanted)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_are_refused_by_row(wrong):
    distances = np.ones((4, 4))
    distances[1, 1] = wrong  # the diagonal says nothing
    kstar(distances, [0, 1, 0, 1], metric="precomputed")
    distances[2, 3] = wrong
    with pytest.raises(ValueError, match=r"finite distances are wanted, .* in row 2"):
        kstar(distances, [0, 1, 0, 1], metric="precomputed")
