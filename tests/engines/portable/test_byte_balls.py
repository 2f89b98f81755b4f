"""Balls of bytes: bounds that never lie, and only where bytes are multiplied exactly."""

import numpy as np
import pytest
import torch
from helpers.families import FAMILIES, gaussian, labels, problem_of
from helpers.judge import N, judge_bytes

from kstar_gpu import definition, kstar
from kstar_gpu.engines.portable import byte_balls, sieves
from kstar_gpu.engines.portable.byte_balls import ByteBalls, multiplies_bytes
from kstar_gpu.engines.portable.engine import Engine

CPU = torch.device("cpu")
WIDTH = 128


def exact_product(a, b, out=None):
    product = (a.to(torch.float64) @ b.to(torch.float64)).to(torch.int32)
    return product if out is None else out.copy_(product)


def saturated_product(a, b, out=None):
    """Make a factor positive, and add two products each in 16 bits: without VNNI."""
    pairs = ((a.to(torch.int32)[:, None] + 128) * b.T).unflatten(2, (-1, 2)).sum(3)
    product = pairs.clamp(-(2**15), 2**15 - 1).sum(2, dtype=torch.int32)
    product -= 128 * b.sum(0, dtype=torch.int32)
    return product if out is None else out.copy_(product)


@pytest.fixture(autouse=True)
def bytes_are_multiplied(monkeypatch):
    """Whatever this machine is: bytes of all widths, by products that are exact."""
    monkeypatch.setattr(torch.cpu, "_is_vnni_supported", lambda: True, raising=False)
    if not multiplies_bytes(CPU, WIDTH):
        monkeypatch.setattr(torch, "_int_mm", exact_product)
    monkeypatch.setattr(byte_balls, "LEAST_WIDTH", 1)
    monkeypatch.setattr(sieves, "MOST_LEFT", 1)


def uses_bytes(x, y):
    return isinstance(Engine(problem_of(x, y), CPU, None, False).sieves[0].balls[0], ByteBalls)


@pytest.mark.parametrize("family", FAMILIES)
def test_bounds_of_bytes_never_lie(family, rng):
    judged = judge_bytes(family(rng, N, 40))
    if judged is None:
        pytest.skip("bytes cannot tell them apart")
    assert judged.wrongly_farther == 0
    assert judged.wrongly_nearer == 0
    assert judged.wrong_at_least == 0
    assert judged.wrong_at_most == 0


def test_bytes_decide_most_pairs(rng):
    assert judge_bytes(rng.standard_normal((N, 40))).undecided < 0.2


@pytest.mark.parametrize("share", [0, 0.5])
def test_what_bytes_miss_belongs_to_the_radius(share, rng, monkeypatch):
    plain = byte_balls._rounded

    def missing_less(points, factor):
        numbers, difference = plain(points, factor)
        return numbers, share * difference

    monkeypatch.setattr(byte_balls, "_rounded", missing_less)
    # Of one dimension torch's product of bytes leaves `out` as it was.
    judged = judge_bytes(rng.standard_normal((N, 2)))
    assert judged.wrongly_farther > 0
    assert judged.wrongly_nearer > 0


def test_what_a_clipped_point_misses_belongs_to_its_radius(rng):
    x = rng.standard_normal((N, 40))
    x[3] *= 50
    x[:, 7] *= 20
    judged = judge_bytes(x)
    assert judged.wrongly_farther + judged.wrongly_nearer == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_kstar_by_bytes_is_the_definition(family, rng):
    x, y = family(rng, 300, 40), labels(rng, 300, 3)
    np.testing.assert_array_equal(kstar(x, y, backend="torch"), definition.kstar(x, y))


@pytest.mark.parametrize("family", FAMILIES)
def test_kstar_of_queries_by_bytes_is_the_definition(family, rng):
    x, y = family(rng, 400, 40), labels(rng, 400, 3)
    found = kstar(x[:150], y[:150], references=x[150:], reference_labels=y[150:], backend="torch")
    wanted = definition.kstar(x[:150], y[:150], x[150:], y[150:])
    np.testing.assert_array_equal(found, wanted)


def test_a_small_class_that_the_first_look_misses(rng):
    x, y = gaussian(rng, 300, 40), np.repeat([0, 1], [297, 3])
    assert uses_bytes(x, y)
    np.testing.assert_array_equal(kstar(x, y, backend="torch"), definition.kstar(x, y))


def test_bytes_that_do_not_suffice_are_left_to_finer_balls(rng, monkeypatch):
    monkeypatch.setattr(byte_balls, "DEVIATIONS", (300,))
    x, y = gaussian(rng, 300, 40), labels(rng, 300, 3)
    assert uses_bytes(x, y)
    np.testing.assert_array_equal(kstar(x, y, backend="torch"), definition.kstar(x, y))


def test_bytes_that_are_of_no_use_are_hardly_tried(rng, monkeypatch):
    monkeypatch.setattr(byte_balls, "DEVIATIONS", (300,))
    x, y = gaussian(rng, 2000, 4), labels(rng, 2000, 2)
    engine = Engine(problem_of(x, y), CPU, None, False)
    engine.sides = 64, 64
    tried = []
    plain = ByteBalls.product
    monkeypatch.setattr(ByteBalls, "product", lambda *of: tried.append(1) or plain(*of))
    engine.count_within(torch.full((2000,), 1.0, dtype=torch.float64))
    assert 0 < len(tried) < 2000 / 64 / 3


def test_products_that_saturate_are_noticed(rng, monkeypatch):
    x, y = gaussian(rng, 300, 40), labels(rng, 300, 3)
    assert uses_bytes(x, y)
    monkeypatch.setattr(torch, "_int_mm", saturated_product)
    assert not multiplies_bytes(CPU, WIDTH)
    assert not uses_bytes(x, y)
    np.testing.assert_array_equal(kstar(x, y, backend="torch"), definition.kstar(x, y))


def test_where_bytes_are_not_multiplied(monkeypatch):
    assert multiplies_bytes(CPU, WIDTH)
    assert not multiplies_bytes(torch.device("meta"), WIDTH)
    assert not multiplies_bytes(CPU, byte_balls.MOST_WIDTH + 1)
    assert byte_balls.MOST_WIDTH * byte_balls.LARGEST**2 < 2**31
    monkeypatch.setattr(byte_balls, "LEAST_WIDTH", WIDTH + 1)
    assert not multiplies_bytes(CPU, WIDTH)


def test_a_processor_without_vnni(monkeypatch):
    monkeypatch.setattr(torch.cpu, "_is_vnni_supported", lambda: False)
    assert not multiplies_bytes(CPU, WIDTH)
    monkeypatch.delattr(torch.cpu, "_is_vnni_supported")
    assert not multiplies_bytes(CPU, WIDTH)
