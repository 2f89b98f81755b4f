"""The bounds never lie, and the tests would notice if they did."""

import pytest
import torch
from helpers.families import FAMILIES
from helpers.judge import N, bounds_for, flushed_denormals, judge

from kstar_gpu.engines.bounds import FLOAT32, FLOAT64, Certificate


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


def small_beside_large(rng, n, d):
    """In the unit of float32 balls, products are about the smallest normal number."""
    x = rng.standard_normal((n, d)) * 2.0**-70
    x[0] = 1
    return x


def denormal_beside_large(rng, n, d):
    """Coordinates that float32 balls hold as denormals, if at all."""
    x = rng.integers(-9, 10, (n, d)) * 2.0**-135
    x[:, 0] += rng.integers(0, 3, n)
    return x


FLUSHED = [*FAMILIES, small_beside_large, denormal_beside_large]


@pytest.mark.parametrize("precision", [FLOAT32, FLOAT64], ids=["float32", "float64"])
@pytest.mark.parametrize("family", FLUSHED)
@pytest.mark.parametrize("narrow", [False, True], ids=["full", "narrow"])
def test_bounds_never_lie_where_workers_flush_denormals(precision, family, narrow, rng):
    x = family(rng, N, 40)
    directions = torch.from_numpy(rng.standard_normal((x.shape[1], 8))) if narrow else None
    judged = judge(x, bounds_for(precision, x.shape[1]), directions, flushed_denormals)
    assert judged.wrongly_farther == 0
    assert judged.wrongly_nearer == 0
    assert judged.wrong_at_least == 0
    assert judged.wrong_at_most == 0


class WithoutUnderflow(Certificate):
    """What flushing takes from products forgotten."""

    underflow = 0.0


def test_forgotten_underflow_is_caught(rng):
    bounds = WithoutUnderflow(FLOAT32, 40, 40, FLOAT32.unit)
    judged = judge(small_beside_large(rng, N, 40), bounds, None, flushed_denormals)
    assert judged.wrongly_farther + judged.wrongly_nearer > 0


def test_rounding_outward_moves_at_least_one_step():
    values = torch.tensor([1.0, 0.1, -0.1, 0.0], dtype=torch.float64)
    assert bool((FLOAT32.round_up(values).double() > values).all())
    assert bool((FLOAT32.round_down(values).double() < values).all())
    assert FLOAT64.round_up(values).dtype == torch.float64
