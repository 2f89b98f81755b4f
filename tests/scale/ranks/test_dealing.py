"""Samples are dealt where that is worth it, and their answers come back to where they came from."""

import numpy as np
import torch
from helpers import ranks
from helpers.families import labels, lattice
from helpers.shards import class_sorted, even

from kstar_gpu.scale.ranks.dealing import is_worth


def test_when_it_is_worth_it(rng):
    classes = rng.integers(0, 10, (8, 1000))
    table = np.array([np.bincount(each, minlength=10) for each in classes])
    assert not is_worth([table])
    assert not is_worth([table[:1]])
    assert not is_worth([np.diag(np.full(8, 100))])
    assert is_worth([np.array([[100, 0], [100, 0], [0, 100], [0, 100]])])
    assert is_worth([np.array([[50, 50], [0, 0], [0, 0]])])
    few = np.eye(8, 10, dtype=int) * 100  # of samples: each rank has one class
    assert not is_worth([few, table])
    assert is_worth([table, np.array([[800, 800], *[[0, 0]] * 7])[:, [0, 1] + [1] * 8]])


def test_answers_come_back(rng, tmp_path):
    """Of sorted samples; where some are repeated, and where ranks have numbers of several types."""
    x, y = (3 + lattice(rng, 240, 4)).astype(np.float32), labels(rng, 240, 4)
    parts = ranks.cut(rng, x, y, 3, class_sorted)
    own = np.argsort(y, kind="stable")
    some = [own[:100], own[60:170], own[150:]]
    repeated = [(x[part], y[part], part) for part in some]
    mixed = [
        (torch.from_numpy(part[0]).to(dtype), *part[1:])
        for part, dtype in zip(parts, (torch.bfloat16, torch.float64, torch.float32), strict=True)
    ]
    numbered = [(x[part], y[part], None) for part in np.array_split(own, 3)]
    with_nan = [
        parts[0],
        (np.where(np.arange(4) == 2, np.nan, parts[1][0]), *parts[1][1:]),
        parts[2],
    ]
    dealt = {"fault": "dealt"}
    cases = [(parts, dealt), (repeated, dealt), (mixed, dealt), (numbered, dealt)]
    cases += [(parts, {"metric": "cosine", "normalize": True, "backend": "torch", **dealt})]
    *found, bad = ranks.run([*cases, (with_nan, {})], 3, tmp_path)
    for each, given in zip(found[:3], (parts, repeated, mixed), strict=True):
        ranks.assert_as_whole(each, given, x, y)
    in_order = [(None, None, part) for part in np.array_split(np.arange(240), 3)]
    ranks.assert_as_whole(found[3], in_order, x[own], y[own])
    ranks.assert_as_whole(found[4], parts, x, y, metric="cosine", normalize=True)
    assert bad[0] == bad[1] == bad[2]
    assert "rank 1 (features): features: finite numbers are wanted, got NaN" in bad[0][1]
    assert "in row 0" in bad[0][1]


def test_even_samples_stay_where_they_are(rng, tmp_path):
    x, y = lattice(rng, 60, 3), np.arange(60) % 3
    parts = ranks.cut(rng, x, y, 2, even)
    [found] = ranks.run([(parts, {"fault": "stays"})], 2, tmp_path)
    ranks.assert_as_whole(found, parts, x, y)
