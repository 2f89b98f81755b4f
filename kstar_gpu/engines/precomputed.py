"""k* from distances that are given: no balls, only comparisons, row by row."""

from collections.abc import Iterable

import torch
from torch import Tensor

from ..columns import tensor_of
from ..inputs.devices import float64_device
from ..inputs.problem import DistanceTable
from ..progress import each
from . import base

BLOCK_BYTES = 256 << 20  # of the rows looked at together, with all that is made of them
# Of one distance: float64 and masked copies, comparisons, and what allocators keep (51 were seen).
DISTANCE_BYTES = 64
SAMPLE_BYTES = 100  # classes, results and order of one sample
SMALL_BYTES = 2 << 20  # what comes with the blocks, whatever their size
LEAST_ROWS = 16  # a row by itself takes as long as several


class Engine(base.Engine):
    """Reads rows of distances, or of their squares; only the order within a row matters.

    Symmetric or not; in the self form the diagonal is ignored. Rows travel to the device in blocks.
    """

    def __init__(
        self,
        problem: DistanceTable,
        device: torch.device,
        memory_limit: int | None,
        progress: bool | None,
    ) -> None:
        self.table = problem
        self.device = float64_device(device)
        self.progress = progress
        self.step = _rows_at_once(problem, memory_limit)
        self.codes = tensor_of(problem.codes).to(self.device)
        self.reference_codes = tensor_of(problem.reference_codes).to(self.device)

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
        # One piece of memory: many small ones, living between blocks, would keep the blocks' own
        # memory from being used again.
        nearest = torch.empty(len(self.codes), dtype=torch.float64, device=self.device)
        index = torch.empty(len(self.codes), dtype=torch.int64, device=self.device)
        for rows in self._blocks("search"):
            nearest[rows], index[rows] = self._nearest_of(rows)
        return nearest, index

    def count_within(self, squared_radii: Tensor) -> Tensor:
        """Return of each sample how many others of its class are nearer than its radius."""
        radii = squared_radii.to(self.device)
        counts = torch.empty(len(self.codes), dtype=torch.int64, device=self.device)
        for rows in self._blocks("count"):
            counts[rows] = self._count_of(rows, radii[rows])
        return counts

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


def _rows_at_once(table: DistanceTable, memory_limit: int | None) -> int:
    samples, columns = table.distances.shape
    row = DISTANCE_BYTES * columns
    if memory_limit is None:
        return max(1, BLOCK_BYTES // row)
    fixed = table.copied + SAMPLE_BYTES * (samples + columns) + SMALL_BYTES
    least = fixed + row * min(samples, LEAST_ROWS)
    if memory_limit < least:
        raise ValueError(
            f"memory_limit: at least {least} bytes are wanted for rows of {columns} precomputed "
            f"distances, got {memory_limit}"
        )
    return max(1, min(BLOCK_BYTES, memory_limit - fixed) // row)


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
