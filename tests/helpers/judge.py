"""A judge of bounds: of how many pairs they say what is not true, and how many they leave open."""

from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch

from kstar_gpu import definition
from kstar_gpu.engines.bounds import FLOAT32, Certificate
from kstar_gpu.engines.lift import contraction
from kstar_gpu.engines.portable.balls import make_frame, make_full, make_narrow
from kstar_gpu.engines.portable.byte_balls import make_bytes
from kstar_gpu.engines.portable.scratch import Scratch
from kstar_gpu.engines.portable.screen import Screen
from kstar_gpu.engines.portable.sieves import byte_scale

from .families import labels, problem_of

CPU = torch.device("cpu")
N = 120  # samples enough for pairs of every kind


@dataclass
class Judged:
    """For every pair, its canonical distance as a threshold: who wrongly falls to which side?"""

    wrongly_farther: int
    wrongly_nearer: int
    wrong_at_least: int
    wrong_at_most: int
    undecided: float


@contextmanager
def flushed_denormals():
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def judge(x, bounds: Certificate, directions=None, workers=nullcontext) -> Judged:
    """Judge bounds that are made, and compared with products, as torch's workers are set."""
    problem = problem_of(x, labels(np.random.default_rng(0), len(x), 3))
    frame = make_frame(problem)
    rows = problem.samples.rows(slice(None)).numpy()
    d2 = torch.from_numpy(np.stack([definition.squared_distances(row, rows) for row in rows]))
    radius = d2.sqrt() * frame.scale
    with workers():
        balls = make_full(problem.samples, frame, bounds, slice(None), CPU)
        if directions is not None:
            width, d = directions.shape[1] + 1, x.shape[1]
            bounds = Certificate(bounds.precision, width, d, bounds.unit)
            balls = make_narrow(balls, contraction(directions), bounds, CPU)
        return _judged(balls, bounds, radius)


def judge_bytes(x) -> Judged:
    """Judge the bounds of balls of bytes; None where bytes could not tell the rows apart."""
    problem = problem_of(x, labels(np.random.default_rng(0), len(x), 3))
    frame, bounds = make_frame(problem), bounds_for(FLOAT32, x.shape[1])
    full = make_full(problem.samples, frame, bounds, slice(None), CPU)
    rows = problem.samples.rows(slice(None)).numpy()
    d2 = torch.from_numpy(np.stack([definition.squared_distances(row, rows) for row in rows]))
    how = byte_scale(problem, Screen(bounds, [full]))
    if how is None:
        return None
    return _judged(make_bytes(full, how, CPU), how.bounds, d2.sqrt() * frame.scale)


def _judged(balls, bounds, radius):
    acc, _ = balls.product(balls, balls.partners(), Scratch(len(balls), CPU))
    e, slack = balls.radii[:, None], balls.slack[:, None]
    e_j, s_j = balls.radii[None], balls.slack[None]
    # Each pair is asked about with its own distance as the radius: it must stay undecided.
    farther = acc < bounds.farther(bounds.above(radius), e)
    give = bounds.give(e_j, s_j)
    nearer = acc > bounds.nearer(bounds.below(radius), e, slack) + give
    at_least, at_most = bounds.at_least(acc, e), bounds.at_most(acc, e, slack, e_j, s_j)
    # How much is left undecided at a typical radius.
    typical = radius.median().expand_as(radius)
    decided = (acc < bounds.farther(bounds.above(typical), e)) | (
        acc > bounds.nearer(bounds.below(typical), e, slack) + give
    )
    return Judged(
        int(farther.sum()),
        int(nearer.sum()),
        int((bounds.above(radius) < at_least).sum()),
        int((bounds.above(radius) > at_most * (1 + 2.0**-30)).sum()),
        float((~decided).double().mean()),
    )


def bounds_for(precision, dimensions):
    return Certificate(precision, dimensions, dimensions, precision.unit)
