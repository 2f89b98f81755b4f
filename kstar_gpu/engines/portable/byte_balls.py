"""Balls of bytes: their products take a tenth of the time, where the processor multiplies bytes.

Their points are those of float32 balls, scaled and rounded; how far that moves each adds to its
radius. Sums of products of bytes are exact. What these balls leave open, finer ones decide.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from ...distance import row_chunks
from ..bounds import BYTES, Certificate
from .balls import CACHED_ROWS, Balls
from .scratch import Scratch

BYTE_PRODUCT = 0.12  # what a multiply-add takes, one of float32 being 1
LARGEST = 127
MOST_WIDTH = 1 << 17  # sums of more products of two bytes might not fit in 32 bits
LEAST_WIDTH = 128  # to make bytes, and a tile's float32 of its sums, costs more than it saves
# Of all coordinates of a few rows: so many deviations fill the range of a byte.
DEVIATIONS = (3, 3.5, 4.2, 5, 6.5, 9, 14, 24)
FINEST, COARSEST = 2.0**-50, 2.0**8  # units whose squares float32 holds
LIGHTEST, HEAVIEST = 2.0**-14, 2.0**-3  # weights (bounds.py)
TRIED_ROWS = 64
# What float32 may round off a scaled coordinate and its difference from a byte, relatively.
ROUNDED = 2.0**-23


class Coarsening(NamedTuple):
    """How float32 points become bytes, and what to expect of that."""

    factor: float  # that float32 holds
    bounds: Certificate
    radius: float  # of a ball that was a point
    error: float  # the same, relative to the length of long ones


@dataclass(frozen=True)
class ByteBalls(Balls):
    """Consecutive samples as balls of bytes."""

    seeds: Tensor  # (n,) float32
    area: float  # what a product of two units is worth

    def __getitem__(self, part: slice | Tensor) -> "ByteBalls":
        points, radii, slack = self.points[part], self.radii[part], self.slack[part]
        return ByteBalls(points, radii, slack, self.seeds[part], self.area)

    def partners(self) -> Tensor:
        """Points, as they are: the seeds are added afterwards."""
        return self.points

    def product(self, own: Balls, partners: Tensor, scratch: Scratch) -> tuple[Tensor, Tensor]:
        """Multiply with the partners of `own`; nothing reduces sums of integers."""
        assert isinstance(own, ByteBalls)
        shape = len(own), len(self)
        sums = scratch.room("sums", shape, torch.int32)
        torch._int_mm(partners, self.points.T, out=sums)
        acc = scratch.tile("product", shape, torch.float32)
        torch.add(self.seeds, sums, alpha=self.area, out=acc)
        acc += own.seeds[:, None]
        return acc, scratch.never


def multiplies_bytes(device: torch.device, width: int) -> bool:
    """Whether the device multiplies bytes of so many dimensions fast, and exactly.

    Processors that lack VNNI add two products in 16 bits, where they do not fit. Of other devices
    each has its own rules for shapes, and fast products of floats.
    """
    if device.type != "cpu" or not LEAST_WIDTH <= width <= MOST_WIDTH:
        return False
    known = getattr(torch.cpu, "_is_vnni_supported", None)
    # Without this library torch multiplies bytes in a plain loop.
    if known is None or not known() or not torch.backends.mkldnn.enabled:
        return False
    # The library can be told to leave out what the processor has.
    most = torch.full((TRIED_ROWS, width), LARGEST, dtype=torch.int8)
    return all(
        bool((torch._int_mm(most, sign * most.T) == sign * LARGEST**2 * width).all())
        for sign in (1, -1)
    )


def choose_coarsening(some: Balls, reach: float, dimensions: int) -> Coarsening | None:
    """Return the scale that moves the farthest moved of a few points least.

    None if there is nothing to tell apart.

    Parameters
    ----------
    some : float32 balls
    reach : distance that most pairs are compared with
    dimensions : of the samples
    """
    points = some.points[:, :-2]
    deviation = float(points.square().mean().sqrt())
    found = []
    for deviations in DEVIATIONS:
        unit = deviations * deviation / LARGEST
        if not FINEST <= unit <= COARSEST:
            return None
        factor = float(torch.tensor(1 / unit))
        moved = torch.linalg.vector_norm(_rounded(points, factor)[1], dim=1) / factor
        found.append((float(moved.max()), float(moved.median()), factor))
    _, usual, factor = min(found)
    weight = max(2**0.5 * usual / reach if reach > 0 else HEAVIEST, LIGHTEST)
    precision = replace(BYTES, weight=min(weight, HEAVIEST))
    # Sums of bytes are exact: what is rounded is as much as in products without a width.
    bounds = Certificate(precision, 0, dimensions, precision.unit)
    longest = float(torch.linalg.vector_norm(points, dim=1).max())
    return Coarsening(factor, bounds, usual, usual / longest)


def make_bytes(full: Balls, how: Coarsening, exact: torch.device) -> ByteBalls:
    """Turn float32 balls into balls of bytes.

    Parameters
    ----------
    exact : a device that has float64
    """
    count, width = len(full), full.points.shape[1] - 2
    unit = 1 / how.factor
    points = torch.empty(count, width, dtype=torch.int8, device=full.points.device)
    lengths = torch.empty(count, dtype=torch.float64, device=exact)
    missed = torch.empty_like(lengths)
    for chunk in row_chunks(count, width, CACHED_ROWS):
        numbers, difference = _rounded(full.points[chunk, :-2], how.factor)
        points[chunk] = numbers.to(torch.int8)
        lengths[chunk] = torch.linalg.vector_norm(numbers, dim=1, dtype=torch.float64)
        missed[chunk] = torch.linalg.vector_norm(difference, dim=1, dtype=torch.float64)
    # A scaled point is as long as its bytes and what they miss of it, at the most.
    missed += (lengths + missed) * ROUNDED
    e = (missed * unit + full.radii) * (1 + 2.0**-30) + how.bounds.precision.vanishing
    squares = lengths.square().round_() * unit**2  # integers: what their root lost comes back
    seeds = how.bounds.seed(squares, e).to(points.device)
    return ByteBalls(points, e, how.bounds.slack(squares, e), seeds, unit**2)


def _rounded(points: Tensor, factor: float) -> tuple[Tensor, Tensor]:
    """Return scaled points as whole numbers that bytes hold, and what is missing from these."""
    scaled = points * factor
    numbers = scaled.round().clamp_(-LARGEST, LARGEST)
    return numbers, scaled.sub_(numbers)
