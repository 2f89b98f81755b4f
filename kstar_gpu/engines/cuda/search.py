"""Nearest foreign sample: keep the pairs that may be nearest, measure them, keep the best."""

from math import inf

import torch
from torch import Tensor

from ...inputs.problem import Integers
from . import _cuda
from .arrays import array, array_if, current_stream, feature_rows, padded, whole_blocks
from .balls import Balls, make_full, make_narrow
from .launches import Launches
from .memory import Plan, seed_count
from .panels import Panel
from .question import Question, Strips, Task
from .strips import rectangle, search_rounds, tiles


class Search(Question):
    """What is known of each sample's nearest foreign one; kernels write it.

    Attributes
    ----------
    squared, rows : (room,) float64 squared distance, and int64 row
    noted_at : (room,) float64 squared distance that the row belongs to
    limit : (room,) float64 distance, in the frame's unit, that some foreign sample keeps
    settled : (room,) who does not ask
    """

    name = "search"

    def __init__(self, task: Task, plan: Plan, squared: Tensor, rows: Tensor) -> None:
        super().__init__(task, plan)
        room = whole_blocks(len(squared))
        self.squared = padded(squared.to(task.device), room)
        self.rows = padded(rows.to(task.device), room)
        self.settled = self.squared == 0
        self.noted_at = self.squared.clone()
        self.limit = torch.full_like(self.squared, inf)

    def make_balls(self, panel: Panel) -> list[Balls]:
        """Return full balls about the frame's centre, and before them narrow ones if there are."""
        frame, directions = self.task.frame, self.task.directions
        everyone = torch.zeros(panel.count, dtype=torch.int64, device=panel.device)
        full = make_full(panel, feature_rows(frame.centre[None], None), everyone, frame)
        if directions is None:
            return [full]
        return [make_narrow(full, directions, self.plan.elements), full]

    def rounds(self, rows: Integers, columns: Integers, same: bool) -> Strips:
        """Let all blocks meet; in the first round about as many references as the seeds were."""
        steps = 1 << (len(columns) // seed_count(len(columns))).bit_length() - 1
        own, others = (whole_blocks(len(codes)) // _cuda.TILE_SIDE for codes in (rows, columns))
        return search_rounds(own, others, same, steps)

    def look(
        self, rows: list[Balls], columns: list[Balls], rounds: Strips, launches: Launches
    ) -> None:
        """Keep of each sample the nearest among the foreign ones of two panels."""
        own, other, full, other_full = rows[0], columns[0], rows[-1], columns[-1]
        both_ask = self.task.problem.self_form
        self._seed(full, other_full)
        if both_ask and own.panel is not other.panel:
            self._seed(other_full, full)
        thresholds = self._thresholds(own.panel, other.panel)
        sieve = self._sieve(own, other, thresholds)
        # Those of the full balls are another thing, and wanted at another time.
        full_sieve = sieve
        if full is not own:
            full_sieve = self._sieve(full, other_full, self._thresholds(own.panel, other.panel))
        nearest = self._nearest(own.panel)
        others_nearest = self._nearest(other.panel) if both_ask else None
        tails = array_if(own.tails), array_if(other.tails)
        full_sides = full.side(), other_full.side()

        def launch(walk: _cuda.Walk) -> None:
            _cuda.search(
                walk,
                sieve,
                *tails,
                *full_sides,
                full_sieve,
                own.panel.members,
                other.panel.members,
                nearest,
                others_nearest,
                launches.survivors,
                launches.distances,
                current_stream(self.task.device),
            )

        launches.run(own, other, rounds, True, launch)

    def _nearest(self, panel: Panel) -> _cuda.Nearest:
        known = self.squared, self.rows, self.noted_at, self.limit, self.settled
        return _cuda.Nearest(*(array(column[panel.start :]) for column in known))

    def _thresholds(self, rows: Panel, columns: Panel) -> tuple[Tensor, Tensor]:
        """Return room for how far the samples of two panels look."""
        own = torch.zeros(rows.room, dtype=torch.float32, device=rows.device)
        if not self.task.problem.self_form:
            return own, own.new_full((columns.room,), inf)  # references do not ask
        return own, own if rows is columns else own.new_zeros(columns.room)

    def _sieve(
        self, own: Balls, other: Balls, thresholds: tuple[Tensor | None, Tensor | None]
    ) -> _cuda.Sieve:
        reaches = own.reach(thresholds[0]), other.reach(thresholds[1])
        return _cuda.Sieve(*reaches, self.task.frame.scale, *own.bounds.factors)

    def _seed(self, own: Balls, others: Balls) -> None:
        """Let each row meet some of the columns, so that it need not look farther than the nearest.

        By full balls: only those bound distances from above.
        """
        rows, columns = own.panel, others.panel
        count = seed_count(columns.count)
        chosen = torch.arange(whole_blocks(count), device=rows.device) * columns.count // count
        chosen.clamp_(max=columns.count - 1)
        few = _cuda.Side(
            array(others.points[chosen]),
            array(others.seeds[chosen]),
            array(columns.codes[chosen]),
            count,
        )
        some = chosen[:count]
        reaches = (
            own.reach(None),
            _cuda.Reach(array(others.radii[some]), array(others.slack[some]), None),
        )
        sieve = _cuda.Sieve(*reaches, self.task.frame.scale, *own.bounds.factors)
        strips = rectangle(rows.room // _cuda.TILE_SIDE, len(chosen) // _cuda.TILE_SIDE)
        there = array(torch.from_numpy(strips).to(rows.device))
        walk = _cuda.Walk(own.side(), few, False, True, there, 0, tiles(strips), None)
        _cuda.seed(walk, sieve, self._nearest(rows), current_stream(rows.device))
