"""Balls for the CUDA engine: points of float16, multiplied on tensor cores.

The certificates are those of bounds.py; a float16 point keeps 11 bits of each coordinate, whatever
its size, so that one scale serves samples of very different lengths.
"""

from dataclasses import dataclass
from math import frexp, inf

import numpy as np
import torch
from torch import Tensor

from ...distance import row_chunks, underflow_error
from ...inputs.problem import Integers, Problem
from .. import projection
from ..bounds import FLOAT16_ON_TENSOR_CORES, Certificate
from ..frame import Frame
from ..lift import contraction, lift
from ..projection import Costs, Trial
from . import _cuda
from .arrays import array, array_if, current_stream, padded, whole_chunks
from .panels import Panel

# From the rates of tensor cores and of memory (docs/cuda.md), in multiply-adds of a tile.
COSTS = Costs(pair=30, screened=3e4, screened_product=125, worth=1e13)
# One coordinate more is for the rest, and they are multiplied 32 at a time.
WIDTHS = (31, 63, 95, 127, 159, 191, 223, 255)
LONGEST = 14  # scaled lengths are below 2^14; from any other sample, below 2^15: float16 holds them
LARGEST_SCALE = 2.0**1000


@dataclass(frozen=True)
class Balls:
    """The balls of a panel. The last block of samples is filled up with whatever comes."""

    panel: Panel
    points: Tensor  # (room, width) float16, zeros behind the dimensions
    seeds: Tensor  # (room,) float32
    radii: Tensor  # (n,) float64
    slack: Tensor  # (n,) float64
    bounds: Certificate
    tails: Tensor | None = None  # (room,) float32: norms of what the first chunk leaves out

    def side(self) -> _cuda.Side:
        """Return the balls as tiles multiply them."""
        panel = self.panel
        return _cuda.Side(array(self.points), array(self.seeds), array(panel.codes), panel.count)

    def reach(self, thresholds: Tensor | None) -> _cuda.Reach:
        """Return the balls as they bound distances.

        Parameters
        ----------
        thresholds : (room,) float32 that kernels write, where they do
        """
        return _cuda.Reach(array(self.radii), array(self.slack), array_if(thresholds))


def make_frame(centre: Tensor, longest: float) -> Frame:
    """Return the frame in which the longest sample is below 2^LONGEST."""
    if longest == 0:
        return Frame(centre, 1.0)
    return Frame(centre, min(2.0 ** (LONGEST - frexp(longest)[1]), LARGEST_SCALE))


def bounds_of(width: int, dimensions: int) -> Certificate:
    """Return the certificate of balls of this width."""
    precision = FLOAT16_ON_TENSOR_CORES
    bounds = Certificate(precision, width, dimensions, precision.unit)
    if not bounds.holds:
        raise ValueError(
            f"features: fewer than {int(2.0**-4 / precision.unit)} features per sample are "
            f"wanted on the cuda backend, got {width}"
        )
    return bounds


def make_full(panel: Panel, centres: _cuda.Rows, centre_of: Tensor, frame: Frame) -> Balls:
    """Round the samples of a panel, each about a centre of its own.

    Parameters
    ----------
    centre_of : (n,) int64 rows of `centres`
    """
    dimensions = len(frame.centre)
    bounds = bounds_of(dimensions, dimensions)
    points = torch.empty(
        panel.room, whole_chunks(dimensions), dtype=torch.float16, device=panel.device
    )
    squares = torch.empty(panel.count, dtype=torch.float64, device=panel.device)
    errors = torch.empty_like(squares)
    _cuda.make_full(
        panel.members,
        centres,
        array(centre_of),
        frame.scale,
        array(points),
        array(squares),
        array(errors),
        current_stream(panel.device),
    )
    error = errors.sqrt()
    # The shift rounded each coordinate once, by 2^-53 of it.
    error += (squares.sqrt() + error) * 2.0**-50
    # What underflow may take from a canonical distance counts as a radius, too.
    absolute = underflow_error(dimensions) * frame.scale
    e = error * (1 + 2.0**-30) + bounds.precision.vanishing + absolute
    points[panel.count :].zero_()
    seeds = padded(bounds.seed(squares, e), panel.room)
    return Balls(panel, points, seeds, e, bounds.slack(squares, e), bounds)


def make_narrow(full: Balls, directions: Tensor, elements: int) -> Balls:
    """Project full balls to few dimensions, so many numbers at a time."""
    panel, (dimensions, width) = full.panel, directions.shape
    bounds = bounds_of(width + 1, full.bounds.dimensions)
    points = full.points.new_zeros(panel.room, whole_chunks(width + 1))
    radii, squares = torch.empty_like(full.radii), torch.empty_like(full.radii)
    tails = torch.zeros_like(full.seeds)
    for chunk in row_chunks(panel.count, dimensions, elements):
        lifted, error = lift(full.points[chunk, :dimensions], directions)
        points[chunk, : width + 1] = lifted.to(torch.float16)
        stored = points[chunk, : width + 1].to(torch.float64)
        error += torch.linalg.vector_norm(stored - lifted, dim=1)
        radii[chunk] = (full.radii[chunk] + error) * (1 + 2.0**-30) + bounds.precision.vanishing
        squares[chunk] = (stored * stored).sum(1)
        tail = torch.linalg.vector_norm(stored[:, _cuda.DEPTH :], dim=1)
        tails[chunk] = bounds.precision.round_up(tail * (1 + 2.0**-20))
    seeds = padded(bounds.seed(squares, radii), panel.room)
    # The mirrored distance is of no use here: Count looks at full balls.
    return Balls(panel, points, seeds, radii, torch.full_like(radii, inf), bounds, tails)


def choose_narrow(
    problem: Problem, frame: Frame, widest: int, device: torch.device
) -> Tensor | None:
    """Return the directions of narrow balls (d, h) float64, or None if full ones do better."""

    def points(side: int, positions: Integers) -> Tensor:
        samples = problem.sides[side]
        index = torch.from_numpy(positions).to(samples.order.device)
        rows = samples.rows(index).to(device)
        return ((rows - frame.centre) * frame.scale).to(torch.float32)

    trial = Trial(
        problem.samples.codes,
        problem.references.codes,
        problem.self_form,
        usual=np.arange(len(problem.references)),
        points=points,
    )
    dimensions = problem.samples.values.shape[1]
    directions = projection.choose_balls(trial, dimensions, COSTS, widest, WIDTHS).directions
    return None if directions is None else contraction(directions).to(device)
