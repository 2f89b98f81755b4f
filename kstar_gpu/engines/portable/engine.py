"""The engine in plain torch: for any device torch knows, and to read beside the native ones.

Both questions walk over *tiles* (`tiles.py`): one product of balls gives the distances of all
pairs of a tile, and one comparison with a threshold per row, or per column, says which of them
matter. What a product cannot decide goes through finer *sieves*: float32, then float64, and at
last the canonical distance of single pairs.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from math import inf
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from ...distance import lane_sum, row_chunks, squared_distances
from ...inputs.problem import Problem, Samples
from ..balls import (
    Balls,
    certificate,
    contraction,
    make_balls,
    make_frame,
    make_narrow_balls,
)
from ..bounds import FLOAT32, FLOAT64, Certificate
from ..duplicates import NO_ROW, fingerprint_weights, without_duplicates
from ..projection import FLOATS_AT_ONCE, Costs, Population, choose_directions
from ..torch_state import float32_products_are_float32
from .tiles import Tile, class_tiles, foreign_tiles

LARGEST_SIDE = 1024  # a tile of float32 products then fills 4 MB: it stays in the cache
SMALLEST_SIDE = 64
TILE_BYTES_PER_PAIR = 160  # product, selection and indices of survivors, should all survive
SAMPLE_BYTES = 100  # radii, slack, thresholds, results and order of one sample
CHUNK_BYTES = 16 << 20  # float64 rows on their way through preparation and refinement
CROWDED = 32  # a sieve that leaves one pair in so many has not decided the tile
SEED_REFERENCES = 1024  # that every sample sees before a search with narrow balls
NARROW_CROWD = 256  # the same of narrow balls: a pair's float64 distance costs so many products
# Measured; `pair` are the passes over a tile.
COSTS = Costs(pair=80, screened=0, screened_product=270, worth=1.5e10)
LARGEST_COUNT = 1 << 24  # float32 sums of integers are exact up to here
FAR = -torch.inf  # product of a pair that is not asked about: below every threshold


class Part(NamedTuple):
    """One side of a tile: its positions and its balls."""

    positions: slice
    balls: Balls


class View(NamedTuple):
    """A tile's product as one of its sides sees it: `own` samples ask about the `others`."""

    acc: Tensor  # (rows, columns) as multiplied
    own: Part
    others: Part
    along: int  # the dimension of `acc` along which the others lie
    bounds: Certificate

    def column(self, per_own: Tensor) -> Tensor:
        """Shape one number per own sample so that it meets `acc`."""
        return per_own.to(self.acc.device).unsqueeze(self.along)


class Question(ABC):
    """What a walk finds out. Pairs that no sieve decides are collected and refined together."""

    foreign: bool  # whether it asks about pairs of different classes, or of the same

    def __init__(self, engine: "Engine", *columns: torch.dtype) -> None:
        self.engine = engine
        # Room for all pairs of a tile and some more. One piece of memory: many small ones, living
        # between tiles, would keep the tiles' own memory from being used again.
        room = engine.side**2 * 5 // 4
        device = engine.problem.samples.values.device
        self.pending = [torch.empty(room, dtype=dtype, device=device) for dtype in columns]
        self.waiting = 0

    @abstractmethod
    def settle(self, views: list[View], crowd: float) -> bool:
        """Take in a tile; return False to see it again through a finer sieve.

        That is wanted where one pair in `crowd`, or more, is left undecided.
        """

    @abstractmethod
    def refine(self) -> None:
        """Decide the pending pairs by their canonical distances."""

    def postpone(self, *pairs: Tensor) -> None:
        """Add to the pending pairs; refine those before if they would be too many."""
        if self.waiting + len(pairs[0]) > len(self.pending[0]):
            self.refine()
        end = self.waiting + len(pairs[0])
        for column, values in zip(self.pending, pairs, strict=True):
            column[self.waiting : end] = values
        self.waiting = end

    def take_pending(self) -> list[Tensor]:
        """Return the columns of all pending pairs, and forget them."""
        columns = [column[: self.waiting] for column in self.pending]
        self.waiting = 0
        return columns


