"""Balls: every sample as a centre that is cheap to multiply, and a radius that makes it honest.

The centre of a full ball has as many dimensions as the sample, and only rounding separates the
two; a narrow ball has a few principal directions (../projection.py) and one dimension for the rest.
"""

from dataclasses import dataclass
from functools import cached_property
from math import frexp

import torch
from torch import Tensor

from ...distance import CHUNK_ELEMENTS, row_chunks, underflow_error
from ...inputs.problem import Problem, Samples
from ..bounds import FLOAT64, Certificate, Precision
from ..frame import Frame, make_centre
from ..lift import lift
from . import canaries
from .scratch import Scratch

CACHED_ROWS = 1 << 17  # elements of rows on their way through preparation
ROUNDED_ONCE = 2.0**-24 * (1 + 2.0**-40)  # of a float32, and of the float64 that tells its length
NORM_EXPONENT = 8  # scaled norms stay below 2^8: their squares neither overflow nor vanish


@dataclass(frozen=True)
class Balls:
    """Consecutive samples as balls of one precision, ready to be multiplied."""

    points: Tensor  # (n, d + 2): centre, seed, 1
    radii: Tensor  # (n,) float64
    slack: Tensor  # (n,) float64, see bounds.py

    def __len__(self) -> int:
        return len(self.radii)

    def __getitem__(self, part: slice | Tensor) -> "Balls":
        return Balls(self.points[part], self.radii[part], self.slack[part])

    @cached_property
    def most(self) -> tuple[Tensor, Tensor]:
        """The largest radius and the largest slack."""
        return self.radii.max(), self.slack.max()

    @cached_property
    def known(self) -> Tensor:
        """What the canaries' products with these balls are, (2, n)."""
        return canaries.products(self.points)

    def partners(self) -> Tensor:
        """Points with seed and 1 exchanged: <point_i, partner_j> = <z_i, z_j> + s_i + s_j.

        Below them are rows that tell how they were multiplied (`canaries.py`).
        """
        partners = self.points.new_empty(len(self) + canaries.ROWS, self.points.shape[1])
        partners[: len(self)] = self.points
        partners[: len(self), -2:] = self.points[:, -2:].flip(1)
        canaries.fill(partners[len(self) :])
        return partners

    def product(self, own: "Balls", partners: Tensor, scratch: Scratch) -> tuple[Tensor, Tensor]:
        """Multiply with the partners of `own`: (own, these), and whether that was reduced."""
        product = scratch.tile("product", (len(partners), len(self)), partners.dtype)
        torch.mm(partners, self.points.T, out=product)
        # Nothing reduces products of float64, which all other balls fall back on.
        exact = partners.dtype == torch.float64
        reduced = scratch.never if exact else canaries.reduced(product, self.known)
        return product[: len(own)], reduced


def make_frame(problem: Problem) -> Frame:
    """Choose the shift and the scale that both sides share.

    The scale is chosen for the longest row that the largest magnitude of the data allows.
    """
    # A difference has at most twice the magnitude.
    longest = 2 * problem.largest * problem.samples.values.shape[1] ** 0.5
    exponent = frexp(longest)[1] if longest > 0 else NORM_EXPONENT
    return Frame(make_centre(problem), 2.0 ** (NORM_EXPONENT - exponent))


def make_certificate(
    precision: Precision, width: int, dimensions: int, device: torch.device
) -> Certificate:
    """Return the bounds for products of this precision and width on this device."""
    # Of other devices nothing is known of how they round sums: allow a unit twice as large.
    known = device.type in ("cpu", "cuda") or precision is FLOAT64
    return Certificate(precision, width, dimensions, precision.unit * (1 if known else 2))


