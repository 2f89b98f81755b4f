"""The engine in plain torch: for any device torch knows, and to read beside the native ones.

Both questions (`questions.py`) walk over *tiles* (`tiles.py`): one product of balls gives the
distances of all pairs of a tile, and one comparison with a threshold per row, or per column, says
which of them matter. What a product cannot decide goes through finer *sieves*: bytes, float32,
then float64, and at last single pairs in float32 (`screen.py`) and by their canonical distance.
"""

import torch
from torch import Tensor

from ...cpu_tensors import taken
from ...inputs.problem import Problem, Samples
from ...progress import each
from ..base import BallEngine
from ..bounds import FLOAT32, FLOAT64
from ..duplicates import fingerprint_weights, without_duplicates
from .balls import chunks_for, make_certificate, make_frame, make_full
from .byte_balls import multiplies_bytes
from .memory import bytes_fit, suitable_sides, tile_side, widest_narrow
from .questions import Count, Question, Search, Task
from .scratch import Scratch
from .screen import Screen
from .sieves import COSTS, CROWDED, Sieve, byte_scale, byte_sieve, narrow_sieve
from .tiles import Tile, class_tiles, foreign_tiles
from .views import FAR, Part, View, leave_out

SEED_REFERENCES = 1024  # that every sample sees before a search with coarse balls
SEED_SHARE = 8  # or of all references one in so many, where these are fewer
RETRIED = 8  # rows of tiles, after which a sieve that was of no use is tried again


