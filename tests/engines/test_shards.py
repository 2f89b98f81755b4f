"""What shards know, and the small facts of them that add up."""

import numpy as np
import pytest
from helpers.families import gaussian, labels
from helpers.shards import cut, even, uneven

from kstar_gpu.engines import shards
from kstar_gpu.engines.duplicates import NO_ROW
from kstar_gpu.engines.shards import Census, Few, Nearest, Summary, centre_of


def test_the_nearer_is_kept_and_among_equals_the_lower_id():
    known = Nearest(np.array([1.0, 1, 1, 1, np.inf, 0]), np.array([5, 5, 5, 5, NO_ROW, 3]))
    known.learn(np.array([0.5, 2, 1, 1, 7, 0]), np.array([9, 1, 4, 6, 8, 2]))
    assert known.squared.tolist() == [0.5, 1, 1, 1, 7, 0]
    assert known.ids.tolist() == [9, 5, 4, 5, 8, 2]
    known.learn(np.full(6, np.inf), np.full(6, NO_ROW))
    assert known.ids.tolist() == [9, 5, 4, 5, 8, 2]


@pytest.mark.parametrize("way", [even, uneven])
def test_facts_add_up_to_those_of_the_whole(way, monkeypatch, rng):
    monkeypatch.setattr(shards, "LONGEST", 20)
    x, y = gaussian(rng, 300, 4), labels(rng, 300, 3)
    centre, sums = np.ones(4), []
    for count in (1, 4):
        parts = cut(rng, x, y, way, count)
        lengths = [np.linalg.norm(x[part.ids] - centre, axis=1) for part in parts]
        facts = [Summary.of(*pair) for pair in zip(parts, lengths, strict=True)]
        sums.append(Census([], centre, facts, False).whole)
    assert sums[0].count == sums[1].count == 300
    assert sums[0].largest == sums[1].largest == np.abs(x).max()
    assert sorted(sums[0].longest) == sorted(sums[1].longest)
    assert len(sums[0].longest) == 20


def test_few_samples_stand_for_all_shards(rng):
    x, y = gaussian(rng, 300, 4), labels(rng, 300, 3)
    parts = cut(rng, x, y, uneven, 3)
    few = Few.together([Few.of(part, 300, few=50) for part in parts])
    assert 50 <= len(few) <= 53
    np.testing.assert_array_equal(few.rows, x[few.ids])
    np.testing.assert_array_equal(few.codes, np.sort(y[few.ids]))
    shard = few.shard(20)
    assert len(shard) <= 20
    np.testing.assert_array_equal(shard.samples.host_rows(np.arange(len(shard))), x[shard.ids])
    assert np.abs(centre_of([few])).max() < 1.5


def test_under_cosine_numbers_are_at_most_one():
    facts = Summary(3, 7.0, np.zeros(3))
    assert Census([], np.zeros(2), [facts], False).largest == 7
    assert Census([], np.zeros(2), [facts], True).largest == 1
