"""Any number of shards, cut in any way, gives what the whole gives, bit for bit."""

from itertools import chain, combinations, pairwise, product

import numpy as np
import pytest
import torch
from helpers.families import FAMILIES, labels, lattice
from helpers.shards import CPU, CUTS, assert_as_whole, cut, even, uneven

from kstar_gpu.engines.shards import Nearest
from kstar_gpu.scale import shards


@pytest.mark.parametrize("way", CUTS)
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_any_number_of_shards_cut_in_any_way(count, way, backend, rng):
    x, y = lattice(rng, 300, 6).astype(np.float32), labels(rng, 300, 6)
    assert_as_whole(rng, x, y, way, count, backend=backend)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("d", [2, 70])
def test_families(d, family, rng):
    assert_as_whole(rng, family(rng, 240, d), labels(rng, 240, 4), uneven, 3)


@pytest.mark.parametrize("way", [even, uneven])
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_metrics_and_types(dtype, metric, way, backend, rng):
    x = torch.from_numpy(1 + rng.integers(0, 4, (200, 9))).to(dtype)
    assert_as_whole(rng, x, labels(rng, 200, 3), way, 4, metric=metric, backend=backend)


@pytest.mark.parametrize("way", CUTS)
def test_references_in_shards_as_well(way, backend, rng):
    x, y = lattice(rng, 400, 5).astype(np.float32), labels(rng, 400, 6)
    # Some classes of the samples are not among the references.
    keep = y[150:] > 0
    others, other_labels = x[150:][keep], y[150:][keep]
    options = {"references": others, "reference_labels": other_labels, "backend": backend}
    assert_as_whole(rng, x[:150], y[:150], way, 3, **options)


@pytest.mark.parametrize("way", CUTS)
def test_equal_rows_in_other_shards(way, rng):
    """Those of the own class are within any radius but 0; of foreign ones the lowest id wins."""
    few = rng.standard_normal((40, 12))
    x = few[rng.integers(0, 40, 500)]
    assert_as_whole(rng, x, labels(rng, 500, 3), way, 4)
    mostly_one = np.where(rng.random(500) < 0.95, 0, 1 + labels(rng, 500, 3))
    assert_as_whole(rng, x, mostly_one, way, 3)


def test_every_pair_is_met_once_and_one_of_the_two_stays():
    for count in range(1, 7):
        met = shards.visits(count)
        pairs = [(one, one if other is None else other) for one, other in met]
        assert len(pairs) == count * (count + 1) // 2 == len({frozenset(pair) for pair in pairs})
        first = [met.index((one, None)) for one in range(count)]
        assert all(i >= max(first[j] for j in {*pair}) for i, pair in enumerate(pairs))
        held, loads = set(), 0
        for pair in pairs:
            loads += len({*pair} - held)
            held = {*pair} | (held & {0} if len({*pair}) == 1 else set())
        assert loads <= max(2, count * (count + 1) // 2)
    met = shards.visits(3, 4)
    assert len(met) == 12 == len({*met})
    assert all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(met))


@pytest.mark.parametrize("count", range(1, 9))
def test_in_a_round_none_meets_twice(count):
    played = shards.rounds(count)
    pairs = [pair for each in played for pair in each]
    assert sorted(pairs) == list(combinations(range(count), 2))
    assert all(len({*chain(*each)}) == 2 * len(each) for each in played)
    assert len(played) == count - 1 + count % 2
    for others in range(1, 6):
        played = shards.rounds(count, others)
        assert sorted(chain(*played)) == list(product(range(count), range(others)))
        assert all([one for one, _ in each] == list(range(count)) for each in played)


def test_by_distance_alone_ties_would_depend_on_the_order(monkeypatch, rng):
    def nearer(known, squared, ids):
        tells = squared < known.squared
        known.squared[tells], known.ids[tells] = squared[tells], ids[tells]

    monkeypatch.setattr(Nearest, "learn", nearer)
    x, y = lattice(rng, 300, 4).astype(np.float32), labels(rng, 300, 3)
    with pytest.raises(AssertionError, match="not equal"):
        assert_as_whole(rng, x, y, uneven, 4, backend="torch")


def test_distances_that_are_given_come_in_no_shards(rng):
    with pytest.raises(ValueError, match="features are wanted where samples come in shards"):
        shards.kstar([], None, "precomputed", "auto", CPU)


def test_numbers_whose_squares_leave_float64_are_refused(rng):
    parts = cut(rng, np.full((4, 2), 1e200), np.array([0, 1, 0, 1]), even, 2)
    with pytest.raises(ValueError, match="largest magnitude"):
        shards.kstar(parts, None, "euclidean", "auto", CPU)
