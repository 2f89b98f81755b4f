"""The engine in plain torch: for any device torch knows, and to read beside the native ones.

Both questions (`questions.py`) walk over *tiles* (`tiles.py`): one product of balls gives the
distances of all pairs of a tile, and one comparison with a threshold per row, or per column, says
which of them matter. What a product cannot decide goes through finer *sieves*: float32, then
float64, and at last the canonical distance of single pairs.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ...cpu_tensors import taken
from ...inputs.problem import Integers, Problem, Samples
from ...progress import each
from .. import projection
from ..base import BallEngine
from ..bounds import FLOAT32, FLOAT64, Certificate
from ..duplicates import fingerprint_weights, without_duplicates
from ..projection import Costs, Trial, contraction
from . import canaries
from .balls import Balls, chunks_for, make_certificate, make_frame, make_full, make_narrow
from .memory import suitable_sides, tile_side, widest_narrow
from .questions import Count, Question, Search, Task
from .scratch import Scratch
from .tiles import Tile, class_tiles, foreign_tiles
from .views import FAR, Part, View, leave_out

CROWDED = 32  # a sieve that leaves one pair in so many has not decided the tile
SEED_REFERENCES = 1024  # that every sample sees before a search with narrow balls
NARROW_CROWD = 256  # the same of narrow balls: a pair's float64 distance costs so many products
# Measured; `pair` are the passes over a tile.
COSTS = Costs(pair=80, screened=0, screened_product=270, worth=1.5e10)


class Sieve(NamedTuple):
    """Balls of one precision and width."""

    bounds: Certificate
    crowd: float  # of so many pairs one may be left; a tile that leaves more goes to the next
    balls: list[Balls] | None  # per side; None for float64, which would take too much memory


class Engine(BallEngine):
    """Answers both questions with products in torch."""

    def __init__(
        self, problem: Problem, device: torch.device, memory_limit: int | None, progress: bool
    ) -> None:
        super().__init__(problem, device, memory_limit, progress)
        side = tile_side(problem, memory_limit)
        self.distinct = without_duplicates(problem, fingerprints_of(problem))
        dimensions = self.problem.samples.values.shape[1]
        fine = make_certificate(FLOAT64, dimensions, dimensions, device)
        frame = make_frame(self.problem)
        self.task = Task(self.problem, frame, fine, side)
        coarse = make_certificate(FLOAT32, dimensions, dimensions, device)
        everything = slice(None)
        sides = self.problem.sides
        full = [make_full(samples, frame, coarse, everything, device) for samples in sides]
        self.sieves = [Sieve(coarse, CROWDED, full)] if coarse.holds else []
        self.sieves.append(Sieve(fine, CROWDED, None))
        widest = widest_narrow(problem, side, memory_limit)
        self.narrow = self._narrow_sieve(full, widest) if coarse.holds else None
        self.codes = [torch.from_numpy(samples.codes).to(device) for samples in sides]
        self.met: tuple[Part, Sieve, Tensor] | None = None
        self.parts: dict[tuple[int, int, int, int], Part] = {}  # of the sieves that store balls
        self.scratch = Scratch(side, device)
        self.sides = suitable_sides(self.problem, side, COSTS.pair)  # of tiles, by question
        self.never = torch.zeros((), dtype=torch.bool, device=device)

    def _search(self, squared: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        exact = self.problem.samples.values.device
        search = Search(self.task, squared.to(exact), rows.to(exact))
        sieves = self.sieves
        if self.narrow:
            sieves = [self.narrow, *sieves]
            self._shorten_reach(search)
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
        for tile in each(tiles, self.progress, name, "tile"):
            if tile.samples != rows:
                rows, number = tile.samples, 0
            # A row of tiles goes on with the sieve that its last tile needed.
            while not question.settle(
                self._views(tile, sieves[number], question.foreign),
                crowd=sieves[number].crowd if number < len(sieves) - 1 else 0,
            ):
                number += 1
            if sieves[number] is self.narrow:
                question.refine()  # narrow balls hardly tell how near a pair is
        question.refine()

    def _shorten_reach(self, search: Search) -> None:
        """Let every sample see some references in full width: narrow balls need a short reach."""
        others = self.sieves[0]
        assert others.balls is not None
        step = -(-len(others.balls[-1]) // SEED_REFERENCES)
        some, codes = others.balls[-1][::step], self.codes[-1][::step]
        for start in range(0, len(self.codes[0]), self.task.side):
            rows = slice(start, start + self.task.side)
            own = others.balls[0][rows]
            product = own.partners() @ some.points.T
            reduced = canaries.reduced(product, some.known)
            acc = product[: len(own)]
            acc.masked_fill_(self.codes[0][rows, None] == codes, FAR)
            nearest = others.bounds.at_most(
                acc.amax(1).to(search.reach.device),
                own.radii,
                own.slack,
                *some.most,
            )
            nearest.masked_fill_(reduced.to(nearest.device), torch.inf)
            search.reach[rows] = torch.minimum(search.reach[rows], nearest)

    def _narrow_sieve(self, full: list[Balls], widest: int) -> Sieve | None:
        """Return balls of few dimensions, or None where full ones do as well."""
        problem, exact = self.problem, self.problem.samples.values.device
        dimensions = problem.samples.values.shape[1]

        def points(side: int, positions: Integers) -> Tensor:
            return full[side].points[torch.from_numpy(positions).to(self.device), :-2]

        trial = Trial(
            problem.samples.codes,
            problem.references.codes,
            problem.self_form,
            usual=np.arange(len(full[-1])),
            points=points,
        )
        directions = projection.choose_balls(trial, dimensions, COSTS, widest).directions
        if directions is None:
            return None
        bounds = make_certificate(FLOAT32, directions.shape[1] + 1, dimensions, self.device)
        basis = contraction(directions.to(exact))
        narrow = [make_narrow(balls, basis, bounds, exact) for balls in full]
        return Sieve(bounds, NARROW_CROWD, narrow)

    def _views(self, tile: Tile, sieve: Sieve, foreign: bool) -> list[View]:
        """Multiply a tile, mark the pairs not asked about, and look at it from its sides."""
        bounds = sieve.bounds
        own, left = self._left_factor(tile.samples, sieve)
        others = self._part(self.problem.references, tile.references, sieve)
        points = others.balls.points
        product = self.scratch.tile("product", (len(left), len(points)), left.dtype)
        torch.mm(left, points.T, out=product)
        # Nothing reduces products of float64, which all other sieves fall back on.
        coarse = sieve.balls is not None
        reduced = canaries.reduced(product, others.balls.known) if coarse else self.never
        acc = product[: len(own.balls)]
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


def fingerprints_of(problem: Problem) -> list[Integers]:
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
        fingerprints.append(taken(sums, side.order.cpu().numpy()).cpu().numpy())
    return fingerprints
