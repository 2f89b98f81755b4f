"""Points of bytes: their radii bound what rounding moved, whatever it did, on every target."""

import numpy as np
import pytest
import torch
from helpers.exact import assert_exact
from helpers.families import FAMILIES, labels, problem_of

pytest.importorskip("kstar_gpu.engines.cpu._cpu", reason="the CPU engine is not built")

from kstar_gpu.engines.cpu import _cpu, balls, byte_balls, sides
from kstar_gpu.engines.cpu import engine as cpu
from kstar_gpu.engines.cpu.algebra import Crew

MOST_TURNED = 4096  # coordinates that are turned together


@pytest.fixture(params=_cpu.targets())
def target(request, monkeypatch):
    """Every instruction set that this machine can run."""
    monkeypatch.setenv("KSTAR_CPU_TARGET", request.param)
    return request.param


def hadamard(size):
    """Return the matrix of signs of this size, a power of two; its rows are orthogonal."""
    matrix = np.ones((1, 1))
    while len(matrix) < size:
        matrix = np.kron([[1, 1], [1, -1]], matrix)
    return matrix


def turned(rows, signs):
    """Return rows turned as csrc/cpu/rows_of_target.hpp turns them: exact but for the roots."""
    rows, parts, start = rows * signs, [], 0
    while start < rows.shape[1]:
        size = 1 << (min(rows.shape[1] - start, MOST_TURNED).bit_length() - 1)
        parts.append(rows[:, start : start + size] @ hadamard(size) / size**0.5)
        start += size
    return np.concatenate(parts, axis=1)


def fine_balls(rng, count, width):
    """Return balls of 16-bit numbers, some of which are long; and a valid certificate."""
    points = np.zeros((count, balls.padded_width(width)), dtype=np.int16)
    rows = rng.standard_normal((count, width)) * rng.choice([10, 100, 1000], (count, 1))
    rows *= np.minimum(1, 30000 / np.linalg.norm(rows, axis=1))[:, None]
    points[:, :width] = np.rint(rows)
    points[0] = 0
    squares = (points.astype(np.int64) ** 2).sum(1).astype(np.int32)
    certificate = _cpu.Certificate(1.0, 0.0, 0.0, 2.0**-8, 1.0)
    return balls.Balls(points, width, squares, rng.uniform(0, 1, count)), certificate


@pytest.mark.parametrize("turn", [False, True], ids=["plain", "turned"])
@pytest.mark.parametrize("width", [1, 3, 16, 35, 100, 511, MOST_TURNED + 100])
@pytest.mark.parametrize("deviations", [0.5, 3.5, 24])
def test_radii_bound_what_rounding_moved(width, deviations, turn, target, rng):
    fine, certificate = fine_balls(rng, 40, width)
    middle = np.zeros(fine.points.shape[1], np.int16)
    middle[:width] = rng.integers(-300, 300, width)
    shifted = fine.points[:, :width].astype(np.float64) - middle[:width]
    largest = _cpu.largest_byte(target)
    factor = float(np.float32(largest / deviations / np.sqrt(np.mean(shifted**2))))
    signs = rng.choice([-1, 1], len(middle)).astype(np.int16) if turn else None
    how = byte_balls.Coarsening(middle, signs, factor)
    found = byte_balls._coarsened(fine, certificate, how, Crew(2, target))

    numbers = found.points.astype(np.int64)
    assert not numbers[:, width:].any()
    assert np.abs(numbers).max() == largest or deviations > 1
    np.testing.assert_array_equal(found.sums, numbers.sum(1))
    np.testing.assert_array_equal(found.squares, (numbers**2).sum(1))
    if turn:
        shifted = turned(shifted, signs[:width])
    moved = np.linalg.norm(factor * shifted - numbers[:, :width], axis=1)
    radii = found.radii - factor * fine.radii
    assert (radii >= moved).all()
    lengths = factor * np.linalg.norm(shifted, axis=1)
    assert (radii <= 1.001 * moved + 1e-6 * lengths).all()


def test_a_turn_moves_no_two_points_apart_or_together(rng):
    rows, signs = rng.standard_normal((30, 100)), rng.choice([-1, 1], 100)
    # Of this file's own matrix, by products in float64 that are rounded.
    np.testing.assert_allclose(turned(rows, signs) @ turned(rows, signs).T, rows @ rows.T)


def full_balls(x, rng, crew):
    """Return rows in the unit of their balls, the balls, and their certificate."""
    samples = problem_of(x, labels(rng, len(x), 3)).samples
    rows, centre = samples.rows(slice(None)).numpy(), x[0].astype(np.float64)
    lengths = np.sqrt(((rows - centre) ** 2).sum(1)) * (1 + 1e-12)
    scale, longest = balls.choose_unit(lengths, x.shape[1])
    centre = balls.in_whole_units(centre, scale)
    full = balls.make_full(sides.native_rows(samples), lengths, centre, scale, longest, crew)
    return (rows - centre) * scale, full, balls.make_certificate([full], scale, lengths, x.shape[1])


def gaps(points):
    return np.linalg.norm(points[:, None] - points, axis=2)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("narrow", [False, True], ids=["full", "narrow"])
