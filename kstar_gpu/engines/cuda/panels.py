"""Panels: consecutive samples of one side, in class order, as they are on the device.

There is one for each side where memory allows; otherwise as many as it takes, two at a time.
"""

import numpy as np
import torch
from torch import Tensor

from ...inputs.problem import Integers, Problem, Samples
from ..duplicates import fingerprint_weights
from . import _cuda
from .arrays import array, current_stream, feature_rows, padded, whole_blocks


class Panel:
    """Consecutive samples of one side, on the device.

    Attributes
    ----------
    start, count : which positions these are
    room : of the blocks that hold them
    members : the samples' features as kernels see them
    codes : (room,) int32 classes
    """

    def __init__(self, samples: Samples, positions: slice, device: torch.device) -> None:
        self.start, stop, _ = positions.indices(len(samples))
        self.count = stop - self.start
        self.room = whole_blocks(self.count)
        self.device = device
        order = samples.order[positions]
        values, norms, place = samples.values, samples.divisors, order
        if not is_there(values, device):
            values, norms = _taken(values, norms, order, device)
            place = torch.arange(self.count, device=device)
        rows = feature_rows(values, norms)
        self.members = _cuda.Members(rows, array(place), array(order.to(device)))
        codes = torch.from_numpy(samples.codes[positions].astype(np.int32))
        self.codes = padded(codes.to(device), self.room)


def is_there(values: Tensor, device: torch.device) -> bool:
    """Whether kernels can read these features where they are."""
    return values.device == device


def _taken(
    values: Tensor, norms: Tensor | None, rows: Tensor, device: torch.device
) -> tuple[Tensor, Tensor | None]:
    """Copy some rows to the device."""
    rows = rows.to(values.device)
    taken = values.index_select(0, rows).to(device)
    return taken, None if norms is None else norms.index_select(0, rows).to(device)


def measure_rows(problem: Problem, centre: Tensor, size: int) -> tuple[float, list[Tensor]]:
    """Return the greatest distance from a centre, and per side numbers that equal rows share.

    Parameters
    ----------
    centre : (d,) float64, on the device
    size : of a panel
    """
    device = centre.device
    weights = torch.from_numpy(fingerprint_weights(len(centre))).to(device)
    longest, fingerprints = 0.0, []
    for side in problem.sides:
        found = []
        for start in range(0, len(side), size):
            panel = Panel(side, slice(start, start + size), device)
            squared = torch.empty(panel.count, dtype=torch.float64, device=device)
            numbers = torch.empty_like(squared)
            _cuda.measure_rows(
                panel.members,
                array(centre),
                array(weights),
                array(squared),
                array(numbers),
                current_stream(device),
            )
            longest = max(longest, float(squared.max()) ** 0.5)
            found.append(numbers)
        fingerprints.append(torch.cat(found))
    return longest, fingerprints


def class_centres(panel: Panel, problem: Problem, positions: Integers) -> tuple[_cuda.Rows, Tensor]:
    """Return, for each sample of a panel, a sample of its class as its centre.

    Within a class distances are shorter than among all samples, and so are points that are rounded
    about one of it: what they are off by shrinks likewise.

    Parameters
    ----------
    positions : (C,) position of each class's centre among the references

    Returns
    -------
    rows, and which of them is each sample's centre, (n,) int64
    """
    others = problem.references
    codes = panel.codes[: panel.count].to(torch.int64)
    centres = others.order[torch.from_numpy(positions).to(others.order.device)]
    if is_there(others.values, panel.device):
        return feature_rows(others.values, others.divisors), centres[codes]
    present, which = torch.unique(codes, return_inverse=True)
    taken = _taken(others.values, others.divisors, centres[present.cpu()], panel.device)
    return feature_rows(*taken), which


def middle_of_each_class(problem: Problem) -> Integers:
    """Return a position among the references for each class; any for a class that they lack."""
    classes = 1 + max(int(side.codes[-1]) for side in problem.sides)
    codes = problem.references.codes
    first, last = (np.searchsorted(codes, np.arange(classes), side) for side in ("left", "right"))
    middle: Integers = np.minimum((first + last) // 2, len(codes) - 1)
    return middle
