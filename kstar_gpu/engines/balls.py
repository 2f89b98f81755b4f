"""Balls: every sample as a centre that is cheap to multiply, and a radius that makes it honest.

The centre of a full ball has as many dimensions as the sample, and only rounding separates the
two; a narrow ball has a few principal directions (projection.py) and one dimension for the rest.
All samples share one *frame*, a shift and a power of two, so that neither an offset nor the scale
of the data costs precision. Canonical distances never see it.
"""

from dataclasses import dataclass
from math import frexp

import torch
from torch import Tensor

from ..distance import row_chunks
from ..inputs.problem import Problem, Samples
from .bounds import FLOAT64, Certificate, Precision

CENTRE_ROWS = 16  # rows whose median is the centre: few, so that torch needs no workers for it
NORM_EXPONENT = 8  # scaled norms stay below 2^8: their squares neither overflow nor vanish


@dataclass(frozen=True)
class Frame:
    """Where the balls' coordinates start, and their unit."""

    centre: Tensor  # (d,) float64
    scale: float  # a power of two

    def rows(self, samples: Samples, positions: Tensor | slice) -> Tensor:
        """Return shifted and scaled rows, (P, d) float64."""
        return (samples.rows(positions) - self.centre) * self.scale


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
        """Points with seed and 1 exchanged: <point_i, partner_j> = <z_i, z_j> + s_i + s_j."""
        partners = self.points.clone()
        partners[:, -2:] = self.points[:, -2:].flip(1)
        return partners


def make_centre(problem: Problem) -> Tensor:
    """Return a point (d,) float64 amid the data.

    It is the median of some rows, coordinate by coordinate: a far outlier moves it little.
    """
    rows = torch.cat([side.rows(_spread_positions(len(side))) for side in problem.sides])
    return rows.T.contiguous().median(dim=1).values


def make_frame(problem: Problem) -> Frame:
    """Choose the shift and the scale that both sides share.

    The scale is chosen for the longest row that the largest magnitude of the data allows.
    """
    # A difference has at most twice the magnitude. Rows under cosine have norm 1.
    largest = 1.0 if problem.samples.norms is not None else problem.largest
    longest = 2 * largest * problem.samples.values.shape[1] ** 0.5
    exponent = frexp(longest)[1] if longest > 0 else NORM_EXPONENT
    return Frame(make_centre(problem), 2.0 ** (NORM_EXPONENT - exponent))


def _spread_positions(count: int) -> slice:
    return slice(0, count, -(-count // CENTRE_ROWS))


def certificate(
    precision: Precision, width: int, dimensions: int, device: torch.device
) -> Certificate:
    """Return the bounds for products of this precision and width on this device."""
    # Of other devices nothing is known of how they round sums: allow a unit twice as large.
    known = device.type in ("cpu", "cuda") or precision is FLOAT64
    return Certificate(precision, width, dimensions, precision.unit * (1 if known else 2))


def make_balls(
    samples: Samples, frame: Frame, bounds: Certificate, positions: slice, device: torch.device
) -> Balls:
    """Turn the samples at these positions into balls; the points go to `device`."""
    first, last, _ = positions.indices(len(samples))
    dimensions = samples.values.shape[1]
    exact = samples.values.device
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
        e = (error + squares.sqrt() * 2.0**-50) * (1 + 2.0**-30) + bounds.precision.vanishing
        points[chunk, :-2] = centres.to(device)
        points[chunk, -2] = bounds.seed(squares, e).to(device)
        points[chunk, -1] = 1.0
        radii[chunk] = e
        slack[chunk] = bounds.slack(squares, e)
    return Balls(points, radii, slack)


def contraction(directions: Tensor) -> Tensor:
    """Return directions (d, h) in float64, so scaled that a projection lengthens no vector."""
    directions = directions.to(torch.float64)
    longest = float(torch.linalg.eigvalsh((directions.T @ directions).cpu())[-1]) ** 0.5
    shortened: Tensor = directions / (longest * (1 + 2.0**-30))
    return shortened


def lift(points: Tensor, directions: Tensor) -> tuple[Tensor, Tensor]:
    """Project points to few dimensions: to u = z P, and the length t of what P misses.

    P is a contraction, so t^2 = |z|^2 - |u|^2 is |R z|^2 for some R with
    |v P|^2 + |R v|^2 = |v|^2 for every v. Hence (u, t) moves no two samples apart, and mirroring
    the t of one of them moves them apart by their distance at least.

    Parameters
    ----------
    points : (n, d)
    directions : (d, h) float64, from `contraction`

    Returns
    -------
    (n, h + 1) float64 (u, t), and how far float64 may have moved each, (n,)
    """
    dimensions, width = directions.shape
    z = points.to(directions.device, torch.float64)
    u = z @ directions
    squares = (z * z).sum(1)
    t = (squares - (u * u).sum(1)).clamp(min=0).sqrt()
    # What float64 may round off u, relative to |z|, and off t^2, relative to |z|^2.
    kappa = (dimensions + 8) * (width + 1) ** 0.5 * 2.0**-52
    doubt = ((dimensions + width + 16) * 2.0**-52 + 4 * kappa) * squares
    error = kappa * squares.sqrt() + torch.minimum(doubt.sqrt(), doubt / t.clamp(min=2.0**-1000))
    return torch.cat([u, t[:, None]], dim=1), error


def make_narrow_balls(
    full: Balls, directions: Tensor, bounds: Certificate, exact: torch.device
) -> Balls:
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
        points[chunk, :-2] = centres.to(points.device)
        points[chunk, -2] = bounds.seed(n, e).to(points.device)
        points[chunk, -1] = 1.0
        radii[chunk] = e
        # 4 t_i t_j, by which the mirrored distance is larger, is at most 2 t_i^2 + 2 t_j^2.
        slack[chunk] = bounds.slack(n, e) + 2 * stored[:, -1].square() * (1 + 2.0**-30)
    return Balls(points, radii, slack)
