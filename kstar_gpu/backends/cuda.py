"""The CUDA engine: fused products on tensor cores, kept honest by certificates (csrc/cuda).

Kernels find the pairs that low precision leaves open; here is what happens around them. Launches
are short. Between two of them the pairs found are refined and the thresholds tightened; tiles
whose pairs did not fit into the buffer are looked at again.
"""

from collections.abc import Callable, Iterator
from math import inf
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from .. import _cuda
from ..duplicates import NO_ROW, without_duplicates
from ..problem import Problem
from ..sketch import make_centre
from .cuda_balls import (
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
from .cuda_memory import make_plan

# Search meets blocks of columns in this order: those at multiples of 64 from the row, then those
# halfway between, and so on. Each round meets as many as all before it, from all classes alike, and
# so few pairs in each are nearer than the nearest so far.
ROUNDS = ((64, 0), (64, 32), (32, 16), (16, 8), (8, 4), (4, 2), (2, 1))
BAND = 32  # blocks of rows that are walked together: their points stay in the cache
SEED_NUMBERS = 1 << 20  # of the references that every sample is multiplied with before the search
MOST_SEEDS = 4096
LAUNCH_WORK = 1 << 26  # tiles of a launch by dimensions: none should keep Ctrl-C waiting


class Engine:
    """See `backends.Engine`."""

    def __init__(
        self, problem: Problem, device: torch.device, memory_limit: int | None, progress: bool
    ) -> None:
        self.device = device
        self.progress = progress
        self.plan = make_plan(problem, device, memory_limit)
        centre = make_centre(problem).to(device)
        lengths, fingerprints = self._survey(problem, centre)
        self.distinct = without_duplicates(problem, fingerprints)
        self.problem = self.distinct.problem
        self.frame = make_frame(centre, lengths)
        self.directions = choose_narrow(self.problem, self.frame, self.plan.widest, device)
        self.centres = middle_of_each_class(self.problem)
        self.panels: dict[tuple[int, int], Panel] = {}
        self.bar: tqdm[Any] = tqdm(disable=True)
        # Room for all that a launch may leave open.
        self.pairs = torch.empty(self.plan.pairs, 2, dtype=torch.int32, device=device)
        self.cursor = torch.empty(2, dtype=torch.int64, device=device)

    def nearest_foreign(self) -> tuple[Tensor, Tensor]:
        """Return per position the squared distance and the row of the nearest foreign sample."""
        search = Search(self)
        for rows, columns in self._panel_pairs("search", self._with_search_balls, len(ROUNDS)):
            search.look(rows, columns)
            del rows, columns  # before the next ones are made
        count = len(self.problem.samples)
        return self._of_all(search.squared[:count]), self._of_all(search.rows[:count])

    def count_within(self, squared_radii: Tensor) -> Tensor:
        """Return per position how many others of its class are nearer than its radius."""
        positions = torch.from_numpy(self.distinct.positions).to(self.device)
        count = Count(self, squared_radii.to(self.device)[positions])
        for rows, columns in self._panel_pairs("count", self._with_count_balls, 1):
            count.look(rows, columns)
            del rows, columns
        counts = count.counts[: len(self.problem.samples)].to(torch.int64)
        own_weights = torch.from_numpy(self.distinct.own_weights).to(self.device)
        return self._of_all(counts + own_weights * (count.squared[: len(counts)] > 0))

    def _of_all(self, results: Tensor) -> Tensor:
        """Return results for all positions, duplicates included."""
        return results[torch.from_numpy(self.distinct.kind).to(results.device)]

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
        self, name: str, prepare: Callable[[Panel], None], rounds: int
    ) -> Iterator[tuple[Panel, Panel]]:
        """Give every two panels, each pair once, with the balls that `prepare` makes.

        `rounds` is how often each band of rows is walked along, for the progress bar.
        """
        sides = self.problem.sides
        panels = [range(0, len(side), self.plan.panel) for side in sides]
        self_form = self.problem.self_form
        meetings = [
            ((0, row), (len(sides) - 1, column))
            for row in panels[0]
            for column in panels[-1]
            if not self_form or row <= column
        ]
        self.panels.clear()
        bands = sum(
            len(range(row, min(row + self.plan.panel, len(sides[0])), BAND * _cuda.TILE_SIDE))
            for (_, row), _ in meetings
        )
        with tqdm(total=bands * rounds, desc=name, unit="band", disable=not self.progress) as bar:
            self.bar = bar
            for meeting in meetings:
                self.panels = {key: panel for key, panel in self.panels.items() if key in meeting}
                for key in meeting:
                    if key not in self.panels:
                        side, start = key
                        positions = slice(start, start + self.plan.panel)
                        self.panels[key] = Panel(sides[side], positions, self.device)
                        prepare(self.panels[key])
                yield self.panels[meeting[0]], self.panels[meeting[1]]

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

    def radius(self, squared: Tensor) -> Tensor:
        """Return canonical squared distances as distances in the frame's unit."""
        return squared.sqrt() * self.frame.scale

    def weights(self, panel: Panel) -> Tensor:
        """Return how many equal samples each of a panel of references stands for."""
        weights = self.distinct.weights[panel.start : panel.start + panel.count]
        return padded(torch.from_numpy(weights.astype(np.int32)).to(self.device), panel.room)

    def tiles(self, rows: Panel, columns: Panel, foreign: bool, width: int) -> Iterator[Tensor]:
        """Give lists of tiles, (T, 3) int32, that together hold all pairs asked about.

        Parameters
        ----------
        width : of the balls that are multiplied
        """
        at_once = min(self.plan.tiles, max(1, LAUNCH_WORK // width))
        (first, last), (first_column, last_column) = rows.ends(), columns.ends()
        same = rows is columns
        waiting: list[Tensor] = []
        for stride, offset in ROUNDS if foreign else ((1, 0),):
            for start in range(0, len(first), BAND):
                r = torch.arange(start, min(start + BAND, len(first)), device=self.device)
                c = torch.arange(start if same else 0, len(first_column), device=self.device)
                c = c[:, None]
                wanted = (c - r) % stride == offset
                if same:
                    wanted &= c >= r
                if foreign:
                    wanted &= (first[r] != last_column[c]) | (first_column[c] != last[r])
                else:
                    wanted &= (first[r] <= last_column[c]) & (first_column[c] <= last[r])
                column, row = wanted.nonzero(as_tuple=True)
                tiles = torch.stack([row + start, column + int(c[0]), torch.zeros_like(row)], dim=1)
                tiles[:, 2] = (1 << _cuda.WARPS) - 1
                waiting.append(tiles.to(torch.int32))
                self.bar.update()
                if sum(map(len, waiting)) >= at_once:
                    yield from row_pieces(torch.cat(waiting), at_once)
                    waiting = []
        if waiting:
            yield from row_pieces(torch.cat(waiting), at_once)

    def finish(
        self, tiles: Tensor, launch: Callable[[Tensor, _cuda.Survivors], None]
    ) -> Iterator[Tensor]:
        """Launch until no tile is left; give the pairs (P, 2) int32 that each launch leaves open.

        They must be dealt with before the next ones are asked for.
        """
        survivors = _cuda.Survivors(
            self.pairs.data_ptr(),
            len(self.pairs),
            self.cursor[0:].data_ptr(),
            self.cursor[1:].data_ptr(),
        )
        while len(tiles) > 0:
            self.cursor[0] = 0
            self.cursor[1] = NO_ROW
            launch(tiles, survivors)
            found = int(self.cursor.min())
            if found > 0:
                yield self.pairs[:found]
            tiles = tiles[tiles[:, 2] != 0]


class Search:
    """Nearest foreign sample: keep the pairs that may be nearest, measure them, keep the best."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        device, distinct = engine.device, engine.distinct
        room = rounded_up(len(distinct.equal_rows))
        settled = padded(torch.from_numpy(distinct.settled).to(device), room)
        self.settled = settled
        self.rows = torch.full((room,), NO_ROW, device=device)
        self.rows[: len(distinct.equal_rows)] = torch.from_numpy(distinct.equal_rows).to(device)
        self.squared = torch.full((room,), inf, dtype=torch.float64, device=device)
        self.squared[settled] = 0
        self.noted_at = self.squared.clone()
        self.nobody = _cuda.Nearest(0, 0, 0)

    def look(self, rows: Panel, columns: Panel) -> None:
        """Look at all pairs of two panels."""
        engine = self.engine
        both = engine.problem.self_form
        self._seed(rows, columns)
        if both and rows is not columns:
            self._seed(columns, rows)
        first, other = rows.search_balls[0], columns.search_balls[0]

        def launch(tiles: Tensor, survivors: _cuda.Survivors) -> None:
            own = self._thresholds(rows, first)
            others = own if rows is columns else self._others_thresholds(columns, other)
            _cuda.search(
                _cuda.Walk(
                    rows.side(first),
                    columns.side(other),
                    rows is columns,
                    True,
                    tiles.data_ptr(),
                    len(tiles),
                ),
                own.data_ptr(),
                others.data_ptr(),
                _address(first.tails),
                _address(other.tails),
                survivors,
                *where(engine.device),
            )

        for tiles in engine.tiles(rows, columns, True, first.points.shape[1]):
            for pairs in engine.finish(tiles, launch):
                if len(rows.search_balls) > 1:
                    pairs = self._screened(rows, columns, pairs)
                self._refine(rows, columns, pairs)

    def _screened(self, rows: Panel, columns: Panel, pairs: Tensor) -> Tensor:
        """Return the pairs that full balls leave open, too."""
        own, other = rows.search_balls[-1], columns.search_balls[-1]
        own_thresholds = self._thresholds(rows, own)
        thresholds = self._others_thresholds(columns, other)
        still = torch.empty(len(pairs), dtype=torch.bool, device=pairs.device)
        _cuda.screen(
            rows.side(own),
            columns.side(other),
            own_thresholds.data_ptr(),
            thresholds.data_ptr(),
            pairs.data_ptr(),
            len(pairs),
            still.data_ptr(),
            *where(pairs.device),
        )
        return pairs[still]

    def _refine(self, rows: Panel, columns: Panel, pairs: Tensor) -> None:
        """Measure pairs; their samples see no farther than that from now on."""
        distances = torch.empty(len(pairs), dtype=torch.float64, device=pairs.device)
        _cuda.refine(
            rows.members,
            columns.members,
            pairs.data_ptr(),
            len(pairs),
            distances.data_ptr(),
            self._nearest(rows),
            self._nearest(columns) if self.engine.problem.self_form else self.nobody,
            *where(pairs.device),
        )

    def _nearest(self, panel: Panel) -> _cuda.Nearest:
        state = self.squared, self.rows, self.noted_at
        return _cuda.Nearest(*(column[panel.start :].data_ptr() for column in state))

    def _thresholds(self, panel: Panel, balls: Balls) -> Tensor:
        """Return the product below which a pair is farther apart than the nearest so far."""
        here = slice(panel.start, panel.start + panel.count)
        radius = balls.bounds.above(self.engine.radius(self.squared[here]))
        thresholds = balls.bounds.farther(radius, balls.radii)
        return padded(thresholds.masked_fill(self.settled[here], inf), panel.room)

    def _others_thresholds(self, panel: Panel, balls: Balls) -> Tensor:
        """Return the same for columns, which ask in the self form alone."""
        if self.engine.problem.self_form:
            return self._thresholds(panel, balls)
        return torch.full((panel.room,), inf, dtype=torch.float32, device=panel.device)

    def _seed(self, rows: Panel, columns: Panel) -> None:
        """Measure for each row the column, of some, that seems nearest."""
        own, other = rows.search_balls[0], columns.search_balls[0]
        width = own.points.shape[1]
        numbers = min(SEED_NUMBERS, self.engine.plan.elements)
        step = -(-columns.count // min(MOST_SEEDS, max(1, numbers // width)))
        some = torch.arange(0, columns.count, step, device=rows.device)
        points, seeds, codes = other.points[some].float(), other.seeds[some], columns.codes[some]
        at_once = max(1, self.engine.plan.elements // max(len(some), width))
        for start in range(0, rows.count, at_once):
            here = slice(start, min(start + at_once, rows.count))
            products = own.points[here].float() @ points.T + seeds
            products.masked_fill_(rows.codes[here, None] == codes, -inf)
            best, which = products.max(1)
            asking = (best > -inf).nonzero().squeeze(1)
            pairs = torch.stack([asking + start, some[which[asking]]], dim=1).to(torch.int32)
            self._refine(rows, columns, pairs)


class Count:
    """Samples of the own class within the radius: count the certain ones, measure the others."""

    def __init__(self, engine: Engine, squared_radii: Tensor) -> None:
        self.engine = engine
        room = rounded_up(len(squared_radii))
        self.squared = padded(squared_radii, room)
        self.counts = torch.zeros(room, dtype=torch.int32, device=engine.device)

    def look(self, rows: Panel, columns: Panel) -> None:
        """Look at all pairs of two panels."""
        engine = self.engine
        both = engine.problem.self_form
        own, other = rows.count_balls, columns.count_balls
        assert own is not None
        assert other is not None
        kept = [self._knowledge(rows, own, True), self._knowledge(columns, other, both)]
        radii = [_cuda.Radii(*map(_address, tensors)) for tensors in kept]

        def launch(tiles: Tensor, survivors: _cuda.Survivors) -> None:
            _cuda.count(
                _cuda.Walk(
                    rows.side(own),
                    columns.side(other),
                    rows is columns,
                    False,
                    tiles.data_ptr(),
                    len(tiles),
                ),
                radii[0],
                radii[1],
                survivors,
                *where(engine.device),
            )

        for tiles in engine.tiles(rows, columns, False, own.points.shape[1]):
            for pairs in engine.finish(tiles, launch):
                self._refine(rows, columns, pairs, kept)

    def _knowledge(self, panel: Panel, balls: Balls, asks: bool) -> list[Tensor | None]:
        """Return what tiles know of a panel: outer, inner, give, weights and counts."""
        engine, bounds = self.engine, balls.bounds
        give = padded(bounds.give(balls.radii, balls.slack), panel.room)
        if not asks:
            return [give, give, give, engine.weights(panel), None]
        here = slice(panel.start, panel.start + panel.count)
        radius = engine.radius(self.squared[here])
        # Nothing is nearer than zero.
        outer = bounds.farther(bounds.above(radius), balls.radii).where(radius > 0, inf)
        inner = bounds.nearer(bounds.below(radius), balls.radii, balls.slack).where(radius > 0, inf)
        weights = engine.weights(panel) if engine.problem.self_form else None
        counts = self.counts[panel.start :]
        return [padded(outer, panel.room), padded(inner, panel.room), give, weights, counts]

    def _refine(
        self, rows: Panel, columns: Panel, pairs: Tensor, kept: list[list[Tensor | None]]
    ) -> None:
        both = self.engine.problem.self_form
        _cuda.count_open(
            rows.members,
            columns.members,
            pairs.data_ptr(),
            len(pairs),
            self.squared[rows.start :].data_ptr(),
            self.squared[columns.start :].data_ptr() if both else 0,
            _address(kept[0][3]),
            _address(kept[1][3]),
            _address(kept[0][4]),
            _address(kept[1][4]),
            *where(pairs.device),
        )


def row_pieces(rows: Tensor, count: int) -> list[Tensor]:
    """Cut a matrix into pieces of so many rows."""
    return [rows[start : start + count] for start in range(0, len(rows), count)]


def _address(values: Tensor | None) -> int:
    return 0 if values is None else values.data_ptr()
