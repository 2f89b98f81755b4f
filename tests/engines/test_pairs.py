"""Pairs of shards: what was agreed, and shards that are ready, serve wherever they come."""

import pickle

import numpy as np
import pytest
from helpers.families import labels, lattice
from helpers.shards import CPU, cut, even

from kstar_gpu.engines.registry import choose_pairs
from kstar_gpu.engines.shards import Nearest
from kstar_gpu.scale.shards import take_census


@pytest.fixture(params=["cpu", "torch"])
def pairs(request):
    return choose_pairs(request.param, "euclidean", CPU)


def found(pairs, ready):
    known = [Nearest.nothing(60), Nearest.nothing(60)]
    pairs.search(*ready, *known)
    counts = pairs.within(*ready, *(side.squared for side in known))
    return [*(side.squared for side in known), *(side.ids for side in known), *counts]


def test_they_can_be_pickled(pairs, rng):
    parts = cut(rng, lattice(rng, 120, 3), labels(rng, 120, 3), even, 2)
    pairs.agree(take_census(pairs, [parts], "euclidean"))
    ready = [pairs.ready(part) for part in parts]
    wanted = found(pairs, ready)
    elsewhere, there = pickle.loads(pickle.dumps((pairs, ready)))
    for ours, theirs in zip(wanted, found(elsewhere, there), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_threads_of_ones_own_change_nothing(pairs, rng):
    parts = cut(rng, lattice(rng, 120, 3), labels(rng, 120, 3), even, 2)
    pairs.agree(take_census(pairs, [parts], "euclidean"))
    ready = [pairs.ready(part) for part in parts]
    for ours, theirs in zip(found(pairs, ready), found(pairs.with_threads(1), ready), strict=True):
        np.testing.assert_array_equal(ours, theirs)
