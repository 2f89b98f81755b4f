"""Balls for the native CPU engine.

A sample is shifted by a common centre, scaled by a common power of two and rounded to integers;
how far that moves it is its ball's radius. Products of such points are exact, on every instruction
set, so no certificate has rounding in it (csrc/cpu/certificate.hpp). Where it pays, narrow balls
stand beside the full ones: the same points in a few principal directions.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...distance import rounding_error, underflow_error
from ...inputs.problem import Integers
from ..projection import Trial
from . import _cpu
from .algebra import Crew

STEEPEST = 8  # samples this many times longer than nearly all others are outliers
FEW = 1024  # one outlier in so many samples at the most
MOST_OUTLIERS = 4096
# Of samples that are all at their centre: whatever leaves it later is told by its length.
FINEST_SCALE = 2.0**500
DIRECTION_LENGTH = 32000  # of a direction in integers
# (1 + 1/w) e^2 of the largest ball: half of it is in either seed of a product of 32 bits.
MOST_SPREAD = 2.0**30

Floats = NDArray[np.float64]
Points = NDArray[np.int16]
Sums = NDArray[np.int32]


@dataclass(frozen=True)
class Balls:
    """The balls of one side."""

    points: NDArray[Any]  # (n, stride) int16, or int8; zeros behind the width
    width: int
    squares: Sums  # (n,) of the points' lengths
    radii: Floats  # (n,) in the points' unit; infinite for outliers
    sums: Sums | None = None  # (n,) of the numbers of points of bytes

    def floats(self, positions: Integers) -> Tensor:
        """Return the points at these positions as float32, without the zeros behind."""
        return torch.from_numpy(self.points[positions, : self.width].astype(np.float32))

    def taken(self, order: Integers) -> "Balls":
        """Return the same balls in another order."""
        sums = None if self.sums is None else self.sums[order]
        return Balls(self.points[order], self.width, self.squares[order], self.radii[order], sums)

    def arranged(self, order: Integers) -> "Balls":
        """Return the same balls in another order, with their points moved where they are.

        A few columns at a time: beside all of them there may be no room for as many again.
        """
        columns = self.points.view(f"V{_cpu.WIDTH_STEP * self.points.itemsize}").T
        for column in columns:
            column[:] = column[order]
        sums = None if self.sums is None else self.sums[order]
        return Balls(self.points, self.width, self.squares[order], self.radii[order], sums)

    def native(self, certificate: _cpu.Certificate) -> _cpu.Balls:
        """Return the balls as the extension takes them."""
        return _cpu.Balls(self.points, self.width, self.squares, self.sums, self.radii, certificate)


def choose_unit(lengths: Floats, dimensions: int, count: int | None = None) -> tuple[float, float]:
    """Return the scale, a power of two, and the length of the longest sample that it can hold.

    Of samples much longer than nearly all others a few are left out: they are outliers, and would
    otherwise cost all others their precision.

    Parameters
    ----------
    lengths : of all samples, or the largest of them
    count : how many samples there are, if those are not all
    """
    room = _cpu.LONGEST - 1.5 * dimensions**0.5 - 1  # rounding lengthens, centre and coordinates
    longest = float(lengths.max())
    if not np.isfinite(longest):
        raise ValueError(
            "features: numbers that stay as they are during a call are wanted, these (or those of "
            "references) changed"
        )
    few = min((len(lengths) if count is None else count) // FEW + 1, MOST_OUTLIERS)
    if few < len(lengths):
        usual = float(np.partition(lengths, -few - 1)[-few - 1])
        if longest > STEEPEST * usual:
            longest = usual
    if longest == 0:
        return FINEST_SCALE, 0.0
    return 2.0 ** float(np.floor(np.log2(room) - np.log2(longest))), longest


def in_whole_units(centre: Floats, scale: float) -> Floats:
    """Return the centre rounded to units of the points: so samples on a lattice stay exact."""
    rounded = centre.copy()
    # What is larger is whole; and of 1e150, where samples differ by 1e-162, the units overflow.
    fine = np.abs(centre) < 2.0**53 / scale
    rounded[fine] = np.rint(centre[fine] * scale) / scale
    return rounded


def make_full(
    rows: _cpu.Members, lengths: Floats, centre: Floats, scale: float, longest: float, crew: Crew
) -> Balls:
    """Shift, scale and round rows; those longer than `longest` become outliers.

    Parameters
    ----------
    lengths : (n,) distance of each row from the centre, in the features' unit
    """
    points = np.zeros((len(lengths), padded_width(len(centre))), dtype=np.int16)
    squares, radii = np.zeros(len(lengths), dtype=np.int32), lengths.copy()
    _cpu.make_full(rows, centre, scale, longest, points, squares, radii, *crew)
    return Balls(points, len(centre), squares, radii)


def make_certificate(
    balls: list[Balls],
    scale: float,
    lengths: Floats,
    dimensions: int,
    reach: float | None = None,
) -> _cpu.Certificate:
    """Return what products of these balls prove about canonical distances.

    Parameters
    ----------
    lengths : of all samples, in the features' unit
    reach : distance that most pairs are compared with, in units of these balls, where it is known
    """
    relative, absolute = 2 * rounding_error(dimensions), underflow_error(dimensions) * scale
    largest = max(
        float(np.max(each.radii, initial=0.0, where=np.isfinite(each.radii))) for each in balls
    )
    # Any weight is valid. What w (r + e)^2 + (1 + 1/w) 2 e^2 adds is least at w = e / r * 2^1/2.
    typical = max(float(np.median(lengths)) * scale / 2 if reach is None else reach, 2.0**-10)
    radius = largest
    if reach is not None:
        radius = 2**0.5 * float(np.median(np.concatenate([each.radii for each in balls])))
    weight = float(np.clip(radius / typical, 2.0**-14, 2.0**-3)) if largest else 0.0
    weight = max(weight, largest**2 / (MOST_SPREAD - largest**2))
    return _cpu.Certificate(scale, relative, absolute, weight, largest)


def make_narrow(
    full: list[Balls], directions: Tensor, certificate: _cpu.Certificate, crew: Crew
) -> list[Balls]:
    """Project the full balls of all sides to few dimensions, and one for the rest.

    Parameters
    ----------
    directions : (d, h)
    certificate : of the full balls
    """
    basis = np.zeros((directions.shape[1], full[0].points.shape[1]), dtype=np.int16)
    basis[:, : full[0].width] = np.rint(directions.T.numpy() * DIRECTION_LENGTH)
    norm = spectral_bound(basis, crew)
    narrow = []
    for balls in full:
        points = np.zeros((len(balls.points), padded_width(len(basis) + 1)), dtype=np.int16)
        squares, radii = np.zeros(len(points), dtype=np.int32), np.empty(len(points))
        _cpu.make_narrow(balls.native(certificate), basis, norm, points, squares, radii, *crew)
        narrow.append(Balls(points, len(basis) + 1, squares, radii))
    return narrow


def spectral_bound(basis: Points, crew: Crew) -> float:
    """Return a bound on the spectral norm of integer rows, not far above that of orthogonal ones.

    No eigenvalue of their products with each other exceeds the largest sum of a row of them.
    """
    gram = np.empty((len(basis), len(basis)), dtype=np.int32)
    _cpu.products(basis, basis, basis.shape[1], gram, *crew)
    largest = float(np.abs(gram, dtype=np.float64).sum(1).max())
    return math.sqrt(largest) * (1 + 2.0**-30)


@dataclass(frozen=True)
class BallTrial(Trial):
    """A trial whose distances come from the balls' own products: faster than torch's."""

    full: list[Balls]
    crew: Crew

    def nearest(self, asking: Integers, near: Integers) -> Tensor:
        """Return the distance of each sample to the nearest foreign one of these references."""
        queries, points = self.full[0].points[asking], self.full[-1].points[near]
        products = np.empty((len(asking), len(near)), dtype=np.int32)
        _cpu.products(queries, points, self.full[0].width, products, *self.crew)
        norms = self.full[-1].squares[near].astype(np.float32)
        squared = self.full[0].squares[asking].astype(np.float32)
        for query, product in enumerate(products):
            foreign = self.codes[asking[query]] != self.other_codes[near]
            squared[query] += np.min(norms - 2.0 * product, initial=np.inf, where=foreign)
        return torch.from_numpy(np.sqrt(np.maximum(squared, 0)))


def padded_width(width: int) -> int:
    """Return how many numbers a point of this width takes, with zeros behind."""
    return -(-width // _cpu.WIDTH_STEP) * _cpu.WIDTH_STEP
