"""k* from distances that are given: no balls, only comparisons, row by row."""

from collections.abc import Iterable

import torch
from torch import Tensor

from ..inputs.devices import float64_device
from ..inputs.problem import DistanceTable
from ..progress import each
from . import base

BLOCK_BYTES = 256 << 20  # of the rows looked at together, with all that is made of them
# Of one distance: the number as float64, a masked copy, and comparisons.
DISTANCE_BYTES = 32


class Engine(base.Engine):
    """Reads rows of distances, or of their squares; only the order within a row matters.

    Symmetric or not; in the self form the diagonal is ignored. Rows travel to the device in blocks.
    """

    def __init__(
        self, problem: DistanceTable, device: torch.device, memory_limit: int | None, progress: bool
    ) -> None:
        self.table = problem
        self.device = float64_device(device)
        self.progress = progress
        self.step = _rows_at_once(problem.distances.shape[1], memory_limit)
        self.codes = torch.from_numpy(problem.codes).to(self.device)
        self.reference_codes = torch.from_numpy(problem.reference_codes).to(self.device)

    @staticmethod
    def storage_device(
        inputs: list[Tensor], device: torch.device, memory_limit: int | None
    ) -> torch.device:
        """Return where the distances are: they stay there."""
        return inputs[0].device

    def nearest_foreign(self) -> tuple[Tensor, Tensor]:
        """Return of each sample the least distance to a foreign reference, and the first such one.

        Raises
        ------
        ValueError
            For NaN or infinity beside the diagonal.
        """
        parts = [self._nearest_of(rows) for rows in self._blocks("search")]
        nearest, index = (torch.cat(column) for column in zip(*parts, strict=True))
        return nearest, index

    def count_within(self, squared_radii: Tensor) -> Tensor:
        """Return of each sample how many others of its class are nearer than its radius."""
        radii = squared_radii.to(self.device)
        return torch.cat([self._count_of(rows, radii[rows]) for rows in self._blocks("count")])

    def _blocks(self, question: str) -> Iterable[slice]:
        count = len(self.codes)
        rows = [slice(start, start + self.step) for start in range(0, count, self.step)]
        return each(rows, self.progress, question, "block")

    def _same_class(self, rows: slice) -> Tensor:
        return self.codes[rows, None] == self.reference_codes

    def _nearest_of(self, rows: slice) -> tuple[Tensor, Tensor]:
        given = self.table.distances[rows]
        # Moved first: where they are there may be no float64.
        block = given.to(self.device).to(torch.float64, copy=given.device == self.device)
        if self.table.self_form:
            block[:, rows].fill_diagonal_(0.0)  # whatever stands there
        _check_finite(block, rows.start)
        return _first_minimum(block.masked_fill_(self._same_class(rows), torch.inf))

    def _count_of(self, rows: slice, radii: Tensor) -> Tensor:
        others = self._same_class(rows)
        if self.table.self_form:
            others[:, rows].fill_diagonal_(False)
        # Compared as float64, the type of the radii.
        nearer = self.table.distances[rows].to(self.device) < radii[:, None]
        return nearer.logical_and_(others).sum(1)


def _rows_at_once(columns: int, memory_limit: int | None) -> int:
    row = DISTANCE_BYTES * columns
    if memory_limit is not None and memory_limit < row:
        raise ValueError(
            f"memory_limit: at least {row} bytes are wanted for rows of {columns} precomputed "
            f"distances, got {memory_limit}"
        )
    return max(1, min(BLOCK_BYTES, memory_limit or BLOCK_BYTES) // row)


def _check_finite(block: Tensor, start: int) -> None:
    finite = torch.isfinite(block).all(1)
    if not bool(finite.all()):
        row = start + int(torch.nonzero(~finite)[0])
        raise ValueError(f"features: finite distances are wanted, got NaN or infinity in row {row}")


def _first_minimum(block: Tensor) -> tuple[Tensor, Tensor]:
    """Return the minimum of each row and the lowest index where it stands."""
    nearest = block.amin(1)
    # argmax of booleans is not promised to be the first; the lowest index is.
    columns = torch.arange(block.shape[1], device=block.device)
    index = torch.where(block == nearest[:, None], columns, block.shape[1]).amin(1)
    return nearest, index