class Engine(BallEngine):
    """Answers both questions with products in torch."""

    def __init__(
        self,
        problem: Problem,
        device: torch.device,
        memory_limit: int | None,
        progress: bool | None,
    ) -> None:
        super().__init__(problem, device, memory_limit, progress)
        side = tile_side(problem, memory_limit)
        self.distinct = without_duplicates(problem, fingerprints_of(problem))
        dimensions = self.problem.samples.values.shape[1]
        fine = make_certificate(FLOAT64, dimensions, dimensions, device)
        frame = make_frame(self.problem)
        coarse = make_certificate(FLOAT32, dimensions, dimensions, device)
        everything = slice(None)
        sides = self.problem.sides
        full = [make_full(samples, frame, coarse, everything, device) for samples in sides]
        self.codes = [torch.from_numpy(samples.codes).to(device) for samples in sides]
        self.met: tuple[Part, Sieve, Tensor] | None = None
        self.parts: dict[tuple[int, int, int, int], Part] = {}  # of the sieves that store balls
        self.scratch = Scratch(side, device)
        self.sides = suitable_sides(self.problem, side, COSTS.pair)  # of tiles, by question
        self.sieves = [Sieve(fine, CROWDED, None)]
        self.narrow: Sieve | None = None
        self.screen: Screen | None = None
        if coarse.holds:
            self.sieves.insert(0, Sieve(coarse, CROWDED, full))
            self.screen = Screen(coarse, full)
            may = multiplies_bytes(device, dimensions) and bytes_fit(problem, side, memory_limit)
            how = byte_scale(self.problem, self.screen) if may else None
            widest = widest_narrow(problem, side, memory_limit)
            self.narrow = narrow_sieve(self.problem, full, widest, how)
            if how:
                self.sieves.insert(0, byte_sieve(how, full, problem.samples.values.device))
        self.task = Task(self.problem, frame, fine, side, self.screen)

    def _search(self, squared: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        exact = self.problem.samples.values.device
        search = Search(self.task, squared.to(exact), rows.to(exact))
        sieves = self.sieves
        if self.narrow:
            sieves = [self.narrow, *sieves]
        if self.screen and len(sieves) > 2:
            self._shorten_reach(search, self.sieves[0], self.screen)
        self._walk("search", list(foreign_tiles(self.problem, self.sides[0])), sieves, search)
        return search.squared, search.rows

    def _count(self, squared: Tensor) -> Tensor:
        weights = torch.from_numpy(self.distinct.weights)
        count = Count(self.task, squared, weights, self.scratch)
        tiles = list(class_tiles(self.problem, self.sides[1]))
        self._walk("count", tiles, self.sieves, count)
        return count.counts

    def _walk(self, name: str, tiles: list[Tile], sieves: list[Sieve], question: Question) -> None:
        rows, number = slice(0, 0), 0
        worth = [1.0] * len(sieves)  # below 0: rows of tiles start with a finer one
        for tile in each(tiles, self.progress, name, "tile"):
            if tile.samples != rows:
                rows, number = tile.samples, 0
                while worth[number] < 0:
                    worth[number] += 1 / RETRIED
                    number += 1
            # A row of tiles goes on with the sieve that its last tile needed.
            while not question.settle(
                self._views(tile, sieves[number], question.foreign),
                crowd=sieves[number].crowd if number < len(sieves) - 1 else 0,
            ):
                worth[number] -= 1
                number += 1
            worth[number] = 1
            if number < len(sieves) - 2 and question.waiting > rows.stop - rows.start:
                question.refine()  # coarse balls hardly tell how near a pair is
        question.refine()

    def _shorten_reach(self, search: Search, sieve: Sieve, screen: Screen) -> None:
        """Let every sample see some references in full width: coarse balls need a short reach."""
        assert sieve.balls is not None
        others = sieve.balls[-1]
        most = min(SEED_REFERENCES, self.task.side)  # a tile has no room for more
        step = max(SEED_SHARE, -(-len(others) // most))
        some, codes = others[::step], self.codes[-1][::step]
        for start in range(0, len(self.codes[0]), self.task.side):
            rows = slice(start, start + self.task.side)
            own = sieve.balls[0][rows]
            acc, _ = some.product(own, own.partners(), self.scratch)
            acc.masked_fill_(self.codes[0][rows, None] == codes, FAR)
            # Wherever the product was reduced, this is a guess: the screen tells how far it is.
            best, reference = acc.max(1)
            asking = (best > FAR).nonzero().squeeze(1)
            reference = reference[asking] * step
            asking, reference = asking.to(search.reach.device), reference.to(search.reach.device)
            screen.within(asking + start, reference, search.reach)

    def _views(self, tile: Tile, sieve: Sieve, foreign: bool) -> list[View]:
        """Multiply a tile, mark the pairs not asked about, and look at it from its sides."""
        bounds = sieve.bounds
        own, left = self._left_factor(tile.samples, sieve)
        others = self._part(self.problem.references, tile.references, sieve)
        acc, reduced = others.balls.product(own.balls, left, self.scratch)
        if tile.mixed:
            sides = self.problem.samples.codes, self.problem.references.codes
            leave_out(acc, sides[0][tile.samples], sides[1][tile.references], same=foreign)
        if self.problem.self_form and tile.samples == tile.references:
            acc.fill_diagonal_(FAR)
        views = [View(acc, own, others, 1, bounds, reduced)]
        if tile.both_ways:
            views.append(View(acc, others, own, 0, bounds, reduced))
        return views

    def _left_factor(self, positions: slice, sieve: Sieve) -> tuple[Part, Tensor]:
        """Return the rows of a tile; a walk meets the same ones many times in a row."""
        if self.met is None or self.met[0].positions != positions or self.met[1] is not sieve:
            part = self._part(self.problem.samples, positions, sieve)
            self.met = part, sieve, part.balls.partners()
        return self.met[0], self.met[2]

    def _part(self, side: Samples, positions: slice, sieve: Sieve) -> Part:
        if sieve.balls is None:
            balls = make_full(side, self.task.frame, sieve.bounds, positions, self.device)
            return Part(positions, balls)
        number = 0 if side is self.problem.samples else -1
        key = id(sieve), number, positions.start, positions.stop
        if key not in self.parts:
            self.parts[key] = Part(positions, sieve.balls[number][positions])
        return self.parts[key]


def fingerprints_of(problem: Problem) -> list[Tensor]:
    """Return numbers that equal rows share: sums of integers, which no order changes.

    They are the bits of each row's products with some weights, each rounded on its own.
    """
    fingerprints = []
    for side in problem.sides:
        values, divisors = side.values, side.divisors
        weights = torch.from_numpy(fingerprint_weights(values.shape[1])).to(values.device)
        sums = torch.empty(len(values), dtype=torch.int64, device=values.device)
        for chunk in chunks_for(side, len(values)):
            rows = values[chunk].to(torch.promote_types(values.dtype, torch.float32))
            if divisors is not None:
                rows = rows.to(torch.float64) / divisors[chunk, None]
            products = rows * weights.to(rows.dtype)
            products += 0.0  # -0 is 0
            bits = products.view(torch.int32 if rows.dtype == torch.float32 else torch.int64)
            sums[chunk] = bits.sum(1)
        fingerprints.append(taken(sums, side.order))
    return fingerprints
