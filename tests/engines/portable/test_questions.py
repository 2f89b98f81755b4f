"""Pairs that a product leaves open wait for their canonical distances, and none is lost."""

import numpy as np
import pytest
import torch
from helpers.families import far_clusters, gaussian, labels, problem_of

from kstar_gpu import kstar
from kstar_gpu.engines.portable.engine import Engine
from kstar_gpu.engines.portable.questions import Count, Question, Task
from kstar_gpu.engines.portable.tiles import class_tiles

CPU = torch.device("cpu")
SIDE = 8


class Collected(Question):
    """Refines nothing, and keeps what it is given to refine."""

    def __init__(self, problem):
        super().__init__(Task(problem, None, None, SIDE), torch.int64)
        self.refined = []

    def settle(self, views, crowd):
        return True

    def refine(self):
        self.refined.append(self.take_pending()[0].tolist())


def test_pairs_are_refined_before_there_are_too_many(rng):
    question = Collected(problem_of(gaussian(rng, 20, 3), labels(rng, 20, 2)))
    room = SIDE**2 * 5 // 4
    question.postpone(torch.arange(room - 1))
    question.postpone(torch.arange(room - 1, room))
    assert question.refined == []
    question.postpone(torch.arange(room, room + SIDE**2))
    assert question.refined == [[*range(room)]]
    question.refine()
    assert question.refined[1] == [*range(room, room + SIDE**2)]
    assert question.waiting == 0


@pytest.fixture
def asked(rng):
    """A count, and a tile of far clusters as float32 sees it: many pairs stay open."""
    problem = problem_of(far_clusters(rng, 60, 20), labels(rng, 60, 2))
    engine = Engine(problem, CPU, None, False)
    squared, _ = engine.nearest_foreign()
    weights = torch.from_numpy(engine.distinct.weights)
    count = Count(engine.task._replace(problem=problem, side=60), squared, weights, engine.scratch)
    tile = next(class_tiles(problem, 60))
    return count, engine._views(tile, engine.sieves[0], foreign=False)


def test_a_crowded_tile_is_counted_by_a_finer_sieve(asked):
    count, views = asked
    assert not count.settle(views, crowd=1e6)
    assert not count.counts.any()
    assert count.waiting == 0


def test_open_pairs_of_a_tile_wait(asked):
    count, views = asked
    assert count.settle(views, crowd=0)
    assert count.waiting > 0
    before = count.counts.sum()
    count.refine()
    assert count.waiting == 0
    assert count.counts.sum() > before


@pytest.mark.parametrize("weight", [1, 255, 256, 300, 70_000])
def test_weights_are_added_up_exactly_whatever_reduces_the_sum(weight, monkeypatch):
    plain = torch.mv
    monkeypatch.setattr(torch, "mv", lambda a, b: plain(a, b.bfloat16().to(b.dtype)))
    x = np.repeat([0.0, 1.0, 3.0], [weight, weight + 1, 1])[:, None]
    y = np.repeat([0, 1], [2 * weight + 1, 1])
    wanted = np.repeat([2 * weight + 1, 2 * weight + 1, 1], [weight, weight + 1, 1])
    np.testing.assert_array_equal(kstar(x, y, backend="torch"), wanted)
