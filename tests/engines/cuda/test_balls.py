"""Balls of float16: bounds on their products on tensor cores never lie."""

import numpy as np
import pytest
import torch
from helpers.families import FAMILIES, labels, problem_of

from kstar_gpu import definition
from kstar_gpu.engines.bounds import Certificate
from kstar_gpu.engines.frame import make_centre
from kstar_gpu.engines.lift import contraction

CPU = torch.device("cpu")
DEPTH = 32  # dimensions of a chunk


def tensor_core_products(balls, dimensions=None):
    """Multiply as tensor cores do at their worst: addends are cut off 23 bits below the largest."""
    count = len(balls.radii)
    points = balls.points[:count, :dimensions].double().numpy()
    seeds = balls.seeds[:count].numpy()
    acc = (seeds[:, None] + seeds).astype(np.float64)  # in float32

    def cut(addends, largest):
        unit = np.exp2(np.floor(np.log2(np.maximum(largest, 2.0**-500))) - 23)
        return np.trunc(addends / unit) * unit

    for k in range(0, points.shape[1], 16):
        part = points[:, k : k + 16]
        addends = np.concatenate([acc[:, :, None], part[:, None] * part[None]], axis=2)
        sums = cut(addends, np.abs(addends).max(2, keepdims=True)).sum(2)
        acc = cut(sums, np.abs(sums))
    return torch.from_numpy(acc)


def full_balls(on_host, x):
    """Return a panel of x in class order, its balls, and its distances in their unit."""
    problem = problem_of(x, labels(np.random.default_rng(0), len(x), 3))
    rows = problem.samples.rows(slice(None))
    longest = float((rows - rows[0]).norm(dim=1).max())
    frame = on_host.balls.make_frame(make_centre(problem), longest)
    panel = on_host.panels.Panel(problem.samples, slice(None), CPU)
    centre = on_host.arrays.feature_rows(frame.centre[None], None)
    nothing = torch.zeros(panel.count, dtype=torch.int64)
    balls = on_host.balls.make_full(panel, centre, nothing, frame)
    exact = rows.numpy()
    d2 = torch.from_numpy(np.stack([definition.squared_distances(row, exact) for row in exact]))
    return panel, balls, d2.sqrt() * frame.scale


def wrongly_decided(on_host, x, broken=None):
    """Ask about each pair with its own canonical distance as radius: it must stay undecided."""
    panel, balls, radius = full_balls(on_host, x)
    bounds = balls.bounds
    if broken is not None:
        bounds = broken(bounds.precision, bounds.width, bounds.dimensions, bounds.unit)
        squares = balls.points[: panel.count].double().square().sum(1)
        balls.seeds[: panel.count] = bounds.seed(squares, balls.radii)
    acc = tensor_core_products(balls)
    e, slack = balls.radii[:, None], balls.slack[:, None]
    give = bounds.give(balls.radii, balls.slack)
    farther = acc < bounds.farther(bounds.above(radius), e)
    nearer = acc > bounds.nearer(bounds.below(radius), e, slack) + give
    return int(farther.sum()), int(nearer.sum())


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("d", [1, 64, 700])
def test_bounds_never_lie(family, d, on_host, rng):
    x = np.asarray(family(rng, 60, d))
    assert wrongly_decided(on_host, x) == (0, 0)
    _panel, balls, radius = full_balls(on_host, x)
    acc = tensor_core_products(balls)
    at_most = balls.bounds.at_most(
        acc, balls.radii[:, None], balls.slack[:, None], balls.radii, balls.slack
    )
    assert (at_most >= radius).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_narrow_bounds_never_lie(family, on_host, rng):
    x = np.asarray(family(rng, 60, 80))
    panel, full, radius = full_balls(on_host, x)
    directions = contraction(torch.from_numpy(rng.standard_normal((x.shape[1], 45))))
    narrow = on_host.balls.make_narrow(full, directions, 1 << 16)
    threshold = narrow.bounds.farther(narrow.bounds.above(radius), narrow.radii[:, None])
    assert not (tensor_core_products(narrow) < threshold).any()
    # What the first chunk leaves out, it must allow for: an early end decides no less carefully.
    tails = narrow.tails[: panel.count].double()
    head = tensor_core_products(narrow, DEPTH) + tails[:, None] * tails
    assert not (head < threshold).any()
    left_out = narrow.points[: panel.count, DEPTH:].double().norm(dim=1)
    assert (tails >= left_out).all()
    assert (narrow.radii > full.radii).all()


class WithoutRounding(Certificate):
    """The product's rounding forgotten."""

    rounding = 0.0


class WithoutRadius(Certificate):
    """What storing the points moved them forgotten."""

    def spread(self, e):
        return 0 * e


# Far clusters: large norms and small distances. Either rounding of the sums is all there is, or one
# feature makes it little beside what storing the points does.
def sums_round(rng):
    return rng.integers(-16, 17, (60, 256)) / 16


def points_round(rng):
    return 3 * rng.standard_normal((60, 1))


@pytest.mark.parametrize(
    ("broken", "jitter"), [(WithoutRounding, sums_round), (WithoutRadius, points_round)]
)
def test_broken_bounds_are_caught(broken, jitter, on_host, rng):
    x = 100.0 * rng.integers(0, 2, (60, 1)) + jitter(rng)
    assert wrongly_decided(on_host, x) == (0, 0)
    farther, _ = wrongly_decided(on_host, x, broken)
    assert farther > 0


def test_too_many_features_are_refused(on_host):
    with pytest.raises(ValueError, match="features: fewer than 262144 features"):
        on_host.balls.bounds_of(1 << 18, 1 << 18)
