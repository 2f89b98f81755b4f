"""Balls: every sample as a centre that is cheap to multiply, and a radius that makes it honest.

The centre of a full ball has as many dimensions as the sample, and only rounding separates the
two; a narrow ball has a few principal directions (../projection.py) and one dimension for the rest.
"""

from dataclasses import dataclass
from math import frexp

import torch
from torch import Tensor

from ...distance import row_chunks, underflow_error
from ...inputs.problem import Problem, Samples
from ..bounds import FLOAT64, Certificate, Precision
from ..frame import Frame, make_centre
from ..projection import lift
from . import canaries

NORM_EXPONENT = 8  # scaled norms stay below 2^8: their squares neither overflow nor vanish


@dataclass(frozen=True)
class Balls:
    """Consecutive samples as balls of one precision, ready to be multiplied."""

    points: Tensor  # (n, d + 2): centre, seed, 1
    radii: Tensor  # (n,) float64
    slack: Tensor  # (n,) float64, see bounds.py

    def __len__(self) -> int:
        return len(self.radii)

    def __getitem__(self, part: slice) -> "Balls":
        return Balls(self.points[part], self.radii[part], self.slack[part])

    def partners(self) -> Tensor:
        """Points with seed and 1 exchanged: <point_i, partner_j> = <z_i, z_j> + s_i + s_j.

        Below them are rows that tell how they were multiplied (`canaries.py`).
        """
        partners = self.points.new_empty(len(self) + canaries.ROWS, self.points.shape[1])
        partners[: len(self)] = self.points
        partners[: len(self), -2:] = self.points[:, -2:].flip(1)
        canaries.fill(partners[len(self) :])
        return partners


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
    # What underflow may take from a canonical distance counts as a radius, too.
    vanishing = bounds.precision.vanishing + underflow_error(dimensions) * frame.scale
    points = torch.empty(last - first, dimensions + 2, dtype=bounds.precision.dtype, device=device)
    radii = torch.empty(last - first, dtype=torch.float64, device=exact)
    slack = torch.empty_like(radii)
    for chunk in row_chunks(last - first, dimensions):
        rows = frame.rows(samples, slice(first + chunk.start, first + chunk.stop))
        centres = rows.to(bounds.precision.dtype)
        stored = centres.to(torch.float64)
        squares = (stored * stored).sum(1)
        error = torch.linalg.vector_norm(stored - rows, dim=1)
        # The shift rounded each coordinate once, by 2^-53 of it.
        e = (error + squares.sqrt() * 2.0**-50) * (1 + 2.0**-30) + vanishing
        points[chunk] = _multipliable(centres, bounds.seed(squares, e)).to(device)
        radii[chunk] = e
        slack[chunk] = bounds.slack(squares, e)
    return Balls(points, radii, slack)


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
    points = full.points.new_empty(len(full.radii), width + 3)
    radii, slack = torch.empty_like(full.radii), torch.empty_like(full.slack)
    for chunk in row_chunks(len(radii), dimensions):
        lifted, error = lift(full.points[chunk, :-2], directions)
        centres = lifted.to(bounds.precision.dtype)
        stored = centres.to(torch.float64)
        error += torch.linalg.vector_norm(stored - lifted, dim=1)
        e = (full.radii[chunk] + error) * (1 + 2.0**-30) + bounds.precision.vanishing
        n = (stored * stored).sum(1)
        points[chunk] = _multipliable(centres, bounds.seed(n, e)).to(points.device)
        radii[chunk] = e
        # 4 t_i t_j, by which the mirrored distance is larger, is at most 2 t_i^2 + 2 t_j^2.
        slack[chunk] = bounds.slack(n, e) + 2 * stored[:, -1].square() * (1 + 2.0**-30)
    return Balls(points, radii, slack)


def _multipliable(centres: Tensor, seeds: Tensor) -> Tensor:
    """Return centres (n, w) with their seeds and ones behind: see `Balls.partners`."""
    behind = torch.stack([seeds, torch.ones_like(seeds)], dim=1)
    return torch.cat([centres, behind.to(centres.dtype)], dim=1)
