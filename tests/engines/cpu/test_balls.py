"""Balls of integers hold their samples, full and narrow; the unit is chosen for nearly all."""

import tracemalloc
from math import frexp

import numpy as np
import pytest
import torch
from helpers.families import FAMILIES, labels, problem_of

pytest.importorskip("kstar_gpu.engines.cpu._cpu", reason="the CPU engine is not built")

from kstar_gpu.engines.cpu import _cpu, balls
from kstar_gpu.engines.cpu.sides import native_rows

CREW = balls.Crew(2, "")
N, D = 130, 40


def full_balls(x, rng):
    """Return rows shifted and scaled as their balls are, the balls, and their certificate."""
    samples = problem_of(x, labels(rng, len(x), 3)).samples
    rows, centre = samples.rows(slice(None)).numpy(), x[0].astype(np.float64)
    lengths = np.sqrt(((rows - centre) ** 2).sum(1)) * (1 + 1e-12)
    scale, longest = balls.choose_unit(lengths, x.shape[1])
    centre = balls.in_whole_units(centre, scale)
    full = balls.make_full(native_rows(samples), lengths, centre, scale, longest, CREW)
    certificate = balls.make_certificate([full], scale, lengths, x.shape[1])
    return (rows - centre) * scale, full, certificate


@pytest.mark.parametrize("family", FAMILIES)
def test_every_sample_lies_in_its_ball(family, rng):
    rows, full, _ = full_balls(family(rng, N, D), rng)
    inside = np.isfinite(full.radii)
    assert inside.sum() >= N - 1
    distance = np.linalg.norm(rows - full.points[:, : full.width], axis=1)
    assert (distance <= full.radii * (1 + 1e-12))[inside].all()
    assert not full.points[:, full.width :].any()


@pytest.mark.parametrize("family", FAMILIES)
def test_narrow_balls_are_no_farther_apart_than_the_samples(family, rng):
    rows, full, certificate = full_balls(family(rng, N, D), rng)
    directions = torch.from_numpy(np.linalg.qr(rng.standard_normal((full.width, 8)))[0])
    (narrow,) = balls.make_narrow([full], directions, certificate, CREW)
    assert narrow.width == 9
    points = narrow.points[:, : narrow.width].astype(np.float64)
    inside = np.flatnonzero(np.isfinite(narrow.radii))
    gaps = np.linalg.norm(points[inside, None] - points[inside], axis=2)
    gaps -= narrow.radii[inside, None] + narrow.radii[inside]
    distances = np.linalg.norm(rows[inside, None] - rows[inside], axis=2)
    assert (gaps <= distances * (1 + 1e-9)).all()
    assert len(inside) >= N - 1


def test_the_unit_is_a_power_of_two_that_holds_the_longest(rng):
    lengths = rng.uniform(1, 5, 500)
    scale, longest = balls.choose_unit(lengths, 100)
    assert frexp(scale)[0] == 0.5
    assert longest == lengths.max()
    assert _cpu.LONGEST / 4 < longest * scale < _cpu.LONGEST


def test_a_far_outlier_is_left_out(rng):
    lengths = rng.uniform(1, 5, 500)
    lengths[7] = 1e6
    assert balls.choose_unit(lengths, 100)[1] == np.delete(lengths, 7).max()
    lengths[7] = 30  # not that far
    assert balls.choose_unit(lengths, 100)[1] == 30


def test_samples_that_are_all_equal_need_no_unit():
    assert balls.choose_unit(np.zeros(10), 3) == (balls.FINEST_SCALE, 0.0)


def test_points_are_padded_with_zeros():
    for width in (1, _cpu.WIDTH_STEP, _cpu.WIDTH_STEP + 1):
        padded = balls.padded_width(width)
        assert width <= padded < width + _cpu.WIDTH_STEP
        assert padded % _cpu.WIDTH_STEP == 0


@pytest.mark.parametrize("width", [1, 16, 17, 60])
@pytest.mark.parametrize("of_bytes", [False, True])
def test_another_order_is_made_without_room_for_as_many_again(width, of_bytes, rng):
    n, stride = 4096, -(-width // 16) * 16
    points = rng.integers(-9, 9, (n, stride)).astype(np.int8 if of_bytes else np.int16)
    sums = rng.integers(0, 9, n).astype(np.int32) if of_bytes else None
    squares, radii = rng.integers(0, 9, n).astype(np.int32), rng.random(n)
    given, order = balls.Balls(points, width, squares, radii, sums), rng.permutation(n)
    wanted = given.taken(order)
    tracemalloc.start()
    found = given.arranged(order)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    for name, value in vars(wanted).items():
        np.testing.assert_array_equal(getattr(found, name), value)
    assert peak < n * (16 * points.itemsize + 20) + 10_000
