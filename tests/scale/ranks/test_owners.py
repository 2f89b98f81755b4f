"""Samples are told apart by their ids, and each rank gets answers for what it was given."""

import numpy as np
from helpers import ranks
from helpers.families import labels, lattice
from torch.utils.data import DistributedSampler


def test_what_a_sampler_repeats_counts_once(rng, tmp_path):
    x, y = lattice(rng, 101, 4), labels(rng, 101, 3)
    parts = []
    for rank in range(4):
        own = np.array(list(DistributedSampler(range(101), 4, rank, shuffle=True)))
        parts.append((x[own], y[own], own))
    assert sum(len(part[2]) for part in parts) == 104
    [found] = ranks.run([(parts, {})], 4, tmp_path)
    ranks.assert_as_whole(found, parts, x, y)


def test_numbered_from_the_lowest_rank_on_and_by_other_groups(rng, tmp_path):
    x, y = lattice(rng, 90, 3), labels(rng, 90, 3).astype(str)
    stretches = np.array_split(np.arange(90), 3)
    parts = [(x[part], y[part], None) for part in stretches]
    own = [(x[part], y[part], part) for part in stretches]
    pair = [(x[part], y[part], part) for part in (stretches[0], stretches[0], stretches[0])]
    found, mixed, outside = ranks.run([(parts, {}), (own, {}), (pair, {"of": [0, 2]})], 3, tmp_path)
    ranks.assert_as_whole(found, own, x, y)
    ranks.assert_as_whole(mixed, own, x, y)
    assert outside[1] == ("ValueError", "group: one that this rank belongs to is wanted")
    ranks.assert_as_whole([outside[0], outside[2]], [pair[0], pair[2]], x[:30], y[:30])
