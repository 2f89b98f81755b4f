"""The CUDA engine: fused products on tensor cores, kept honest by certificates (csrc/cuda).

A launch walks over many tiles, keeps the pairs that low precision leaves open, measures those that
may still be nearest and tightens how far samples look, all on the device; the host asks once a
launch how far it came. Tiles whose pairs did not fit into the buffer are then looked at again.
"""

from collections.abc import Callable, Iterator
from math import inf
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from ...inputs.problem import Problem
from ..base import BallEngine
from ..duplicates import without_duplicates
from ..frame import make_centre
from . import _cuda
from .balls import (
    Balls,
    Panel,
    choose_narrow,
    class_centres,
    device_rows,
    make_frame,
    make_full,
    make_narrow,
    middle_of_each_class,
    padded,
    rounded_up,
    survey,
    where,
)
from .memory import make_plan, seed_count, smaller_plan, storage_device
from .strips import Blocks, count_rounds, rectangle, search_rounds, tiles

LAUNCH_WORK = 1 << 29  # tiles of a launch by dimensions: none should keep Ctrl-C waiting
ALL_FITTED = -1  # a cursor's end as it is at first
WORK = ("launches", "survivors", "measured", "tiles", "early")

Strips = list[NDArray[np.int64]]  # of each round
Key = tuple[int, int]  # a panel: its side, and the position where it starts
Result = TypeVar("Result")


