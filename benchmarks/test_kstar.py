"""Times of kstar() and its peers: `pytest benchmarks/ --benchmark-only`."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from feature_sets import FeatureSet
from peers import PEERS, fastest_block

from kstar_gpu import available_backends, definition, kstar

BACKENDS = [name for name, status in available_backends().items() if status.available]
ROUNDS = 3
CHECKED_ROWS = 50

Benchmark = Any  # pytest-benchmark's fixture, whose methods have no types


def timed(benchmark: Benchmark, feature_set: FeatureSet, call: Callable[[], Any]) -> Any:
    """Time a call beside the others on the same set, and note the work in the JSON."""
    n, d = feature_set.features.shape
    benchmark.group = f"{feature_set.name} {n} x {d}"
    benchmark.extra_info.update(samples=n, dimensions=d)
    return benchmark.pedantic(call, rounds=ROUNDS, warmup_rounds=1)


@pytest.mark.parametrize("backend", BACKENDS)
def test_kstar(benchmark: Benchmark, feature_set: FeatureSet, backend: str) -> None:
    """Time a backend, and see that it is exact on some rows."""
    features, labels, _ = feature_set
    values = timed(benchmark, feature_set, lambda: kstar(features, labels, backend=backend))
    rows = np.random.default_rng(0).choice(len(features), CHECKED_ROWS, replace=False)
    np.testing.assert_array_equal(values[rows], definition.kstar(features, labels, rows=rows))


@pytest.mark.parametrize("name", PEERS)
def test_peer(benchmark: Benchmark, feature_set: FeatureSet, name: str) -> None:
    """Time a peer at its fastest block size."""
    features, labels, _ = feature_set
    peer = PEERS[name]
    block = fastest_block(peer, features, labels)
    benchmark.extra_info["block"] = block
    timed(benchmark, feature_set, lambda: peer(features, labels, block=block))
