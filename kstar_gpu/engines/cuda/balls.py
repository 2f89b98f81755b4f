"""Balls for the CUDA engine: points of float16, multiplied on tensor cores.

Samples are on the device in *panels*, stretches of class order: one for each side where memory
allows, otherwise as many as it takes, and then two at a time. The certificates are those of
bounds.py; a float16 point keeps 11 bits of each coordinate, whatever its size, so that one
scale serves samples of very different lengths.
"""

from dataclasses import dataclass
from math import frexp, inf

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...distance import row_chunks, underflow
from ...inputs.problem import Problem, Samples
from .. import projection
from ..bounds import FLOAT16_ON_TENSOR_CORES, Certificate
from ..duplicates import fingerprint_weights
from ..frame import Frame
from ..projection import Costs, Population, contraction, lift
from . import _cuda

# From the rates of tensor cores and of memory (docs/cuda.md), in multiply-adds of a tile.
COSTS = Costs(pair=30, screened=3e4, screened_product=125, worth=1e13)
# One coordinate more is for the rest, and they are multiplied 32 at a time.
WIDTHS = (31, 63, 95, 127, 159, 191, 223, 255)
LONGEST = 14  # scaled lengths are below 2^14; from any other sample, below 2^15: float16 holds them
LARGEST_SCALE = 2.0**1000

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Balls:
    """The balls of a panel. The last block of samples is filled up with whatever comes."""

    points: Tensor  # (room, width) float16, zeros behind the dimensions
    seeds: Tensor  # (room,) float32
    radii: Tensor  # (n,) float64
    slack: Tensor  # (n,) float64
    bounds: Certificate
    tails: Tensor | None = None  # (room,) float32: norms of what the first chunk leaves out


class Panel:
    """Consecutive samples of one side, on the device.

    Attributes
    ----------
    start, count : which positions these are
    rows, members : the samples' features as kernels see them
    codes : (room,) int32 classes
    """

    def __init__(self, samples: Samples, positions: slice, device: torch.device) -> None:
        self.start, stop, _ = positions.indices(len(samples))
        self.count = stop - self.start
        self.room = rounded_up(self.count)
        self.device = device
        order = samples.order[positions]
        self.place = order
        values, norms = samples.values, samples.norms
        if not is_there(values, device):
            values, norms = _taken(values, norms, order, device)
            self.place = torch.arange(self.count, device=device)
        self.number = order.to(device)
        self.rows, self._kept = device_rows(values, norms)
        self.members = _cuda.Members(self.rows, self.place.data_ptr(), self.number.data_ptr())
        codes = torch.from_numpy(samples.codes[positions].astype(np.int32))
        self.codes = padded(codes.to(device), self.room)
        self.search_balls: list[Balls] = []  # full ones, and before them narrow ones if there are
        self.count_balls: Balls | None = None

    def side(self, balls: Balls) -> _cuda.Side:
        """Return the panel as tiles see it."""
        return _cuda.Side(
            balls.points.data_ptr(),
            balls.seeds.data_ptr(),
            self.codes.data_ptr(),
            self.count,
            balls.points.shape[1],
        )


def is_there(values: Tensor, device: torch.device) -> bool:
    """Whether kernels can read these features where they are."""
    return values.device == device


