"""Balls for the native CPU engine.

A sample is shifted by a common centre, scaled by a common power of two and rounded to integers;
how far that moves it is its ball's radius. Products of such points are exact, on every instruction
set, so no certificate has rounding in it (csrc/cpu/certificate.hpp). Where it pays, narrow balls
stand beside the full ones: the same points in a few principal directions.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...definition import LANES
from ...inputs.problem import Problem, Samples
from ..balls import make_centre
from ..duplicates import Distinct, fingerprint_weights, without_duplicates
from ..projection import FLOATS_AT_ONCE, Costs, Population, choose_directions
from . import _cpu

# Measured: a pair costs its tile about as much as ten products more.
COSTS = Costs(pair=10, screened=3500, screened_product=2.6, worth=6e9)

SAMPLE_BYTES = 200  # thresholds, seeds, radii, results and order of one sample
THREAD_BYTES = 2 << 20  # packed columns and survivors of one thread
PACKED_ROWS = 480  # and packed rows

STEEPEST = 8  # samples this many times longer than nearly all others are outliers
FEW = 1024  # one outlier in so many samples at the most
DIRECTION_LENGTH = 32000  # of a direction in integers

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Points = NDArray[np.int16]


class Crew(NamedTuple):
    """Who does the work: how many threads, and with which instructions."""

    threads: int
    target: str  # instruction set; the best one if empty


@dataclass(frozen=True)
class Side:
    """One side of the problem."""

    samples: Samples
    weights: Integers  # how many equal samples each stands for
    lengths: Floats  # distance from the centre, in the features' unit

    @property
    def codes(self) -> Integers:
        """Class of each sample."""
        return self.samples.codes

    def taken(self, order: Integers) -> "Side":
        """Return the same side in another order."""
        return Side(self.samples.taken(order), self.weights[order], self.lengths[order])


@dataclass(frozen=True)
class Stored:
    """The balls of one side."""

    points: Points  # (n, stride), zeros behind the width
    width: int
    radii: Floats  # (n,) in the points' unit; infinite for outliers

    def floats(self, positions: Integers) -> Tensor:
        """Return the points at these positions as float32, without the zeros behind."""
        return torch.from_numpy(self.points[positions, : self.width]).to(torch.float32)

    def taken(self, order: Integers) -> "Stored":
        """Return the same balls in another order."""
        return Stored(self.points[order], self.width, self.radii[order])


def make_sides(
    problem: Problem, widest: int, crew: Crew
) -> tuple[list[_cpu.Side], Distinct, Integers]:
    """Return the sides as the compiled engine takes them.

    Also the problem without duplicates whose sides they are, and the order of its samples in them.

    Parameters
    ----------
    widest : most dimensions that narrow balls may have
    """
    dimensions = problem.samples.values.shape[1]
    centre = make_centre(problem).numpy()
    sides, distinct = _without_duplicates(problem, centre, crew)
    lengths = np.concatenate([side.lengths for side in sides])
    scale, longest = choose_unit(lengths, dimensions)
    centre = np.rint(centre * scale) / scale  # so that samples on a lattice stay exact
    full = [_quantised(side, centre, scale, longest, crew) for side in sides]
    certificates = [_certificate(full, scale, lengths, dimensions)]
    directions = _choose_directions(sides, full, problem.self_form, widest, crew)
    narrow = full
    if directions is not None:
        narrow = _projected(full, directions, certificates[0], crew)
        certificates.append(_certificate(narrow, scale, lengths, dimensions))
    order = np.arange(len(sides[0].codes))
    if narrow[0].width <= _cpu.BOXED_WIDTH:
        sides, full, narrow, order = _arranged(sides, full, narrow, certificates[-1], crew)
    compiled = [
        _cpu.Side(
            _unpacked(side.samples),
            side.codes.astype(np.int32),
            side.weights.astype(np.int32),
            _balls(f, certificates[0]),
            _balls(n, certificates[-1]),
        )
        for side, f, n in zip(sides, full, narrow, strict=True)
    ]
    return compiled, distinct, order


def _without_duplicates(
    problem: Problem, centre: Floats, crew: Crew
) -> tuple[list[Side], Distinct]:
    weights = fingerprint_weights(len(centre))
    lengths = [np.empty(len(samples)) for samples in problem.sides]
    fingerprints = [np.empty(len(samples)) for samples in problem.sides]
    for samples, length, fingerprint in zip(problem.sides, lengths, fingerprints, strict=True):
        _cpu.measure(_unpacked(samples), centre, weights, length, fingerprint, *crew)
    distinct = without_duplicates(problem, fingerprints)
    references = distinct.problem.references
    sides = [Side(references, distinct.weights, lengths[-1][distinct.reference_positions])]
    if not problem.self_form:
        samples = distinct.problem.samples
        sides.insert(0, Side(samples, np.ones_like(distinct.positions), lengths[0]))
    return sides, distinct


def _unpacked(side: Samples) -> _cpu.Rows:
    """Return rows as the extension takes them."""
    type_name = str(side.values.dtype).removeprefix("torch.")
    # numpy has no bfloat16: hand over its bits.
    values = side.values.view(torch.int16) if type_name == "bfloat16" else side.values
    norms = None if side.norms is None else side.norms.numpy()
    return _cpu.Rows(values.numpy(), type_name, norms, side.order.numpy())


def choose_unit(lengths: Floats, dimensions: int) -> tuple[float, float]:
    """Return the scale, a power of two, and the length of the longest sample that it can hold.

    Of samples much longer than nearly all others a few are left out: they are outliers, and would
    otherwise cost all others their precision.
    """
    room = _cpu.LONGEST - 1.5 * dimensions**0.5 - 1  # rounding lengthens, centre and coordinates
    longest = float(lengths.max())
    few = len(lengths) // FEW + 1
    if few < len(lengths):
        usual = float(np.partition(lengths, -few - 1)[-few - 1])
        if longest > STEEPEST * usual:
            longest = usual
    if longest == 0:
        return 1.0, 0.0
    return 2.0 ** float(np.floor(np.log2(room) - np.log2(longest))), longest


def _quantised(side: Side, centre: Floats, scale: float, longest: float, crew: Crew) -> Stored:
    points = np.zeros((len(side.codes), _stride(len(centre))), dtype=np.int16)
    radii = side.lengths.copy()
    _cpu.quantise(_unpacked(side.samples), centre, scale, longest, points, radii, *crew)
    return Stored(points, len(centre), radii)


def _certificate(
    stored: list[Stored], scale: float, lengths: Floats, dimensions: int
) -> _cpu.Certificate:
    # What the canonical distance itself may be off by: rounding, and underflow of its squares.
    relative = 2 * (-(-dimensions // LANES) + 8) * 2.0**-53
    absolute = (dimensions + 64) ** 0.5 * 2.0**-537 * scale
    largest = max(
        float(np.max(balls.radii, initial=0.0, where=np.isfinite(balls.radii))) for balls in stored
    )
    # Any weight is valid; the ratio of radius to distance loses least.
    typical = max(float(np.median(lengths)) * scale / 2, 2.0**-10)
    weight = 2.0 ** float(np.clip(np.rint(np.log2(largest / typical)), -14, -3)) if largest else 0.0
    return _cpu.Certificate(scale, relative, absolute, weight, largest)


def _balls(stored: Stored, certificate: _cpu.Certificate) -> _cpu.Balls:
    return _cpu.Balls(stored.points, stored.width, stored.radii, certificate)


def _choose_directions(
    sides: list[Side], full: list[Stored], self_form: bool, widest: int, crew: Crew
) -> Tensor | None:
    """Return the directions of the narrow balls (d, h), or None if full ones do better."""

    def nearest(asking: Integers, near: Integers) -> Tensor:
        queries, points = full[0].points[asking], full[-1].points[near]
        products = np.empty((len(asking), len(near)), dtype=np.int32)
        _cpu.products(queries, points, full[0].width, products, *crew)
        norms = np.einsum("ij,ij->i", points, points, dtype=np.float32)
        squared = np.einsum("ij,ij->i", queries, queries, dtype=np.float32)
        for query, product in enumerate(products):
            foreign = sides[0].codes[asking[query]] != sides[-1].codes[near]
            squared[query] += np.min(norms - 2.0 * product, initial=np.inf, where=foreign)
        return torch.from_numpy(np.sqrt(np.maximum(squared, 0)))

    population = Population(
        sides[0].codes,
        sides[-1].codes,
        self_form,
        usual=np.flatnonzero(np.isfinite(full[-1].radii)),
        queries=full[0].floats,
        others=full[-1].floats,
        nearest=nearest,
    )
    return choose_directions(population, full[0].width, COSTS, widest)


def _projected(
    full: list[Stored],
    directions: Tensor,
    certificate: _cpu.Certificate,
    crew: Crew,
) -> list[Stored]:
    basis = np.zeros((directions.shape[1], full[0].points.shape[1]), dtype=np.int16)
    basis[:, : full[0].width] = torch.round(directions.T * DIRECTION_LENGTH)
    floats = basis.astype(np.float64)
    norm = float(np.linalg.eigvalsh(floats @ floats.T)[-1]) ** 0.5 * (1 + 2.0**-30)
    narrow = []
    for balls in full:
        points = np.zeros((len(balls.points), _stride(len(basis) + 1)), dtype=np.int16)
        radii = np.empty(len(points))
        _cpu.project(_balls(balls, certificate), basis, norm, points, radii, *crew)
        narrow.append(Stored(points, len(basis) + 1, radii))
    return narrow


def _arranged(
    sides: list[Side],
    full: list[Stored],
    narrow: list[Stored],
    certificate: _cpu.Certificate,
    crew: Crew,
) -> tuple[list[Side], list[Stored], list[Stored], Integers]:
    """Let samples of a class that are near each other stand next to each other.

    Return all in the new order, and that of the samples.
    """
    orders = []
    for side, balls in zip(sides, narrow, strict=True):
        order = np.empty(len(side.codes), dtype=np.int64)
        _cpu.arrange(_balls(balls, certificate), side.codes.astype(np.int32), order, crew.threads)
        orders.append(order)
    sides = [side.taken(order) for side, order in zip(sides, orders, strict=True)]
    arranged = [balls.taken(order) for balls, order in zip(full, orders, strict=True)]
    if narrow is full:
        narrow = arranged
    else:
        narrow = [balls.taken(order) for balls, order in zip(narrow, orders, strict=True)]
    return sides, arranged, narrow, orders[0]


def _stride(width: int) -> int:
    return -(-width // _cpu.WIDTH_STEP) * _cpu.WIDTH_STEP


def widest_sketch(problem: Problem, threads: int, memory_limit: int | None) -> int:
    """Return how many dimensions narrow balls may have; 0 for none.

    Raises
    ------
    ValueError
        If the memory limit does not even bear the full ones.
    """
    dimensions = problem.samples.values.shape[1]
    samples = sum(map(len, problem.sides))
    least = samples * (2 * _stride(dimensions) + SAMPLE_BYTES)
    least += threads * (THREAD_BYTES + PACKED_ROWS * 2 * _stride(dimensions))
    if memory_limit is None:
        return dimensions // 2
    if memory_limit < least:
        raise ValueError(
            f"memory_limit: at least {least} bytes are wanted for this problem on the cpu backend, "
            f"got {memory_limit}"
        )
    survey = 12 * FLOATS_AT_ONCE
    room = (memory_limit - least - survey) // (2 * samples) - _cpu.WIDTH_STEP
    return max(0, min(dimensions // 2, room))
