"""The native CPU engine: balls of 16-bit integers in compiled tiles (csrc/cpu)."""

import os
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from .. import _cpu
from ..duplicates import NO_ROW
from ..problem import Problem
from .cpu_balls import Crew, make_sides, widest_sketch


class Engine:
    """See `backends.Engine`.

    The environment variable KSTAR_CPU_TARGET names the instruction set, one of `_cpu.targets()`;
    without it the best one that the processor has is used.
    """

    def __init__(
        self, problem: Problem, device: torch.device, memory_limit: int | None, progress: bool
    ) -> None:
        self.self_form = problem.self_form
        self.progress = progress
        self.crew = Crew(torch.get_num_threads(), os.environ.get("KSTAR_CPU_TARGET", ""))
        widest = widest_sketch(problem, self.crew.threads, memory_limit)
        self.sides, self.kept, self.equal_rows = make_sides(problem, widest, self.crew)
        self.width = self.sides[0].width
        self.work: dict[str, dict[str, int]] = {}  # by question: pairs looked at, stage by stage

    def nearest_foreign(self) -> tuple[Tensor, Tensor]:
        """Return per position the squared distance and the row of the nearest foreign sample."""
        known = self.equal_rows != NO_ROW
        squared = np.where(known, 0.0, np.inf)
        rows = np.where(known, self.equal_rows, -1)
        self._ask("search", _cpu.nearest_foreign, squared, rows)
        return torch.from_numpy(squared[self.kept.kind]), torch.from_numpy(rows[self.kept.kind])

    def count_within(self, squared_radii: Tensor) -> Tensor:
        """Return per position how many others of its class are nearer than its radius."""
        squared = squared_radii.numpy()[self.kept.positions]
        counts = np.zeros(len(squared), dtype=np.int64)
        self._ask("count", _cpu.count_within, squared, counts)
        if self.self_form:  # its own duplicates are nearer than any radius but 0
            counts += np.where(squared > 0, self.kept.weights - 1, 0)
        return torch.from_numpy(counts[self.kept.kind])

    def _ask(self, name: str, question: Any, *columns: NDArray[Any]) -> None:
        with tqdm(desc=name, unit="tile", disable=not self.progress) as bar:

            def show(done: int, pieces: int) -> None:
                bar.total = pieces
                bar.update(done - bar.n)

            references = None if self.self_form else self.sides[1]
            report = show if self.progress else None
            self.work[name] = question(self.sides[0], references, *columns, *self.crew, report)