def rounded_up(count: int, unit: int = _cuda.TILE_SIDE) -> int:
    """Return the least multiple of a unit that holds so many; by default, of whole blocks."""
    return -(-count // unit) * unit


def padded(values: Tensor, room: int) -> Tensor:
    """Return values with zeros behind."""
    return torch.cat([values, values.new_zeros(room - len(values))])


def device_rows(values: Tensor, norms: Tensor | None) -> tuple[_cuda.Rows, list[Tensor | None]]:
    """Return rows as kernels see them, and what must be kept for as long as they do."""
    rows = _cuda.Rows(
        values.data_ptr(),
        str(values.dtype).removeprefix("torch."),
        values.stride(0),
        values.shape[1],
        0 if norms is None else norms.data_ptr(),
    )
    return rows, [values, norms]


def _taken(
    values: Tensor, norms: Tensor | None, rows: Tensor, device: torch.device
) -> tuple[Tensor, Tensor | None]:
    """Copy some rows to the device."""
    rows = rows.to(values.device)
    taken = values.index_select(0, rows).to(device)
    return taken, None if norms is None else norms.index_select(0, rows).to(device)


def where(device: torch.device) -> tuple[int, int]:
    """Return device and stream as kernels want them: the caller's current ones."""
    if device.type != "cuda":
        return 0, 0
    stream = torch.cuda.current_stream(device)
    return stream.device_index, stream.cuda_stream


def survey(panel: Panel, centre: Tensor) -> tuple[Tensor, Tensor]:
    """Return squared distances from the centre, and numbers that equal rows share; on the CPU."""
    weights = torch.from_numpy(fingerprint_weights(len(centre))).to(panel.device)
    lengths = torch.empty(panel.count, dtype=torch.float64, device=panel.device)
    fingerprints = torch.empty_like(lengths)
    _cuda.survey(
        panel.members,
        panel.count,
        centre.data_ptr(),
        weights.data_ptr(),
        lengths.data_ptr(),
        fingerprints.data_ptr(),
        *where(panel.device),
    )
    return lengths.cpu(), fingerprints.cpu()


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


def make_full(
    panel: Panel, centres: _cuda.Rows, centre_of: Tensor, scale: float, dimensions: int
) -> Balls:
    """Round the samples of a panel, each about a centre of its own.

    Parameters
    ----------
    centre_of : (n,) int64 rows of `centres`
    """
    bounds = bounds_of(dimensions, dimensions)
    width = rounded_up(dimensions, _cuda.DEPTH)
    points = torch.empty(panel.room, width, dtype=torch.float16, device=panel.device)
    squares = torch.empty(panel.count, dtype=torch.float64, device=panel.device)
    errors = torch.empty_like(squares)
    _cuda.round(
        panel.members,
        panel.count,
        centres,
        centre_of.data_ptr(),
        scale,
        points.data_ptr(),
        width,
        squares.data_ptr(),
        errors.data_ptr(),
        *where(panel.device),
    )
    error = errors.sqrt()
    # The shift rounded each coordinate once, by 2^-53 of it.
    error += (squares.sqrt() + error) * 2.0**-50
    # What underflow may take from a canonical distance counts as a radius, too.
    absolute = underflow(dimensions) * scale
    e = error * (1 + 2.0**-30) + bounds.precision.vanishing + absolute
    points[panel.count :].zero_()
    seeds = padded(bounds.seed(squares, e), panel.room)
    return Balls(points, seeds, e, bounds.slack(squares, e), bounds)


def make_narrow(panel: Panel, full: Balls, directions: Tensor, elements: int) -> Balls:
    """Project full balls to few dimensions, so many numbers at a time."""
    dimensions, width = directions.shape
    bounds = bounds_of(width + 1, full.bounds.dimensions)
    points = full.points.new_zeros(panel.room, rounded_up(width + 1, _cuda.DEPTH))
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
    return Balls(points, seeds, radii, torch.full_like(radii, inf), bounds, tails)


def class_centres(
    panel: Panel, problem: Problem, positions: Integers
) -> tuple[_cuda.Rows, Tensor, list[Tensor | None]]:
    """Return, for each sample of a panel, a sample of its class as its centre.

    Within a class distances are shorter than among all samples, and so are points that are rounded
    about one of it: what they are off by shrinks likewise.

    Parameters
    ----------
    positions : (C,) position of each class's centre among the references

    Returns
    -------
    rows, the row of each sample's centre, and what must be kept
    """
    others = problem.references
    codes = panel.codes[: panel.count].to(torch.int64)
    centres = others.order[torch.from_numpy(positions).to(others.order.device)]
    if is_there(others.values, panel.device):
        rows, kept = device_rows(others.values, others.norms)
        return rows, centres[codes], kept
    present, which = torch.unique(codes, return_inverse=True)
    taken = _taken(others.values, others.norms, centres[present.cpu()], panel.device)
    rows, kept = device_rows(*taken)
    return rows, which, kept


def middle_of_each_class(problem: Problem) -> Integers:
    """Return a position among the references for each class; any for a class that they lack."""
    classes = 1 + max(int(side.codes[-1]) for side in problem.sides)
    codes = problem.references.codes
    first, last = (np.searchsorted(codes, np.arange(classes), side) for side in ("left", "right"))
    middle: Integers = np.minimum((first + last) // 2, len(codes) - 1)
    return middle


def choose_narrow(
    problem: Problem, frame: Frame, widest: int, device: torch.device
) -> Tensor | None:
    """Return the directions of narrow balls (d, h) float64, or None if full ones do better."""

    def points(side: int, positions: Integers) -> Tensor:
        samples = problem.sides[side]
        index = torch.from_numpy(positions).to(samples.order.device)
        rows = samples.rows(index).to(device)
        return ((rows - frame.centre) * frame.scale).to(torch.float32)

    population = Population(
        problem.samples.codes,
        problem.references.codes,
        problem.self_form,
        usual=np.arange(len(problem.references)),
        points=points,
    )
    dimensions = problem.samples.values.shape[1]
    directions = projection.choose_directions(population, dimensions, COSTS, widest, WIDTHS)
    return None if directions is None else contraction(directions).to(device)
