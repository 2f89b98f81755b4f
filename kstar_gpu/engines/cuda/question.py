"""What both questions have in common: every two panels meet, with their balls."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...inputs.problem import Integers, Problem
from ...progress import counter, is_shown
from ..frame import Frame
from .arrays import padded
from .balls import Balls
from .launches import Launches
from .memory import Plan
from .panels import Panel
from .strips import tiles

Strips = list[Integers]  # of each round
Key = tuple[int, int]  # a panel: its side, and the position where it starts


@dataclass(frozen=True)
class Task:
    """The distinct samples, and what was made up for all of their balls."""

    problem: Problem
    weights: Integers  # (M,) how many equal samples each reference stands for
    frame: Frame
    directions: Tensor | None  # (d, h) float64 of narrow balls
    device: torch.device

    def weights_of(self, panel: Panel) -> Tensor:
        """Return how many equal samples each of a panel of references stands for, (room,) int32."""
        weights = self.weights[panel.start : panel.start + panel.count].astype(np.int32)
        return padded(torch.from_numpy(weights).to(self.device), panel.room)


class Question(ABC):
    """One of the two questions, asked with panels of a plan's size.

    Attributes
    ----------
    name : of its bar
    """

    name: str

    def __init__(self, task: Task, plan: Plan) -> None:
        self.task, self.plan = task, plan

    @abstractmethod
    def make_balls(self, panel: Panel) -> list[Balls]:
        """Return the balls of a panel, full ones last."""

    @abstractmethod
    def rounds(self, rows: Integers, columns: Integers, same: bool) -> Strips:
        """Return the strips of each round in which two panels meet, by their classes."""

    @abstractmethod
    def look(
        self, rows: list[Balls], columns: list[Balls], rounds: Strips, launches: Launches
    ) -> None:
        """Look at all pairs of two panels."""

    def ask(self, work: dict[str, int], progress: bool | None) -> None:
        """Let every two panels meet; two are on the device at a time."""
        total = sum(map(self.tiles, self.meetings())) if is_shown(progress) else None
        balls: dict[Key, list[Balls]] = {}
        with counter(progress, self.name, "tile", total) as count:
            launches = Launches(self.plan, self.task.device, work, count.add)
            for keys in self.meetings():
                rounds = self.rounds_of(keys)
                if not rounds:
                    continue
                for gone in balls.keys() - set(keys):
                    del balls[gone]
                for key in keys:
                    if key not in balls:
                        balls[key] = self.make_balls(self._panel(key))
                self.look(balls[keys[0]], balls[keys[1]], rounds, launches)

    def meetings(self) -> Iterator[tuple[Key, Key]]:
        """Give every two panels, each pair once."""
        sides, size = self.task.problem.sides, self.plan.panel
        rows, columns = (range(0, len(side), size) for side in (sides[0], sides[-1]))
        for row in rows:
            for column in columns:
                if not self.task.problem.self_form or row <= column:
                    yield (0, row), (len(sides) - 1, column)

    def rounds_of(self, keys: tuple[Key, Key]) -> Strips:
        """Return the strips of each round in which two panels meet; those without any left out."""
        rows, columns = (
            self.task.problem.sides[side].codes[self._positions(start)] for side, start in keys
        )
        rounds = self.rounds(rows, columns, keys[0] == keys[1])
        return [strips for strips in rounds if len(strips) > 0]

    def tiles(self, keys: tuple[Key, Key]) -> int:
        """Return how many tiles there are where two panels meet."""
        return sum(map(tiles, self.rounds_of(keys)))

    def _positions(self, start: int) -> slice:
        return slice(start, start + self.plan.panel)

    def _panel(self, key: Key) -> Panel:
        side, start = key
        return Panel(self.task.problem.sides[side], self._positions(start), self.task.device)
