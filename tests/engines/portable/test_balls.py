"""Balls of floats: none of them is long, and narrow ones bound the samples as full ones do."""

from dataclasses import replace
from math import frexp

import numpy as np
import pytest
import torch
from helpers.families import FAMILIES, labels, problem_of
from helpers.judge import N, bounds_for, judge

from kstar_gpu.engines.bounds import FLOAT32
from kstar_gpu.engines.portable import balls
from kstar_gpu.engines.portable.balls import make_frame, make_full


@pytest.mark.parametrize("family", FAMILIES)
def test_narrow_bounds_never_lie(family, rng):
    x = family(rng, N, 40)
    directions = torch.from_numpy(rng.standard_normal((x.shape[1], 8)))  # not even orthogonal
    judged = judge(x, bounds_for(FLOAT32, x.shape[1]), directions)
    assert judged.wrongly_farther == 0
    assert judged.wrongly_nearer == 0
    assert judged.wrong_at_least == 0
    assert judged.wrong_at_most == 0


def test_narrow_bounds_need_a_contraction(rng, monkeypatch):
    monkeypatch.setattr("helpers.judge.contraction", lambda directions: 1.5 * directions)
    directions = torch.linalg.qr(torch.from_numpy(rng.standard_normal((40, 30)))).Q
    judged = judge(rng.standard_normal((N, 40)), bounds_for(FLOAT32, 40), directions)
    assert judged.wrongly_farther > 0


@pytest.mark.parametrize("family", FAMILIES)
def test_the_frame_leaves_no_row_that_is_long(family, rng):
    problem = problem_of(family(rng, N, 40), labels(rng, N, 3))
    frame = make_frame(problem)
    assert frexp(frame.scale)[0] == 0.5  # a power of two: to scale rounds nothing
    rows = frame.rows(problem.samples, slice(None))
    assert float(torch.linalg.vector_norm(rows, dim=1).max()) < 2**8


@pytest.mark.parametrize("family", FAMILIES)
def test_bounds_of_rows_given_in_float32_never_lie(family, rng):
    with np.errstate(all="ignore"):
        x = family(rng, N, 40).astype(np.float32)
    if not np.isfinite(x).all() or not abs(x).max() > 0:
        pytest.skip("float32 does not hold them")
    judged = judge(x, bounds_for(FLOAT32, x.shape[1]))
    assert judged.wrongly_farther == 0
    assert judged.wrongly_nearer == 0
    assert judged.wrong_at_least == 0
    assert judged.wrong_at_most == 0


def strays(x, dtype):
    """Return how many rows of float32 balls lie farther from their centres than the radius."""
    x = torch.from_numpy(x).to(dtype)
    problem = problem_of(x.to(torch.float64).numpy(), [0] * (len(x) - 1) + [1])
    problem = replace(problem, samples=replace(problem.samples, values=x))
    frame = make_frame(problem)
    made = make_full(
        problem.samples, frame, bounds_for(FLOAT32, x.shape[1]), slice(None), torch.device("cpu")
    )
    shift = (frame.centre * frame.scale).to(torch.float32).to(torch.float64)
    rows = x.to(torch.float64)[problem.samples.order] * frame.scale - shift
    missed = torch.linalg.vector_norm(made.points[:, :-2].to(torch.float64) - rows, dim=1)
    return int((missed > made.radii).sum())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("scale", [1, 1e-3, 1e3])
def test_rows_shifted_in_float32_lie_in_their_balls(dtype, scale, rng):
    assert strays(scale * rng.standard_normal((N, 40)), dtype) == 0
    assert strays(scale * (rng.standard_normal((N, 40)) + 3), dtype) == 0
    assert strays(scale * rng.standard_normal((N, 1)), dtype) == 0


def test_a_shift_in_float32_moves_rows(rng, monkeypatch):
    monkeypatch.setattr(balls, "ROUNDED_ONCE", 2.0**-27)
    assert strays(rng.standard_normal((N, 40)), torch.float32) > 0


@pytest.mark.parametrize("largest", [2.0**-148, 2.0**-120, 1.0, 2.0**120])
def test_tiny_and_huge_floats_lie_in_their_balls(largest, rng):
    x = rng.standard_normal((N, 40)) * largest
    assert strays(x, torch.float32) == 0
