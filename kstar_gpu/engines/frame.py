"""The frame that all balls of a problem share: a shift, and a power of two as unit.

So neither an offset nor the scale of the data costs precision. Canonical distances never see it.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..inputs.problem import Problem, Samples

CENTRE_ROWS = 16  # rows whose median is the centre


@dataclass(frozen=True)
class Frame:
    """Where the balls' coordinates start, and their unit."""

    centre: Tensor  # (d,) float64
    scale: float  # a power of two

    def rows(self, samples: Samples, positions: Tensor | slice) -> Tensor:
        """Return shifted and scaled rows, (P, d) float64."""
        return (samples.rows(positions) - self.centre) * self.scale

    def radius(self, squared: Tensor) -> Tensor:
        """Return canonical squared distances as distances in the frame's unit."""
        return squared.sqrt() * self.scale


def make_centre(problem: Problem) -> Tensor:
    """Return a point (d,) float64 amid the data.

    It is the median of some rows, coordinate by coordinate: a far outlier moves it little.
    """
    steps = ((side, -(-len(side) // CENTRE_ROWS)) for side in problem.sides)
    rows = np.concatenate([side.host_rows(np.arange(0, len(side), step)) for side, step in steps])
    return torch.from_numpy(middle_row(rows)).to(problem.samples.values.device)


def middle_row(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of rows, coordinate by coordinate."""
    middle: NDArray[np.float64] = np.sort(rows, axis=0)[(len(rows) - 1) // 2]
    return middle
