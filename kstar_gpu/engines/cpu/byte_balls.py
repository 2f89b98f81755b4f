"""Points of bytes: half as long as those of 16-bit numbers, and a little less sharp.

A point of 16-bit numbers is shifted, turned where that helps, scaled and rounded to bytes; how far
that moves it adds to its radius (csrc/cpu/bytes.hpp). They are only ever looked at first: what they
leave open the 16-bit numbers decide.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import _cpu
from .algebra import Crew
from .balls import Balls, Points

DEVIATIONS = (3.5, 4.2, 5, 6.5, 9, 14, 24)  # of all numbers, that fill the range of a byte
FEW = 4096  # one point in so many may stand apart
STEEP = 4  # radius of a point that does, beside that of most
MOST_WIDTH = 1 << 15  # squared lengths of wider points might not fit in 32 bits
MOST_RADIUS = 8000  # nor those of larger balls


class Coarsening(NamedTuple):
    """How points become points of bytes."""

    middle: Points  # taken off
    signs: Points | None  # of numbers before they are turned; None where they are not
    factor: float  # exact in single precision


def make_bytes(
    sides: list[Balls], certificate: _cpu.Certificate, how: Coarsening, crew: Crew
) -> list[Balls] | None:
    """Return the same balls in bytes. None if bytes cannot hold them.

    Parameters
    ----------
    sides : balls of 16-bit numbers
    certificate : of these
    """
    coarse = [_coarsened(balls, certificate, how, crew) for balls in sides]
    radii = np.concatenate([balls.radii for balls in coarse])
    limit = _largest_radius(radii[np.isfinite(radii)])
    if limit > MOST_RADIUS:
        return None
    return [_without_apart(balls, limit) for balls in coarse]


def mean_radius(sides: list[Balls]) -> float:
    """Return the radius of all balls but those that stand apart, on average."""
    radii = np.concatenate([balls.radii for balls in sides])
    usual = radii[np.isfinite(radii)]
    return float(usual.mean()) if len(usual) else 0.0


def choose_coarsening(balls: Balls, certificate: _cpu.Certificate, crew: Crew) -> Coarsening | None:
    """Return the shift, turn and scale that move nearly all of a few points least.

    In their own unit: a point whose numbers do not fit in bytes meets many more of the others.
    None if there is nothing to tell apart, or if points are too wide.

    Parameters
    ----------
    balls : these few, no outliers among them
    """
    if balls.width > MOST_WIDTH:
        return None
    # Nearly all numbers are about zero, but the first of a projection is a length.
    middle = np.zeros(balls.points.shape[1], dtype=np.int16)
    middle[: balls.width] = np.rint(np.median(balls.points[:, : balls.width], axis=0))
    shifted = balls.points.astype(np.float32) - middle
    deviation = float(np.sqrt(np.mean(shifted[:, : balls.width] ** 2)))
    if deviation == 0:
        return None
    signs = np.where(_random_bits(len(middle)), 1, -1).astype(np.int16)
    found: list[tuple[float, int, Coarsening]] = []
    for turned in (None, signs):
        for deviations in DEVIATIONS:
            factor = float(np.float32(_cpu.largest_byte(crew.target) / (deviations * deviation)))
            how = Coarsening(middle, turned, factor)
            radii = np.sort(_coarsened(balls, certificate, how, crew).radii)
            moved = float(radii[-1 - len(radii) // 32]) / factor
            # To turn all points takes longer, so that it has to be of use.
            found.append((moved if turned is None else 1.05 * moved, len(found), how))
    return min(found)[-1]


def _random_bits(count: int) -> NDArray[np.bool_]:
    return np.random.default_rng(0).random(count) < 0.5


def _coarsened(balls: Balls, certificate: _cpu.Certificate, how: Coarsening, crew: Crew) -> Balls:
    count, width = len(balls.points), balls.width
    points = np.zeros((count, -(-width // _cpu.BYTE_STEP) * _cpu.BYTE_STEP), dtype=np.int8)
    squares, sums = np.zeros(count, dtype=np.int32), np.zeros(count, dtype=np.int32)
    radii = np.empty(count)
    _cpu.make_bytes(balls.native(certificate), *how, points, squares, sums, radii, *crew)
    return Balls(points, width, squares, radii, sums)


def _largest_radius(radii: NDArray[np.float64]) -> float:
    """Return the radius above which a point stands apart."""
    if len(radii) == 0:
        return 0.0
    few = len(radii) // FEW
    usual = float(np.partition(radii, -few - 1)[-few - 1])
    return max(usual, min(STEEP * float(np.median(radii)), float(radii.max())))


def _without_apart(balls: Balls, limit: float) -> Balls:
    """Mark the balls of larger radius: their pairs are looked at one by one."""
    apart = ~(balls.radii <= limit)
    for nothing in (balls.points, balls.squares, balls.sums):
        if nothing is not None:
            nothing[apart] = 0
    balls.radii[apart] = np.inf
    return balls
