"""Shards that meet those of other ranks tell each other what is nearer, and by which id."""

import numpy as np
import pytest
from helpers import ranks
from helpers.families import labels, lattice
from helpers.shards import uneven

from kstar_gpu.scale.ranks.meeting import rounds_of, visit


def test_by_distance_alone_ties_would_depend_on_the_ranks(rng, tmp_path):
    x, y = lattice(rng, 300, 3).astype(np.float32), labels(rng, 300, 3)
    parts = ranks.cut(rng, x, y, 4, uneven)
    [found] = ranks.run([(parts, {"fault": "ties", "backend": "torch"})], 4, tmp_path)
    with pytest.raises(AssertionError, match="not equal"):
        ranks.assert_as_whole(found, parts, x, y)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 8])
def test_every_pair_of_samples_meets_once(size):
    """Each rank has two samples, and is host once in a round, where all ask one another."""
    for self_form in (True, False):
        met = np.zeros((2 * size, 2 * size), int)
        for step in range(1, rounds_of(size, self_form)):
            for host in range(size):
                one = visit(host, size, step, self_form)
                ours = 2 * host + np.arange(2)[one.hosts]
                theirs = 2 * one.guest + np.arange(2)[one.guests]
                met[np.ix_(ours, theirs)] += 1
        own = np.kron(np.eye(size, dtype=int), np.ones((2, 2), int))
        np.testing.assert_array_equal(met + met.T if self_form else met, 1 - own)
