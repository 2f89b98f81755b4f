"""Balls of floats: none of them is long, and narrow ones bound the samples as full ones do."""

from math import frexp

import pytest
import torch
from helpers.families import FAMILIES, labels, problem_of
from helpers.judge import N, bounds_for, judge

from kstar_gpu.engines.bounds import FLOAT32
from kstar_gpu.engines.portable.balls import make_frame


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
