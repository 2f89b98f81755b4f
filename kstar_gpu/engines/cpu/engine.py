"""The native CPU engine: balls of 16-bit integers in compiled tiles (csrc/cpu)."""

import os
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from ...inputs.problem import Problem
from . import _cpu
from .balls import Crew, make_sides, widest_sketch


class Engine:
    """see `registry.Engine`.

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
        self.sides, self.distinct, order = make_sides(problem, widest, self.crew)
        self.order = order  # of the distinct samples in the sides
        self.place = np.empty_like(order)  # and where each of them went
        self.place[order] = np.arange(len(order))
        self.width = self.sides[0].width
        self.work: dict[str, dict[str, int]] = {}  # by question: pairs looked at, stage by stage

    def nearest_foreign(self) -> tuple[Tensor, Tensor]:
        """Return per position the squared distance and the row of the nearest foreign sample."""
        settled = self.distinct.settled[self.order]
        squared = np.where(settled, 0.0, np.inf)
        rows = np.where(settled, self.distinct.equal_rows[self.order], -1)
        self._ask("search", _cpu.nearest_foreign, squared, rows)
        return self._of_all(squared), self._of_all(rows)

    def count_within(self, squared_radii: Tensor) -> Tensor:
        """Return per position how many others of its class are nearer than its radius."""
        squared = squared_radii.numpy()[self.distinct.positions[self.order]]
        counts = np.zeros(len(squared), dtype=np.int64)
        self._ask("count", _cpu.count_within, squared, counts)
        counts += np.where(squared > 0, self.distinct.own_weights[self.order], 0)
        return self._of_all(counts)

    def _of_all(self, results: NDArray[Any]) -> Tensor:
        """Return results for all positions, duplicates included."""
        return torch.from_numpy(results[self.place[self.distinct.kind]])

    def _ask(self, name: str, question: Any, *columns: NDArray[Any]) -> None:
        with tqdm(desc=name, unit="tile", disable=not self.progress) as bar:

            def show(done: int, pieces: int) -> None:
                bar.total = pieces
                bar.update(done - bar.n)

            references = None if self.self_form else self.sides[1]
            report = show if self.progress else None
            self.work[name] = question(self.sides[0], references, *columns, *self.crew, report)