class Engine(BallEngine):
    """Launches the kernels, and waits for each launch once.

    Attributes
    ----------
    work : per question how many launches there were, tiles that were multiplied to their end or
        ended early, pairs that they left open (survivors), and pairs of Search that were measured
        in float64; what was given up for want of memory is among them
    """

    def __init__(
        self, problem: Problem, device: torch.device, memory_limit: int | None, progress: bool
    ) -> None:
        super().__init__(problem, device, memory_limit, progress)
        self.plan = make_plan(problem, device, memory_limit)
        self.panels: dict[Key, Panel] = {}
        self.work = {question: dict.fromkeys(WORK, 0) for question in ("search", "count")}
        self.bar: tqdm[Any] = tqdm(disable=True)
        self.buffers: Buffers | None = None
        self._within_memory(self._prepare)

    @property
    def width(self) -> int:
        """Dimensions that Search multiplies."""
        full = len(self.frame.centre)
        return rounded_up(
            full if self.directions is None else self.directions.shape[1] + 1, _cuda.DEPTH
        )

    @staticmethod
    def storage_device(
        inputs: list[Tensor], device: torch.device, memory_limit: int | None
    ) -> torch.device:
        """Return where the features are to be kept: on the device, if they fit there."""
        return storage_device(inputs, device, memory_limit)

    def _search(self, squared: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        return self._within_memory(lambda: self._nearest_foreign(squared, rows))

    def _count(self, squared: Tensor) -> Tensor:
        return self._within_memory(lambda: self._count_within(squared))

    def _within_memory(self, ask: Callable[[], Result]) -> Result:
        """Ask; where the device's memory runs out, ask again with smaller panels and buffers."""
        while True:
            try:
                return ask()
            except torch.cuda.OutOfMemoryError as error:
                failure = error.with_traceback(None)  # whose frames hold what must be let go
            self.panels.clear()
            self.buffers = None
            smaller = smaller_plan(self.given, self.device, self.plan)
            if smaller is None:
                raise failure
            self.plan = smaller
            if self.device.type == "cuda":
                torch.cuda.empty_cache()

    def _prepare(self) -> None:
        centre = make_centre(self.given).to(self.device)
        lengths, fingerprints = self._survey(self.given, centre)
        self.distinct = without_duplicates(self.given, fingerprints)
        self.frame = make_frame(centre, lengths)
        self.directions = choose_narrow(self.problem, self.frame, self.plan.widest, self.device)
        self.centres = middle_of_each_class(self.problem)

    def _nearest_foreign(self, squared: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        search = Search(self, squared, rows)
        for own, others, rounds in self._panel_pairs("search", self._with_search_balls):
            search.look(own, others, rounds)
            del own, others  # before the next ones are made
        return search.squared[: len(squared)], search.rows[: len(rows)]

    def _count_within(self, squared: Tensor) -> Tensor:
        count = Count(self, squared.to(self.device))
        for own, others, rounds in self._panel_pairs("count", self._with_count_balls):
            count.look(own, others, rounds)
            del own, others
        return count.counts[: len(squared)].to(torch.int64)

    def _survey(self, problem: Problem, centre: Tensor) -> tuple[float, list[NDArray[np.float64]]]:
        """Return the greatest distance from the centre, and fingerprints of all rows."""
        longest, fingerprints = 0.0, []
        for side in problem.sides:
            found = []
            for start in range(0, len(side), self.plan.panel):
                panel = Panel(side, slice(start, start + self.plan.panel), self.device)
                squared, prints = survey(panel, centre)
                longest = max(longest, float(squared.max()) ** 0.5)
                found.append(prints.numpy())
            fingerprints.append(np.concatenate(found))
        return longest, fingerprints

    def _panel_pairs(
        self, name: str, prepare: Callable[[Panel], None]
    ) -> Iterator[tuple[Panel, Panel, Strips]]:
        """Give every two panels, each pair once, with their balls and how their blocks meet."""
        sides = self.problem.sides
        self.panels.clear()
        total = self._all_tiles(name) if self.progress else None
        with tqdm(total=total, desc=name, unit="tile", disable=not self.progress) as bar:
            self.bar = bar
            for meeting in self._meetings():
                rounds = self._rounds(name, *meeting)
                if not rounds:
                    continue
                self.panels = {key: panel for key, panel in self.panels.items() if key in meeting}
                for key in meeting:
                    if key not in self.panels:
                        side, start = key
                        positions = slice(start, start + self.plan.panel)
                        self.panels[key] = Panel(sides[side], positions, self.device)
                        prepare(self.panels[key])
                yield self.panels[meeting[0]], self.panels[meeting[1]], rounds

    def _meetings(self) -> Iterator[tuple[Key, Key]]:
        """Give every two panels, each pair once."""
        sides = self.problem.sides
        rows, columns = (range(0, len(side), self.plan.panel) for side in (sides[0], sides[-1]))
        for row in rows:
            for column in columns:
                if not self.problem.self_form or row <= column:
                    yield (0, row), (len(sides) - 1, column)

    def _all_tiles(self, name: str) -> int:
        """Return how many tiles there are to look at."""
        rounds = (self._rounds(name, *meeting) for meeting in self._meetings())
        return sum(tiles(strips) for each in rounds for strips in each)

    def _rounds(self, name: str, rows: Key, columns: Key) -> Strips:
        """Return the strips of each round in which two panels meet; those without any left out."""
        blocks, others = (
            Blocks.of(
                self.problem.sides[side].codes[start : start + self.plan.panel], _cuda.TILE_SIDE
            )
            for side, start in (rows, columns)
        )
        same = rows == columns
        if name == "count":
            rounds = count_rounds(blocks, others, same)
        else:
            # The first round meets about as many references as the seeds were.
            references = min(self.plan.panel, len(self.problem.references) - columns[1])
            steps = 1 << (references // seed_count(references)).bit_length() - 1
            rounds = search_rounds(len(blocks), len(others), same, steps)
        return [strips for strips in rounds if len(strips) > 0]

    def _with_search_balls(self, panel: Panel) -> None:
        centre, _kept = device_rows(self.frame.centre[None], None)
        everyone = torch.zeros(panel.count, dtype=torch.int64, device=self.device)
        full = make_full(panel, centre, everyone, self.frame.scale, len(self.frame.centre))
        panel.search_balls = [full]
        if self.directions is not None:
            narrow = make_narrow(panel, full, self.directions, self.plan.elements)
            panel.search_balls.insert(0, narrow)

    def _with_count_balls(self, panel: Panel) -> None:
        centres, centre_of, _kept = class_centres(panel, self.problem, self.centres)
        dimensions = len(self.frame.centre)
        panel.count_balls = make_full(panel, centres, centre_of, self.frame.scale, dimensions)

    def weights(self, panel: Panel) -> Tensor:
        """Return how many equal samples each of a panel of references stands for."""
        weights = self.distinct.weights[panel.start : panel.start + panel.count]
        return padded(torch.from_numpy(weights.astype(np.int32)).to(self.device), panel.room)

    def run(
        self,
        question: str,
        rows: tuple[Panel, Balls],
        columns: tuple[Panel, Balls],
        rounds: Strips,
        launch: Callable[[_cuda.Walk, "Buffers"], None],
    ) -> None:
        """Launch until all tiles of all rounds are done."""
        if self.buffers is None:
            self.buffers = Buffers(self.plan.pairs, self.plan.tiles, self.device)
        buffers, work = self.buffers, self.work[question]
        at_once = min(self.plan.tiles, max(1, LAUNCH_WORK // rows[1].points.shape[1]))
        for strips in rounds:
            on_device = torch.from_numpy(strips).to(self.device)
            for first in range(0, tiles(strips), at_once):
                count = min(at_once, tiles(strips) - first)
                walk = _cuda.Walk(
                    rows[0].side(rows[1]),
                    columns[0].side(columns[1]),
                    rows[0] is columns[0],
                    question == "search",
                    on_device.data_ptr(),
                    len(strips),
                    first,
                    count,
                    buffers.done.data_ptr(),
                )
                buffers.done[:count].zero_()
                end = 0
                while end != ALL_FITTED:
                    launch(walk, buffers)
                    reserved, *done, end = buffers.cursor.tolist()  # waits for the device
                    found = reserved if end == ALL_FITTED else end
                    for what, amount in zip(WORK, (1, found, *done), strict=True):
                        work[what] += amount
                self.bar.update(count)


class Buffers:
    """What launches write: the pairs that they leave open, and how far they came."""

    def __init__(self, pairs: int, at_once: int, device: torch.device) -> None:
        self.pairs = torch.empty(pairs, 3, dtype=torch.int32, device=device)
        self.distances = torch.empty(pairs, dtype=torch.float64, device=device)
        self.done = torch.empty(at_once, dtype=torch.int32, device=device)
        self.cursor = torch.empty(5, dtype=torch.int64, device=device)
        self.survivors = _cuda.Survivors(self.pairs.data_ptr(), pairs, self.cursor.data_ptr())


class Search:
    """Nearest foreign sample: keep the pairs that may be nearest, measure them, keep the best."""

    def __init__(self, engine: Engine, squared: Tensor, rows: Tensor) -> None:
        self.engine = engine
        device, room = engine.device, rounded_up(len(squared))
        self.squared = padded(squared.to(device), room)
        self.rows = padded(rows.to(device), room)
        self.settled = self.squared == 0
        self.noted_at = self.squared.clone()
        self.limit = torch.full_like(self.squared, inf)
        self.nobody = _cuda.Nearest(0, 0, 0, 0, 0)

    def look(self, rows: Panel, columns: Panel, rounds: Strips) -> None:
        """Look at all pairs of two panels."""
        engine = self.engine
        both = engine.problem.self_form
        self._seed(rows, columns)
        if both and rows is not columns:
            self._seed(columns, rows)
        own, other = rows.search_balls[0], columns.search_balls[0]
        full, other_full = rows.search_balls[-1], columns.search_balls[-1]
        sieve, _kept = self._sieve(rows, own, columns, other)
        full_sieve, _kept_full = sieve, _kept
        if full is not own:
            full_sieve, _kept_full = self._sieve(rows, full, columns, other_full)
        nearest = self._nearest(rows)
        others_nearest = self._nearest(columns) if both else self.nobody

        def launch(walk: _cuda.Walk, buffers: Buffers) -> None:
            _cuda.search(
                walk,
                sieve,
                _address(own.tails),
                _address(other.tails),
                rows.side(full),
                columns.side(other_full),
                full_sieve,
                rows.members,
                columns.members,
                nearest,
                others_nearest,
                buffers.survivors,
                buffers.distances.data_ptr(),
                *where(engine.device),
            )

        engine.run("search", (rows, own), (columns, other), rounds, launch)

    def _nearest(self, panel: Panel) -> _cuda.Nearest:
        state = self.squared, self.rows, self.noted_at, self.limit, self.settled
        return _cuda.Nearest(*(column[panel.start :].data_ptr() for column in state))

    def _sieve(
        self, rows: Panel, own: Balls, columns: Panel, other: Balls
    ) -> tuple[_cuda.Sieve, list[Tensor]]:
        """Return how far samples look by these balls, and what must be kept for as long."""
        thresholds = torch.zeros(rows.room, dtype=torch.float32, device=rows.device)
        others = thresholds
        if not self.engine.problem.self_form:
            others = thresholds.new_full((columns.room,), inf)  # references do not ask
        elif rows is not columns:
            others = thresholds.new_zeros(columns.room)
        sieve = _cuda.Sieve(
            _reach(own, thresholds),
            _reach(other, others),
            self.engine.frame.scale,
            *own.bounds.factors,
        )
        return sieve, [thresholds, others]

    def _seed(self, rows: Panel, columns: Panel) -> None:
        """Let each row meet some of the columns, so that it need not look farther than the nearest.

        By full balls: only those bound distances from above.
        """
        count = seed_count(columns.count)
        chosen = torch.arange(rounded_up(count), device=rows.device) * columns.count // count
        chosen.clamp_(max=columns.count - 1)
        own, others, some = rows.search_balls[-1], columns.search_balls[-1], chosen[:count]
        points, seeds, codes = others.points[chosen], others.seeds[chosen], columns.codes[chosen]
        radii, slack = others.radii[some], others.slack[some]
        few = _cuda.Side(
            points.data_ptr(), seeds.data_ptr(), codes.data_ptr(), count, points.shape[1]
        )
        strips = rectangle(rows.room // _cuda.TILE_SIDE, len(chosen) // _cuda.TILE_SIDE)
        on_device = torch.from_numpy(strips).to(rows.device)
        _cuda.seed(
            _cuda.Walk(
                rows.side(own),
                few,
                False,
                True,
                on_device.data_ptr(),
                len(strips),
                0,
                tiles(strips),
                0,
            ),
            _cuda.Sieve(
                _reach(own, None),
                _cuda.Reach(radii.data_ptr(), slack.data_ptr(), 0),
                self.engine.frame.scale,
                *own.bounds.factors,
            ),
            self._nearest(rows),
            *where(rows.device),
        )


class Count:
    """Samples of the own class within the radius: count the certain ones, measure the others."""

    def __init__(self, engine: Engine, squared_radii: Tensor) -> None:
        self.engine = engine
        room = rounded_up(len(squared_radii))
        self.squared = padded(squared_radii, room)
        self.counts = torch.zeros(room, dtype=torch.int32, device=engine.device)

    def look(self, rows: Panel, columns: Panel, rounds: Strips) -> None:
        """Look at all pairs of two panels."""
        engine = self.engine
        own, other = rows.count_balls, columns.count_balls
        assert own is not None
        assert other is not None
        ours, _kept = self._radii(rows, own, True)
        theirs, _kept_too = self._radii(columns, other, engine.problem.self_form)

        def launch(walk: _cuda.Walk, buffers: Buffers) -> None:
            _cuda.count(walk, ours, theirs, buffers.survivors, *where(engine.device))

        engine.run("count", (rows, own), (columns, other), rounds, launch)

    def _radii(
        self, panel: Panel, balls: Balls, asks: bool
    ) -> tuple[_cuda.Radii, list[Tensor | None]]:
        """Return what tiles know of a panel, and what must be kept for as long."""
        engine, bounds = self.engine, balls.bounds
        outer = inner = give = padded(bounds.give(balls.radii, balls.slack), panel.room)
        weights = None if asks and not engine.problem.self_form else engine.weights(panel)
        squared = counts = None
        if asks:
            squared, counts = self.squared[panel.start :], self.counts[panel.start :]
            radius = engine.frame.radius(squared[: panel.count])
            seen = radius > 0  # nothing is nearer than zero
            outer = bounds.farther(bounds.above(radius), balls.radii).where(seen, inf)
            inner = bounds.nearer(bounds.below(radius), balls.radii, balls.slack).where(seen, inf)
            outer, inner = padded(outer, panel.room), padded(inner, panel.room)
        kept = [outer, inner, give, weights, counts, squared]
        radii = _cuda.Radii(
            _address(outer),
            _address(inner),
            _address(give),
            _address(weights),
            _address(counts),
            _address(squared),
            panel.members,
        )
        return radii, kept


def _reach(balls: Balls, thresholds: Tensor | None) -> _cuda.Reach:
    return _cuda.Reach(balls.radii.data_ptr(), balls.slack.data_ptr(), _address(thresholds))


def _address(values: Tensor | None) -> int:
    return 0 if values is None else values.data_ptr()
