"""Engines that know of no shards serve them all the same."""

import numpy as np
import pytest
import torch
from helpers.families import labels, lattice
from helpers.shards import CPU, cut, even

from kstar_gpu.definition import squared_distances
from kstar_gpu.engines.one_sided import OneSided
from kstar_gpu.engines.portable.engine import Engine
from kstar_gpu.engines.registry import choose_pairs
from kstar_gpu.engines.shards import Nearest
from kstar_gpu.scale.shards import take_census


def test_engines_without_pairs_of_their_own_are_asked_by_either_side():
    assert isinstance(choose_pairs("torch", "euclidean", CPU), OneSided)


@pytest.mark.parametrize("classes", [([0, 1, 2], [0, 1, 2]), ([0, 1], [1]), ([1], [1]), ([2], [0])])
def test_shards_of_any_classes(classes, rng):
    x = lattice(rng, 60, 3).astype(np.float64)
    y = np.concatenate([rng.choice(some, 30) for some in classes])
    parts = cut(rng, x, y, even, 2)
    pairs = OneSided(Engine, CPU)
    pairs.agree(take_census(pairs, [parts], "euclidean"))
    ready = [pairs.ready(part) for part in parts]
    known = [Nearest.nothing(30) for _ in parts]
    pairs.search(*ready, *known)
    radii = [np.full(30, 3.0), np.full(30, 2.0)]
    counts = pairs.within(*ready, *radii)
    for ours, theirs, nearest, radius, count in zip(
        parts, parts[::-1], known, radii, counts, strict=True
    ):
        for position, i in enumerate(ours.ids):
            d2 = squared_distances(x[i], x[theirs.ids])
            foreign = theirs.codes != y[i]
            wanted = min(zip(d2[foreign], theirs.ids[foreign], strict=True), default=None)
            found = nearest.squared[position], nearest.ids[position]
            assert found == wanted if wanted else np.isinf(found[0])
            assert count[position] == np.sum(~foreign & (d2 < radius[position]))


def test_a_side_that_does_not_ask_is_told_nothing(rng):
    parts = cut(rng, lattice(rng, 60, 3), labels(rng, 60, 3), even, 2)
    pairs = OneSided(Engine, torch.device("cpu"))
    pairs.agree(take_census(pairs, [parts], "euclidean"))
    known = Nearest.nothing(30)
    pairs.search(*parts, known, None)
    assert np.isfinite(known.squared).all()
    assert pairs.within(*parts, known.squared, None)[1] is None


def test_shards_go_where_the_engine_keeps_features(rng):
    class Elsewhere(Engine):
        @staticmethod
        def storage_device(inputs, device, memory_limit):
            return torch.device("meta")

        def __init__(self, problem, *_):
            places.append([side.values.device.type for side in problem.sides])
            raise NotImplementedError

    places = []
    parts = cut(rng, lattice(rng, 60, 3), labels(rng, 60, 3), even, 2)
    pairs = OneSided(Elsewhere, CPU)
    pairs.agree(take_census(pairs, [parts], "euclidean"))
    for theirs in (parts[1], None):
        with pytest.raises(NotImplementedError):
            pairs.search(parts[0], theirs, Nearest.nothing(30), None)
    assert places == [["meta", "meta"], ["meta"]]