class Sieve(NamedTuple):
    """Balls of one precision and width."""

    bounds: Certificate
    crowd: float  # of so many pairs one may be left; a tile that leaves more goes to the next
    balls: list[Balls] | None  # per side; None for float64, which would take too much memory


class Engine:
    """Answers both questions with products in torch; see `registry.Engine`."""

    def __init__(
        self, problem: Problem, device: torch.device, memory_limit: int | None, progress: bool
    ) -> None:
        self.device = device
        self.progress = progress
        self.side = tile_side(problem, memory_limit)
        self.distinct = without_duplicates(problem, _fingerprints(problem))
        problem = self.problem = self.distinct.problem
        self.frame = make_frame(problem)
        dimensions = problem.samples.values.shape[1]
        self.fine = certificate(FLOAT64, dimensions, dimensions, device)
        coarse = certificate(FLOAT32, dimensions, dimensions, device)
        everything = slice(None)
        full = [make_balls(side, self.frame, coarse, everything, device) for side in problem.sides]
        # Where float32 products are not what they say, all starts at the float64 sieve.
        trusted = coarse.holds and float32_products_are_float32(device)
        self.sieves = [Sieve(coarse, CROWDED, full)] if trusted else []
        self.sieves.append(Sieve(self.fine, CROWDED, None))
        self.narrow = self._narrow_sieve(full, memory_limit) if trusted else None
        self.codes = [torch.from_numpy(side.codes).to(device) for side in problem.sides]
        exact = problem.samples.values.device
        self.settled = torch.from_numpy(self.distinct.settled).to(exact)
        self.weights = torch.from_numpy(self.distinct.weights).to(exact)
        self.left: tuple[Part, Sieve, Tensor] | None = None
        self.scratch: dict[tuple[str, torch.dtype], Tensor] = {}

    def nearest_foreign(self) -> tuple[Tensor, Tensor]:
        """Return per position the squared distance and the row of the nearest foreign sample."""
        search = Search(self)
        sieves = self.sieves
        if self.narrow:
            sieves = [self.narrow, *sieves]
            self._shorten_reach(search)
        self._walk("search", list(foreign_tiles(self.problem, self.side)), sieves, search)
        return self._of_all(search.squared), self._of_all(search.rows)

    def count_within(self, squared_radii: Tensor) -> Tensor:
        """Return per position how many others of its class are nearer than its radius."""
        positions = torch.from_numpy(self.distinct.positions).to(squared_radii.device)
        count = Count(self, squared_radii[positions])
        self._walk("count", list(class_tiles(self.problem, self.side // 2)), self.sieves, count)
        own_weights = torch.from_numpy(self.distinct.own_weights).to(squared_radii.device)
        return self._of_all(count.counts + own_weights * (count.squared > 0))

    def _of_all(self, results: Tensor) -> Tensor:
        """Return results for all positions, duplicates included."""
        return results[torch.from_numpy(self.distinct.kind).to(results.device)]

    def distances(self, samples: Tensor, references: Tensor) -> Tensor:
        """Return the canonical squared distances between these positions, pair by pair."""
        values = self.problem.samples.values
        result = torch.empty(len(samples), dtype=torch.float64, device=values.device)
        for chunk in row_chunks(len(result), values.shape[1]):
            result[chunk] = squared_distances(
                self.problem.samples.rows(samples[chunk]),
                self.problem.references.rows(references[chunk]),
            )
        return result

    def buffer(self, use: str, shape: Sequence[int], dtype: torch.dtype) -> Tensor:
        """Return memory for a tile, the same each time: new pages cost as much as a product."""
        key = use, dtype
        if key not in self.scratch:
            self.scratch[key] = torch.empty(
                self.side * _padded(self.side), dtype=dtype, device=self.device
            )
        rows, columns = shape
        # Products are written much faster where every row begins on a cache line.
        return self.scratch[key][: rows * _padded(columns)].view(rows, -1)[:, :columns]

    def radius(self, squared: Tensor) -> Tensor:
        """Return canonical squared distances as distances in the frame's unit."""
        return squared.sqrt() * self.frame.scale

    def _walk(
        self, name: str, tiles: list[Tile], sieves: list["Sieve"], question: Question
    ) -> None:
        rows, number = slice(0, 0), 0
        for tile in tqdm(tiles, desc=name, unit="tile", disable=not self.progress):
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

    def _shorten_reach(self, search: "Search") -> None:
        """Let every sample see some references in full width: narrow balls need a short reach."""
        others = self.sieves[0]
        assert others.balls is not None
        step = -(-len(others.balls[-1]) // SEED_REFERENCES)
        some, codes = others.balls[-1][::step], self.codes[-1][::step]
        for start in range(0, len(self.codes[0]), self.side):
            rows = slice(start, start + self.side)
            own = others.balls[0][rows]
            acc = own.partners() @ some.points.T
            acc.masked_fill_(self.codes[0][rows, None] == codes, FAR)
            nearest = others.bounds.at_most(
                acc.amax(1).to(search.reach.device),
                own.radii,
                own.slack,
                some.radii.max(),
                some.slack.max(),
            )
            search.reach[rows] = torch.minimum(search.reach[rows], nearest)

    def _narrow_sieve(self, full: list[Balls], memory_limit: int | None) -> "Sieve | None":
        """Return balls of few dimensions, or None where full ones do as well."""
        problem, exact = self.problem, self.problem.samples.values.device
        dimensions = problem.samples.values.shape[1]

        def points(side: int, positions: NDArray[np.int64]) -> Tensor:
            return full[side].points[torch.from_numpy(positions).to(self.device), :-2]

        def nearest(asking: NDArray[np.int64], near: NDArray[np.int64]) -> Tensor:
            distances = torch.cdist(points(0, asking), points(-1, near))
            same = problem.samples.codes[asking, None] == problem.references.codes[near]
            return distances.masked_fill(torch.from_numpy(same).to(self.device), inf).amin(1)

        population = Population(
            problem.samples.codes,
            problem.references.codes,
            problem.self_form,
            usual=np.arange(len(full[-1])),
            queries=partial(points, 0),
            others=partial(points, -1),
            nearest=nearest,
        )
        widest = dimensions // 2
        if memory_limit is not None:
            spare = memory_limit - memory_needed(problem, self.side) - 12 * FLOATS_AT_ONCE
            widest = min(widest, spare // (4 * sum(map(len, full))) - 3)
        directions = choose_directions(population, dimensions, COSTS, widest)
        if directions is None:
            return None
        bounds = certificate(FLOAT32, directions.shape[1] + 1, dimensions, self.device)
        basis = contraction(directions.to(exact))
        narrow = [make_narrow_balls(balls, basis, bounds, exact) for balls in full]
        return Sieve(bounds, NARROW_CROWD, narrow)

    def _views(self, tile: Tile, sieve: "Sieve", foreign: bool) -> list[View]:
        """Multiply a tile, mark the pairs not asked about, and look at it from its sides."""
        bounds = sieve.bounds
        own, left = self._left_factor(tile.samples, sieve)
        others = self._part(self.problem.references, tile.references, sieve)
        acc = self.buffer("product", (len(left), len(others.balls.radii)), left.dtype)
        torch.mm(left, others.balls.points.T, out=acc)
        if tile.mixed:
            same = self.codes[0][tile.samples, None] == self.codes[-1][None, tile.references]
            acc.masked_fill_(same if foreign else ~same, FAR)
        if self.problem.self_form and tile.samples == tile.references:
            acc.fill_diagonal_(FAR)
        views = [View(acc, own, others, 1, bounds)]
        if tile.both_ways:
            views.append(View(acc, others, own, 0, bounds))
        return views

    def _left_factor(self, positions: slice, sieve: "Sieve") -> tuple[Part, Tensor]:
        """Return the rows of a tile; a walk meets the same ones many times in a row."""
        if self.left is None or self.left[0].positions != positions or self.left[1] is not sieve:
            part = self._part(self.problem.samples, positions, sieve)
            self.left = part, sieve, part.balls.partners()
        return self.left[0], self.left[2]

    def _part(self, side: Samples, positions: slice, sieve: "Sieve") -> Part:
        if sieve.balls is None:
            balls = make_balls(side, self.frame, sieve.bounds, positions, self.device)
            return Part(positions, balls)
        stored = sieve.balls[0 if side is self.problem.samples else -1]
        return Part(positions, stored[positions])


class Search(Question):
    """Nearest foreign sample: keep the pairs that may be nearest, refine them, keep the best."""

    foreign = True

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, torch.int64, torch.int64, torch.float64)
        rows = torch.from_numpy(engine.distinct.equal_rows).to(engine.settled.device)
        self.rows = rows.clone()  # those of samples that are settled, or NO_ROW
        self.squared = torch.full_like(rows, torch.inf, dtype=torch.float64)
        self.squared[engine.settled] = 0
        self.reach = self.squared.clone()  # radius in the frame within which the nearest must lie

    def settle(self, views: list[View], crowd: float) -> bool:
        """Postpone the pairs within reach; the best of a tile shortens the reach at once."""
        return all([self._settle(view, crowd) for view in views])

    def _settle(self, view: View, crowd: float) -> bool:
        own, bounds = view.own.balls, view.bounds
        reach = self.reach[view.own.positions]  # a view: shortened in place
        best = view.acc.amax(view.along)
        within = best >= bounds.farther(reach, own.radii).to(best.device)
        within &= ~self.engine.settled[view.own.positions].to(best.device)
        asking = within.nonzero().squeeze(1)
        if len(asking) == 0:
            return True
        acc = view.acc.index_select(1 - view.along, asking)
        if view.along == 0:
            acc = acc.T
        asking = asking.to(reach.device)
        radii = own.radii[asking]
        reach[asking] = torch.minimum(
            reach[asking],
            bounds.at_most(
                best[within].to(reach.device),
                radii,
                own.slack[asking],
                view.others.balls.radii.max(),
                view.others.balls.slack.max(),
            ),
        )
        threshold = bounds.farther(reach[asking], radii).to(acc.device)
        i, j = (acc >= threshold[:, None]).nonzero(as_tuple=True)
        if len(i) * crowd > view.acc.numel():
            return False
        products = acc[i, j].to(reach.device)
        i, j = i.to(reach.device), j.to(reach.device)
        self.postpone(
            asking[i] + view.own.positions.start,
            j + view.others.positions.start,
            bounds.at_least(products, radii[i]),
        )
        return True

    def refine(self) -> None:
        """Minimise the distance; where it fell, start the row anew; then minimise the row."""
        samples, references, at_least = self.take_pending()
        kept = ~(self.reach[samples] < at_least)
        samples, references = samples[kept], references[kept]
        squared = self.engine.distances(samples, references)
        before = self.squared[samples]
        self.squared.scatter_reduce_(0, samples, squared, "amin")
        now = self.squared[samples]
        self.rows[samples[now < before]] = NO_ROW
        nearest = squared == now
        rows = self.engine.problem.references.order[references[nearest]]
        self.rows.scatter_reduce_(0, samples[nearest], rows, "amin")
        reach = self.engine.fine.above(self.engine.radius(now))
        self.reach[samples] = torch.minimum(self.reach[samples], reach)


class Count(Question):
    """Samples of the own class within the radius: count the certain ones, refine the others."""

    foreign = False

    def __init__(self, engine: Engine, squared_radii: Tensor) -> None:
        super().__init__(engine, torch.int64, torch.int64)
        self.squared = squared_radii
        radius = engine.radius(squared_radii)
        self.inner, self.outer = engine.fine.below(radius), engine.fine.above(radius)
        self.counts = torch.zeros_like(squared_radii, dtype=torch.int64)
        self.beside = engine.weights.to(engine.device)  # the weights where tiles are multiplied

    def settle(self, views: list[View], crowd: float) -> bool:
        """Count a tile from all its sides, or, if one of them is undecided, from none."""
        decided = [self._sift(view) for view in views]
        if any(len(samples) * crowd > views[0].acc.numel() for _, samples, _ in decided):
            return False
        for view, (inside, samples, references) in zip(views, decided, strict=True):
            self.counts[view.own.positions] += inside
            self.postpone(samples, references)
        return True

    def _sift(self, view: View) -> tuple[Tensor, Tensor, Tensor]:
        """Return the number of pairs that are inside for certain, and the uncertain pairs."""
        own, others, bounds = view.own.balls, view.others.balls, view.bounds
        inner, outer = self.inner[view.own.positions], self.outer[view.own.positions]
        nearer = bounds.nearer(inner, own.radii, own.slack)
        nearer = nearer + bounds.give(others.radii, others.slack).max()
        # Nothing is nearer than zero.
        farther = bounds.farther(outer, own.radii).where(outer > 0, torch.inf)
        # As floats: torch compares into them, and sums them, faster than booleans.
        inside = self.engine.buffer(f"inside {view.along}", view.acc.shape, view.acc.dtype)
        torch.gt(view.acc, view.column(nearer), out=inside)
        possible = view.acc >= view.column(farther)
        pair = (possible & (inside == 0)).nonzero().to(self.counts.device)
        samples = pair[:, 1 - view.along] + view.own.positions.start
        references = pair[:, view.along] + view.others.positions.start
        inside = inside if view.along == 1 else inside.T
        weights = self.beside[view.others.positions].to(inside.dtype)
        return torch.mv(inside, weights).to(self.counts), samples, references

    def refine(self) -> None:
        """Count the pending pairs whose canonical distance is less than the radius."""
        samples, references = self.take_pending()
        within = self.engine.distances(samples, references) < self.squared[samples]
        weights = self.engine.weights[references[within]]
        self.counts.index_add_(0, samples[within], weights)


def _fingerprints(problem: Problem) -> list[NDArray[np.float64]]:
    """Return what `without_duplicates` wants to know."""
    if max(map(len, problem.sides)) >= LARGEST_COUNT:
        return [np.arange(float(len(side))) for side in problem.sides]
    weights = torch.from_numpy(fingerprint_weights(problem.samples.values.shape[1]))
    weights = weights.to(problem.samples.values.device)
    fingerprints = []
    for side in problem.sides:
        chunks = row_chunks(len(side), len(weights))
        # Not by a product of matrices: it may round equal rows differently.
        products = torch.cat([lane_sum(side.rows(chunk) * weights) for chunk in chunks])
        fingerprints.append(products.cpu().numpy())
    return fingerprints


def tile_side(problem: Problem, memory_limit: int | None) -> int:
    """Return the side of the largest tile that the memory limit bears.

    Raises
    ------
    ValueError
        If not even the smallest tile fits.
    """
    side = LARGEST_SIDE
    while memory_limit is not None and memory_needed(problem, side) > memory_limit:
        if side == SMALLEST_SIDE:
            raise ValueError(
                f"memory_limit: at least {memory_needed(problem, side)} bytes are wanted for "
                f"this problem on the torch backend, got {memory_limit}"
            )
        side //= 2
    return side


def memory_needed(problem: Problem, side: int) -> int:
    """Return a bound on the bytes used beside the input: balls, one tile, chunks, results."""
    dimensions = problem.samples.values.shape[1]
    samples = sum(map(len, problem.sides))
    balls = samples * (4 * (dimensions + 2) + SAMPLE_BYTES)
    fine_balls = 3 * side * 8 * (dimensions + 2)
    return balls + fine_balls + TILE_BYTES_PER_PAIR * side**2 + CHUNK_BYTES


def _padded(columns: int) -> int:
    return -(-columns // 16) * 16
