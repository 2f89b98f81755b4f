"""Samples of the own class within the radius: count the certain ones, measure the others."""

from math import inf

import torch
from torch import Tensor

from ...inputs.problem import Integers
from . import _cuda
from .arrays import array, array_if, current_stream, padded, whole_blocks
from .balls import Balls, make_full
from .launches import Launches
from .memory import Plan
from .panels import Panel, class_centres, middle_of_each_class
from .question import Question, Strips, Task
from .strips import Blocks, count_rounds

LOWEST = torch.finfo(torch.float32).min


class Count(Question):
    """How many each sample has within its radius; kernels add to it.

    Attributes
    ----------
    squared : (room,) float64 squared radii
    counts : (room,) int32
    """

    name = "count"

    def __init__(self, task: Task, plan: Plan, squared: Tensor) -> None:
        super().__init__(task, plan)
        room = whole_blocks(len(squared))
        self.squared = padded(squared.to(task.device), room)
        self.counts = torch.zeros(room, dtype=torch.int32, device=task.device)
        self.centres = middle_of_each_class(task.problem)

    def make_balls(self, panel: Panel) -> list[Balls]:
        """Return full balls about one sample of their own class."""
        centres = class_centres(panel, self.task.problem, self.centres)
        return [make_full(panel, *centres, self.task.frame)]

    def rounds(self, rows: Integers, columns: Integers, same: bool) -> Strips:
        """Let blocks meet that share a class."""
        own, others = (Blocks.of(codes, _cuda.TILE_SIDE) for codes in (rows, columns))
        return count_rounds(own, others, same)

    def look(
        self, rows: list[Balls], columns: list[Balls], rounds: Strips, launches: Launches
    ) -> None:
        """Add what samples have within their radius among two panels."""
        (own,), (other,) = rows, columns
        ours, theirs = self._radii(own, True), self._radii(other, self.task.problem.self_form)

        def launch(walk: _cuda.Walk) -> None:
            stream = current_stream(self.task.device)
            _cuda.count(walk, ours, theirs, launches.survivors, stream)

        launches.run(own, other, rounds, False, launch)

    def _radii(self, balls: Balls, asks: bool) -> _cuda.Radii:
        """Return what tiles know of a panel; of references that do not ask, no radii."""
        panel, bounds = balls.panel, balls.bounds
        outer = inner = give = padded(bounds.give(balls.radii, balls.slack), panel.room)
        squared = counts = weights = None
        if asks:
            squared, counts = self.squared[panel.start :], self.counts[panel.start :]
            radius = self.task.frame.radius(squared[: panel.count])
            seen = radius > 0  # nothing is nearer than zero
            outer = bounds.farther(bounds.above(radius), balls.radii).where(seen, inf)
            # Only pairs that are not asked about are below, whatever features have become that
            # somebody writes to meanwhile.
            outer = outer.clamp(min=LOWEST).nan_to_num(nan=LOWEST, posinf=inf)
            inner = bounds.nearer(bounds.below(radius), balls.radii, balls.slack).where(seen, inf)
            outer, inner = padded(outer, panel.room), padded(inner, panel.room)
        if self.task.problem.self_form or not asks:
            weights = self.task.weights_of(panel)
        return _cuda.Radii(
            array(outer),
            array(inner),
            array(give),
            array_if(weights),
            array_if(counts),
            array_if(squared),
            panel.members,
        )
