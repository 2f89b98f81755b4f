"""The native CPU engine: balls of integers in compiled tiles (csrc/cpu)."""

import os
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...inputs.problem import Problem
from ...progress import counter
from ..base import BallEngine
from . import _cpu
from .algebra import Crew
from .memory import room_beside
from .sides import make_sides


class Engine(BallEngine):
    """Asks the compiled engine.

    The environment variable KSTAR_CPU_TARGET names the instruction set, one of `_cpu.targets()`;
    without it the best one that the processor has is used.

    Attributes
    ----------
    width : dimensions that Search looks at first
    bytes_first : whether as bytes, not as 16-bit numbers
    work : per question pairs looked at, stage by stage
    """

    computes_with_torch = False

    def __init__(
        self,
        problem: Problem,
        device: torch.device,
        memory_limit: int | None,
        progress: bool | None,
    ) -> None:
        super().__init__(problem, device, memory_limit, progress)
        self.crew = Crew(torch.get_num_threads(), os.environ.get("KSTAR_CPU_TARGET", ""))
        room = room_beside(problem, self.crew.threads, memory_limit)
        self.sides, self.distinct, self.order, _ = make_sides(problem, room, self.crew)
        self.width = self.sides[0].width
        self.bytes_first = self.sides[0].bytes
        self.work: dict[str, dict[str, int]] = {}

    def _search(self, squared: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        columns = self._arranged(squared), self._arranged(rows)
        self.work["search"] = self._ask("search", _cpu.nearest_foreign, *columns, None, None)
        return self._in_order(columns[0]), self._in_order(columns[1])

    def _count(self, squared: Tensor) -> Tensor:
        counts = np.zeros(len(squared), dtype=np.int64)
        self.work["count"] = self._ask(
            "count", _cpu.count_within, self._arranged(squared), counts, None, None
        )
        return self._in_order(counts)

    def _arranged(self, column: Tensor) -> NDArray[np.generic]:
        """Return a copy in the order in which the sides hold the distinct samples."""
        return column.numpy()[self.order]

    def _in_order(self, column: NDArray[np.generic]) -> Tensor:
        """Undo `_arranged`."""
        back = np.empty_like(column)
        back[self.order] = column
        return torch.from_numpy(back)

    def _ask(
        self,
        name: str,
        question: Callable[..., dict[str, int]],
        *columns: NDArray[np.generic] | None,
    ) -> dict[str, int]:
        references = None if self.problem.self_form else self.sides[1]
        with counter(self.progress, name, "tile") as count:
            report = count.reach if count.shown else None
            return question(self.sides[0], references, *columns, *self.crew, report)
