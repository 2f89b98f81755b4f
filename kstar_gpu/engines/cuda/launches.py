"""Launches: the tiles of a round, some at a time, until none of them is left.

A launch walks over many tiles and keeps the pairs that low precision leaves open. What follows from
them, too, happens on the device; the host asks once a launch how far it came. Tiles whose pairs did
not fit into the buffer are then looked at again.
"""

from collections.abc import Callable

import torch

from ...inputs.problem import Integers
from . import _cuda
from .arrays import array
from .balls import Balls
from .memory import Plan
from .strips import tiles

LAUNCH_WORK = 1 << 29  # tiles of a launch by dimensions: none should keep Ctrl-C waiting
ALL_FITTED = -1  # a cursor's end as it is at first
WORK = ("launches", "survivors", "measured", "tiles", "early")


class Launches:
    """What launches write: the pairs that they leave open, and how far they came.

    Parameters
    ----------
    work : per word of `WORK` a number, to which this adds what there was
    tell : takes the number of tiles whenever some are done
    """

    def __init__(
        self,
        plan: Plan,
        device: torch.device,
        work: dict[str, int],
        tell: Callable[[int], object],
    ) -> None:
        self.work, self.tell = work, tell
        pairs = torch.empty(plan.pairs, 3, dtype=torch.int32, device=device)
        self.cursor = torch.empty(5, dtype=torch.int64, device=device)
        self.survivors = _cuda.Survivors(array(pairs), array(self.cursor))
        self.distances = array(torch.empty(plan.pairs, dtype=torch.float64, device=device))
        self.done = torch.empty(plan.tiles, dtype=torch.int32, device=device)

    def run(
        self,
        rows: Balls,
        columns: Balls,
        rounds: list[Integers],
        foreign: bool,
        launch: Callable[[_cuda.Walk], None],
    ) -> None:
        """Launch until all tiles of all rounds are done.

        Parameters
        ----------
        rounds : strips of each
        foreign : pairs of different classes are asked about, or those of one
        launch : starts the kernels of a walk
        """
        at_once = min(len(self.done), max(1, LAUNCH_WORK // rows.points.shape[1]))
        sides, same = (rows.side(), columns.side()), rows.panel is columns.panel
        done = array(self.done)
        for strips in rounds:
            there = array(torch.from_numpy(strips).to(self.done.device))
            for first in range(0, tiles(strips), at_once):
                count = min(at_once, tiles(strips) - first)
                self.done[:count].zero_()
                walk = _cuda.Walk(*sides, same, foreign, there, first, count, done)
                self._until_all_fitted(launch, walk)
                self.tell(count)

    def _until_all_fitted(self, launch: Callable[[_cuda.Walk], None], walk: _cuda.Walk) -> None:
        end = 0
        while end != ALL_FITTED:
            launch(walk)
            reserved, *done, end = self.cursor.tolist()  # waits for the device
            found = reserved if end == ALL_FITTED else end
            for what, amount in zip(WORK, (1, found, *done), strict=True):
                self.work[what] += amount
