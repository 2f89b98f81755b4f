"""Classes are counted on one rank each, such that all ranks are done at about the same time."""

import numpy as np
import pytest

from kstar_gpu.scale.ranks.grouping import READY, places


def busiest(sizes, ranks):
    """Return how long the busiest rank takes, in pairs and samples made ready, and might take."""
    where = places(sizes, ranks)
    samples, references = sizes[0], sizes[-1]
    pairs = samples * (samples - 1) / 2 if len(sizes) == 1 else samples * references
    rows, met = (samples, ranks // 2) if len(sizes) == 1 else (samples + references, ranks - 1)
    alone, together = where.rank >= 0, where.together
    assert not (alone & together).any()
    np.testing.assert_array_equal(alone | together, pairs > 0)
    each = np.zeros(ranks)
    np.add.at(each, where.rank[alone], (pairs + READY * rows)[alone])
    in_rounds = np.where(pairs > 0, pairs + READY * samples * met, 0) / ranks
    shares = (pairs + READY * rows)[pairs > 0] / ranks
    least = min(in_rounds.sum(), max(shares.sum(), shares.max() * ranks))
    return each.max() + in_rounds[together].sum(), least


@pytest.mark.parametrize("ranks", [2, 3, 8, 64])
def test_no_rank_has_much_more_than_its_share(rng, ranks):
    """A thousand classes, ten, and two; one that is half of all; many tiny ones beside it."""
    for sizes in (
        np.full(1000, 1300),
        np.full(10, 60_000),
        np.full(2, 200_000),
        np.array([500_000, *np.full(99, 5000)]),
        np.array([500_000, *np.full(100_000, 5)]),
        rng.integers(10_000, 500_000, 50),
    ):
        for sides in ([sizes], [sizes // 10, sizes]):
            took, least = busiest(sides, ranks)
            assert took <= 1.3 * least


def test_what_has_nothing_to_count_stays():
    where = places([np.array([1, 0, *[7] * 8])], 4)
    np.testing.assert_array_equal(np.bincount(where.rank[2:]), [2, 2, 2, 2])
    np.testing.assert_array_equal(where.rank[:2], -1)
    assert not where.together.any()
    where = places([np.array([1, 0, 7, 7]), np.array([5, 5, 0, 1])], 1)
    np.testing.assert_array_equal(where.together, [True, False, False, True])
    np.testing.assert_array_equal(where.rank, -1)


def test_a_class_larger_than_a_share_is_counted_by_all():
    where = places([np.array([1_000_000, 1000, 1000, 1000])], 4)
    np.testing.assert_array_equal(where.together, [True, False, False, False])
    np.testing.assert_array_equal(where.rank, [-1, 0, 1, 2])
