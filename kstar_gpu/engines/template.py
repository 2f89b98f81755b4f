"""TODO: one line: on what this engine multiplies, and in which numbers.

The start of a new engine; CONTRIBUTING.md says what to do with it. It is no engine: nothing names
it in `registry.BACKENDS`.
"""

import torch
from torch import Tensor

from ..inputs.problem import Problem
from .base import BallEngine
from .duplicates import without_duplicates


class Engine(BallEngine):
    """TODO: what is particular about it, and the environment variables that it reads.

    Attributes
    ----------
    work : per question how many pairs each stage looked at
    """

    def __init__(
        self,
        problem: Problem,
        device: torch.device,
        memory_limit: int | None,
        progress: bool | None,
    ) -> None:
        super().__init__(problem, device, memory_limit, progress)
        # TODO: choose what gives way to memory_limit; refuse one that is too small, with the least.
        # TODO: fingerprints, (N,) float64 per side: numbers that equal rows share, and different
        # ones hardly ever, such as their products with `duplicates.fingerprint_weights`.
        fingerprints = [torch.empty(len(side), dtype=torch.float64) for side in problem.sides]
        self.distinct = without_duplicates(problem, fingerprints)
        # TODO: a frame (`frame.make_centre`), full balls with certified radii (`bounds.py`), and
        # narrow ones where `projection.choose_balls` finds that they pay.
        self.work: dict[str, dict[str, int]] = {}

    def _search(self, squared: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        # TODO: walk over tiles of foreign pairs; a product that cannot prove a pair farther apart
        # than the nearest so far is followed by its canonical distance (`Problem.distances`), which
        # lowers `squared`. Of equally near references the lowest row stays.
        raise NotImplementedError

    def _count(self, squared: Tensor) -> Tensor:
        # TODO: walk over tiles of pairs of one class; add `self.distinct.weights` of the references
        # that a product proves nearer than the radius, and of those that it leaves open and whose
        # canonical distance is less.
        raise NotImplementedError