def test_balls_of_bytes_are_no_farther_apart_than_the_samples(narrow, family, target, rng):
    crew = Crew(2, target)
    rows, fine, certificate = full_balls(family(rng, 130, 40), rng, crew)
    if narrow:
        directions = torch.from_numpy(np.linalg.qr(rng.standard_normal((fine.width, 8)))[0])
        (fine,) = balls.make_narrow([fine], directions, certificate, crew)
    some = fine.taken(np.flatnonzero(np.isfinite(fine.radii))[::2])
    how = byte_balls.choose_coarsening(some, certificate, crew)
    if how is None:
        assert not (some.points - some.points[0]).any()
        return
    (coarse,) = byte_balls.make_bytes([fine], certificate, how, crew)
    inside = np.isfinite(coarse.radii)
    assert inside.sum() >= len(rows) - 1
    found = gaps(coarse.points[inside].astype(np.float64))
    reach = coarse.radii[inside, None] + coarse.radii[inside]
    distances = how.factor * gaps(rows[inside])
    assert (found - reach <= distances * (1 + 1e-9)).all()
    if not narrow:
        assert (found + reach >= distances * (1 - 1e-9)).all()


CREW = Crew(2, "")


def test_points_that_are_all_equal_have_no_unit(rng):
    fine, certificate = fine_balls(rng, 40, 20)
    fine.points[:] = fine.points[7]
    assert byte_balls.choose_coarsening(fine, certificate, CREW) is None


def test_points_too_wide_for_products_of_bytes_have_none(monkeypatch, rng):
    fine, certificate = fine_balls(rng, 40, 20)
    assert byte_balls.choose_coarsening(fine, certificate, CREW) is not None
    monkeypatch.setattr(byte_balls, "MOST_WIDTH", 19)
    assert byte_balls.choose_coarsening(fine, certificate, CREW) is None


def test_balls_too_large_for_products_are_not_made(monkeypatch, rng):
    fine, certificate = fine_balls(rng, 40, 20)
    how = byte_balls.choose_coarsening(fine, certificate, CREW)
    (coarse,) = byte_balls.make_bytes([fine], certificate, how, CREW)
    monkeypatch.setattr(byte_balls, "MOST_RADIUS", np.nextafter(coarse.radii.max(), 0))
    assert byte_balls.make_bytes([fine], certificate, how, CREW) is None


def test_outliers_stay_outliers(rng):
    fine, certificate = fine_balls(rng, 40, 20)
    how = byte_balls.choose_coarsening(fine, certificate, CREW)
    for out in (slice(0, 40, 3), slice(None)):
        fine.radii[out] = np.inf
        (coarse,) = byte_balls.make_bytes([fine], certificate, how, CREW)
        np.testing.assert_array_equal(np.isinf(coarse.radii), np.isinf(fine.radii))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family(family, target, byte_balls, rng):
    x, y = family(rng, 300, 40), labels(rng, 300, 4)
    assert_exact(x, y, backend="cpu")
    assert_exact(
        x[:100],
        y[:100],
        references=x[100:],
        reference_labels=labels(rng, 200, 4),
        backend="cpu",
    )
    assert len(byte_balls) == 2


@pytest.mark.parametrize("threads", [1, 2, 8])
@pytest.mark.parametrize("d", [3, 64, 300])
def test_any_number_of_threads(threads, d, target, byte_balls, rng):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        assert_exact(rng.standard_normal((500, d)), labels(rng, 500, 5), backend="cpu")
    finally:
        torch.set_num_threads(before)
    assert byte_balls[0][0].sums is not None


@pytest.mark.parametrize("longer", [7, 1e4])
def test_points_apart_are_answered_one_by_one(longer, target, byte_balls, monkeypatch, rng):
    monkeypatch.setattr("kstar_gpu.engines.cpu.byte_balls.FEW", 50)
    x, y = rng.standard_normal((500, 40)), labels(rng, 500, 5)
    x[::100] *= longer
    assert_exact(x, y, backend="cpu")
    assert_exact(x[:200], y[:200], references=x[200:], reference_labels=y[200:], backend="cpu")
    apart = [np.isinf(side.radii).sum() for made in byte_balls for side in made]
    assert max(apart) > 0


def test_the_largest_balls_do_not_overflow_products(target, byte_balls, monkeypatch, rng):
    """Two long samples near each other, whose numbers do not fit in bytes by far."""
    monkeypatch.setattr("kstar_gpu.engines.cpu.byte_balls.DEVIATIONS", (3.5,))
    x, y = rng.standard_normal((500, 2000)), labels(rng, 500, 3)
    x[0] *= 7.5
    x[1] = x[0] + rng.standard_normal(2000)
    assert_exact(x, y, backend="cpu")
    radii = byte_balls[0][0].radii
    assert radii.max() > 100 * np.median(radii)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_search_in_bytes_refines_few_pairs(threads, target, byte_balls, rng):
    x, y = rng.standard_normal((3000, 32)), labels(rng, 3000, 10)
    done = cpu.Engine(problem_of(x, y), torch.device("cpu"), None, False)
    done.nearest_foreign()
    assert done.work["search"]["tile_pairs"] <= 0.55 * 3000**2
    assert done.work["search"]["refined"] <= 20 * 3000
