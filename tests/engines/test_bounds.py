"""The bounds never lie, and the tests would notice if they did."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from helpers.families import FAMILIES, labels

from kstar_gpu import definition
from kstar_gpu.engines.bounds import FLOAT32, FLOAT64, Certificate
from kstar_gpu.engines.portable.balls import make_frame, make_full, make_narrow
from kstar_gpu.engines.projection import contraction
from kstar_gpu.inputs.arrays import to_tensor
from kstar_gpu.inputs.problem import make_classes, make_problem

CPU = torch.device("cpu")
N = 120


@dataclass
class Judged:
    """For every pair, its canonical distance as a threshold: who wrongly falls to which side?"""

    wrongly_farther: int
    wrongly_nearer: int
    wrong_at_least: int
    wrong_at_most: int
    undecided: float


def judge(x, bounds: Certificate, directions=None) -> Judged:
    classes = make_classes(labels(np.random.default_rng(0), len(x), 3), None)
    problem = make_problem(to_tensor(x, "features"), None, classes, "euclidean", CPU)
    frame = make_frame(problem)
    balls = make_full(problem.samples, frame, bounds, slice(None), CPU)
    if directions is not None:
        width, d = directions.shape[1] + 1, x.shape[1]
        bounds = Certificate(bounds.precision, width, d, bounds.unit)
        balls = make_narrow(balls, contraction(directions), bounds, CPU)
    rows = problem.samples.rows(slice(None)).numpy()
    d2 = torch.from_numpy(np.stack([definition.squared_distances(row, rows) for row in rows]))
    radius = d2.sqrt() * frame.scale
    acc = balls.partners() @ balls.points.T
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


@pytest.mark.parametrize("precision", [FLOAT32, FLOAT64], ids=["float32", "float64"])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("d", [1, 3, 64, 700])
def test_bounds_never_lie(precision, family, d, rng):
    x = family(rng, N, d)
    judged = judge(x, bounds_for(precision, x.shape[1]))
    assert judged.wrongly_farther == 0
    assert judged.wrongly_nearer == 0
    assert judged.wrong_at_least == 0
    assert judged.wrong_at_most == 0


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
    monkeypatch.setattr(f"{__name__}.contraction", lambda directions: 1.5 * directions)
    directions = torch.linalg.qr(torch.from_numpy(rng.standard_normal((40, 30)))).Q
    judged = judge(rng.standard_normal((N, 40)), bounds_for(FLOAT32, 40), directions)
    assert judged.wrongly_farther > 0


@pytest.mark.parametrize(("precision", "most"), [(FLOAT32, 0.01), (FLOAT64, 0.001)])
def test_bounds_decide_nearly_everything(precision, most, rng):
    assert judge(rng.standard_normal((N, 256)), bounds_for(precision, 256)).undecided < most


class WithoutRounding(Certificate):
    """The product's rounding forgotten."""

    rounding = 0.0


class WithoutSlack(Certificate):
    """The outward move of the seeds taken for the distance's own."""

    def slack(self, n, e):
        return 0 * n


@pytest.mark.parametrize(
    ("broken", "lie"),
    [
        (WithoutRounding, "wrongly_farther"),
        (WithoutRounding, "wrong_at_least"),
        (WithoutSlack, "wrongly_nearer"),
        (WithoutSlack, "wrong_at_most"),
    ],
)
def test_broken_bounds_are_caught(broken, lie, rng):
    # Far clusters: large norms and small distances, so that hundreds of pairs are wrong in whatever
    # order a processor adds up.
    x = 100.0 * rng.integers(0, 2, (N, 1)) + rng.integers(-16, 17, (N, 256)) / 16
    bounds = broken(FLOAT32, 256, 256, FLOAT32.unit)
    assert getattr(judge(x, bounds), lie) > 0


def test_rounding_outward_moves_at_least_one_step():
    values = torch.tensor([1.0, 0.1, -0.1, 0.0], dtype=torch.float64)
    assert bool((FLOAT32.round_up(values).double() > values).all())
    assert bool((FLOAT32.round_down(values).double() < values).all())
    assert FLOAT64.round_up(values).dtype == torch.float64