def make_full(
    samples: Samples, frame: Frame, bounds: Certificate, positions: slice, device: torch.device
) -> Balls:
    """Turn the samples at these positions into balls; the points go to `device`."""
    first, last, _ = positions.indices(len(samples))
    dimensions = samples.values.shape[1]
    exact = samples.values.device
    dtype = bounds.precision.dtype
    points = torch.empty(last - first, dimensions + 2, dtype=dtype, device=device)
    lengths = torch.empty(last - first, dtype=torch.float64, device=exact)
    error = torch.empty_like(lengths)
    direct = _keeps_floats(samples, frame, bounds)
    centre = -(frame.centre * frame.scale).to(torch.float32)
    for chunk in chunks_for(samples, last - first):
        here = slice(first + chunk.start, first + chunk.stop)
        if direct:
            rows = samples.values.index_select(0, samples.order[here]).to(torch.float32)
            centres = torch.add(centre, rows, alpha=frame.scale, out=rows)
        else:
            rows = frame.rows(samples, here)
            centres = rows.to(dtype)
            error[chunk] = torch.linalg.vector_norm(centres.to(torch.float64) - rows, dim=1)
        lengths[chunk] = torch.linalg.vector_norm(centres, dim=1, dtype=torch.float64)
        points[chunk, :-2] = centres.to(device)
    # Where nothing else was rounded, the shift rounded each coordinate once, by half a unit of it.
    error = lengths * ROUNDED_ONCE if direct else error + lengths * 2.0**-50
    # What underflow may take from a canonical distance counts as a radius, too.
    vanishing = bounds.precision.vanishing + underflow_error(dimensions) * frame.scale
    e = error * (1 + 2.0**-30) + vanishing
    squares = lengths.square()
    points[:, -2] = bounds.seed(squares, e).to(device)
    points[:, -1] = 1
    return Balls(points, e, bounds.slack(squares, e))


def chunks_for(samples: Samples, rows: int) -> list[slice]:
    """Cut so many rows into chunks that a cache holds; elsewhere every chunk costs far more."""
    elements = CACHED_ROWS if samples.values.device.type == "cpu" else CHUNK_ELEMENTS
    return row_chunks(rows, samples.values.shape[1], elements)


def _keeps_floats(samples: Samples, frame: Frame, bounds: Certificate) -> bool:
    """Whether float32 holds the rows as they are given, scaled ones too.

    Then they are shifted in float32, to a point that is the same for all: which one is no matter.
    """
    given = samples.values.dtype != torch.float64 and samples.divisors is None
    smallest, largest = torch.finfo(torch.float32).tiny, torch.finfo(torch.float32).max
    return given and bounds.precision.dtype == torch.float32 and smallest <= frame.scale <= largest


def make_narrow(full: Balls, directions: Tensor, bounds: Certificate, exact: torch.device) -> Balls:
    """Project balls to few dimensions (see `lift`).

    Parameters
    ----------
    full : balls of n samples and d dimensions
    directions : (d, h) float64, from `contraction`
    bounds : certificate of width h + 1
    exact : a device that has float64
    """
    dimensions, width = directions.shape
    directions = directions.to(exact)
    points = full.points.new_ones(len(full.radii), width + 3)
    radii, slack = torch.empty_like(full.radii), torch.empty_like(full.slack)
    for chunk in row_chunks(len(radii), dimensions):
        lifted, error = lift(full.points[chunk, :-2], directions)
        centres = lifted.to(bounds.precision.dtype)
        stored = centres.to(torch.float64)
        error += torch.linalg.vector_norm(stored - lifted, dim=1)
        e = (full.radii[chunk] + error) * (1 + 2.0**-30) + bounds.precision.vanishing
        n = (stored * stored).sum(1)
        points[chunk, :-2] = centres.to(points.device)
        points[chunk, -2] = bounds.seed(n, e).to(points.device)
        radii[chunk] = e
        # 4 t_i t_j, by which the mirrored distance is larger, is at most 2 t_i^2 + 2 t_j^2.
        slack[chunk] = bounds.slack(n, e) + 2 * stored[:, -1].square() * (1 + 2.0**-30)
    return Balls(points, radii, slack)
