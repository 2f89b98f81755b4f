"""Pairs one by one in float32: what is decided is so, and little is left."""

import numpy as np
import pytest
import torch
from helpers.families import FAMILIES, labels, problem_of
from helpers.judge import N, bounds_for

from kstar_gpu import definition
from kstar_gpu.engines.bounds import FLOAT32
from kstar_gpu.engines.portable.balls import make_frame, make_full
from kstar_gpu.engines.portable.screen import Screen

CPU = torch.device("cpu")


@pytest.fixture
def make_screen():
    def make(x):
        problem = problem_of(x, labels(np.random.default_rng(0), len(x), 3))
        frame, bounds = make_frame(problem), bounds_for(FLOAT32, x.shape[1])
        rows = problem.samples.rows(slice(None)).numpy()
        d2 = np.stack([definition.squared_distances(row, rows) for row in rows])
        full = make_full(problem.samples, frame, bounds, slice(None), CPU)
        pairs = torch.from_numpy(np.argwhere(~np.eye(len(x), dtype=bool)))
        distances = torch.from_numpy(d2).sqrt() * frame.scale
        return Screen(bounds, [full]), *pairs.T, distances[tuple(pairs.T)]

    return make


@pytest.mark.parametrize("family", FAMILIES)
def test_pairs_as_near_as_the_reach_stay(family, rng, make_screen):
    screen, samples, references, distance = make_screen(family(rng, N, 40))
    reach = torch.full((N,), torch.inf, dtype=torch.float64)
    nearest = reach.scatter_reduce(0, samples, distance, "amin")
    within = screen.within(samples, references, reach)
    assert (reach >= nearest).all()
    assert within[distance == nearest[samples]].all()


def test_most_others_do_not(rng, make_screen):
    screen, samples, references, _ = make_screen(rng.standard_normal((N, 40)))
    reach = torch.full((N,), torch.inf, dtype=torch.float64)
    assert int(screen.within(samples, references, reach).sum()) < 1.1 * N


@pytest.mark.parametrize("family", FAMILIES)
def test_sides_are_told_truly(family, rng, make_screen):
    screen, samples, references, distance = make_screen(family(rng, N, 40))
    below, above = screen.bounds.below(distance), screen.bounds.above(distance)
    inside, possible = screen.sides(samples, references, below, above)
    assert not inside.any()
    assert possible.all()


def test_sides_of_other_distances_are_told(rng, make_screen):
    screen, samples, references, distance = make_screen(rng.standard_normal((N, 40)))
    for factor, wanted in ((1.001, (True, True)), (0.999, (False, False))):
        radius = factor * distance
        sides = screen.sides(
            samples, references, screen.bounds.below(radius), screen.bounds.above(radius)
        )
        assert tuple(side.double().mean().round().bool().item() for side in sides) == wanted
