"""Which balls a tile is looked at through first."""

import numpy as np
import pytest
import torch
from helpers.families import gaussian, labels, problem_of
from helpers.judge import bounds_for

from kstar_gpu.engines.bounds import FLOAT32
from kstar_gpu.engines.portable import sieves
from kstar_gpu.engines.portable.balls import make_frame, make_full
from kstar_gpu.engines.portable.screen import Screen
from kstar_gpu.engines.portable.sieves import COARSE_CROWD, byte_scale, narrow_sieve

CPU = torch.device("cpu")


def screened(x, y):
    problem = problem_of(x, y)
    bounds = bounds_for(FLOAT32, x.shape[1])
    full = make_full(problem.samples, make_frame(problem), bounds, slice(None), CPU)
    return problem, Screen(bounds, [full])


def test_bytes_are_scaled_to_the_samples(rng):
    x = gaussian(rng, 300, 40)
    problem, screen = screened(x, labels(rng, 300, 3))
    how = byte_scale(problem, screen)
    assert 0.005 < how.error < 0.05
    numbers = screen.balls[0].points[:, :-2] * how.factor
    assert 60 < float(numbers.abs().quantile(0.999)) < 200


@pytest.mark.parametrize("classes", [[0] * 299 + [1], range(300)])
def test_reach_is_known_whatever_the_classes(classes, rng, monkeypatch):
    monkeypatch.setattr(sieves, "MOST_LEFT", 1)
    assert byte_scale(*screened(gaussian(rng, 300, 40), list(classes))) is not None


def test_points_that_bytes_hardly_tell_apart_have_no_scale(rng):
    near = gaussian(rng, 600, 10)
    assert byte_scale(*screened(near, labels(rng, 600, 3))) is not None
    # All about equally far apart.
    far = gaussian(rng, 600, 3000)
    assert byte_scale(*screened(far, labels(rng, 600, 3))) is None


def test_equal_samples_have_no_scale():
    assert byte_scale(*screened(np.full((30, 5), 3.0), [0] * 15 + [1] * 15)) is None


def test_narrow_balls_where_they_pay(rng, monkeypatch):
    monkeypatch.setattr(sieves, "COSTS", sieves.COSTS.__class__(0, 0, 1, 0, boxed=1 << 20))
    flat = gaussian(rng, 400, 20) @ gaussian(rng, 20, 200) + 1e-3 * gaussian(rng, 400, 200)
    problem, screen = screened(flat, labels(rng, 400, 3))
    found = narrow_sieve(problem, screen.balls, 100, None)
    assert found.balls[0].points.shape[1] < 200 // 2
    assert found.crowd == COARSE_CROWD
    assert narrow_sieve(problem, screen.balls, 0, None) is None
