"""The CUDA engine: fused products on tensor cores, kept honest by certificates (csrc/cuda)."""

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor

from ...inputs.problem import Problem
from ..base import BallEngine
from ..duplicates import without_duplicates
from ..frame import make_centre
from . import memory
from .arrays import whole_chunks
from .balls import choose_narrow, make_frame
from .count import Count
from .launches import WORK
from .memory import make_plan, smaller_plan
from .panels import measure_rows
from .question import Question, Task
from .search import Search

NO_MEMORY = "CUDA: out of memory"  # what a launch says (checked.hpp)
Result = TypeVar("Result")
Asked = TypeVar("Asked", bound=Question)


class Engine(BallEngine):
    """Launches the kernels, and waits for each launch once.

    Attributes
    ----------
    task : what both questions are asked of
    work : per question how many launches there were, tiles that were multiplied to their end or
        ended early, pairs that they left open (survivors), and pairs of Search that were measured
        in float64; what was given up for want of memory is among them
    """

    task: Task

    def __init__(
        self,
        problem: Problem,
        device: torch.device,
        memory_limit: int | None,
        progress: bool | None,
    ) -> None:
        super().__init__(problem, device, memory_limit, progress)
        self.plan = make_plan(problem, device, memory_limit)
        self.work = {question: dict.fromkeys(WORK, 0) for question in (Search.name, Count.name)}
        self._within_memory(self._prepare)

    @staticmethod
    def storage_device(
        inputs: list[Tensor], device: torch.device, memory_limit: int | None
    ) -> torch.device:
        """Return where the features are to be kept: on the device, if they fit there."""
        return memory.storage_device(inputs, device, memory_limit)

    @property
    def width(self) -> int:
        """Dimensions that Search multiplies."""
        directions = self.task.directions
        narrow = None if directions is None else directions.shape[1] + 1
        return whole_chunks(narrow or len(self.task.frame.centre))

    def _prepare(self) -> None:
        centre = make_centre(self.given).to(self.device)
        longest, fingerprints = measure_rows(self.given, centre, self.plan.panel)
        self.distinct = without_duplicates(self.given, fingerprints)
        frame = make_frame(centre, longest)
        directions = choose_narrow(self.problem, frame, self.plan.widest, self.device)
        self.task = Task(self.problem, self.distinct.weights, frame, directions, self.device)

    def _search(self, squared: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        search = self._ask(lambda: Search(self.task, self.plan, squared, rows))
        return search.squared[: len(squared)], search.rows[: len(rows)]

    def _count(self, squared: Tensor) -> Tensor:
        count = self._ask(lambda: Count(self.task, self.plan, squared))
        return count.counts[: len(squared)].to(torch.int64)

    def _ask(self, make: Callable[[], Asked]) -> Asked:
        """Ask a question from its start, as often as it takes."""

        def ask() -> Asked:
            question = make()
            question.ask(self.work[question.name], self.progress)
            return question

        return self._within_memory(ask)

    def _within_memory(self, work: Callable[[], Result]) -> Result:
        """Work; where the device's memory runs out, again with smaller panels and buffers."""
        while True:
            try:
                return work()
            except RuntimeError as error:
                if not _is_exhausted(error):
                    raise
                # Without its traceback, whose frames hold what must be let go.
                failure = torch.cuda.OutOfMemoryError(str(error))
            smaller = smaller_plan(self.given, self.device, self.plan)
            if smaller is None:
                raise failure
            self.plan = smaller
            if self.device.type == "cuda":
                torch.cuda.empty_cache()


def _is_exhausted(error: RuntimeError) -> bool:
    """Whether the device's memory ran out, for torch or for a launch."""
    return isinstance(error, torch.cuda.OutOfMemoryError) or str(error) == NO_MEMORY
