"""A product that was reduced is noticed, however it was; one that was not is believed."""

import numpy as np
import pytest
import torch
from helpers.families import FAMILIES, problem_of
from helpers.judge import bounds_for

from kstar_gpu.engines.bounds import FLOAT32
from kstar_gpu.engines.portable import canaries
from kstar_gpu.engines.portable.balls import make_frame, make_full


def balls_of(x):
    problem = problem_of(x, np.arange(len(x)) % 2)
    bounds = bounds_for(FLOAT32, x.shape[1])
    device = torch.device("cpu")
    return make_full(problem.samples, make_frame(problem), bounds, slice(None), device)


def rounded(bits):
    """Return the function that rounds float32 to so many bits, as TF32 (11) and bfloat16 (8) do."""

    def of(values):
        unit = 2.0 ** (values.abs().clamp(min=2.0**-120).log2().floor() - (bits - 1))
        return (values.double() / unit).round().mul(unit).to(values.dtype)

    return of


def pieces(count):
    """Return the function that leaves what so many numbers of bfloat16 hold together."""

    def of(values):
        held = torch.zeros_like(values)
        for _ in range(count):
            held = held + (values - held).bfloat16().float()
        return held

    return of


REDUCTIONS = {
    "tf32": rounded(11),
    "truncated": lambda x: (x.view(torch.int32) >> 13 << 13).view(torch.float32),
    "bfloat16": lambda x: x.bfloat16().float(),
    "two of bfloat16": pieces(2),
    "float16": lambda x: x.half().float(),
    "one bit less": rounded(23),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_product_of_float32_is_believed(family, rng):
    balls = balls_of(family(rng, 60, 40))
    for some in (balls, balls[:1], balls[3:20]):
        assert not canaries.reduced(balls.partners() @ some.points.T, some.known)
        assert not canaries.reduced(some.partners() @ balls.points.T, balls.known)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_reduced_product_is_noticed(family, reduction, rng):
    balls = balls_of(family(rng, 60, 40))
    reduce, partners, points = REDUCTIONS[reduction], balls.partners(), balls.points
    assert canaries.reduced(reduce(partners) @ reduce(points).T, balls.known)
    assert canaries.reduced(reduce(partners) @ points.T, balls.known)


@pytest.mark.parametrize("reduction", ["tf32", "bfloat16", "two of bfloat16"])
def test_a_reduced_right_factor_is_noticed(reduction, rng):
    balls = balls_of(rng.standard_normal((60, 40)))
    points = balls.points
    assert canaries.reduced(balls.partners() @ REDUCTIONS[reduction](points).T, balls.known)


def test_products_in_half_precision_are_noticed(rng):
    balls = balls_of(rng.standard_normal((60, 40)))
    product = balls.partners() @ balls.points.T
    assert canaries.reduced(product.bfloat16().float(), balls.known)
