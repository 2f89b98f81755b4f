"""The two questions as walks over tiles answer them: which pairs a product decides, and which not.

A tile's product is looked at from its rows and, where those are asked about too, from its columns.
Pairs that it leaves open are collected, and decided together by their canonical distances.
"""

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor

from ...inputs.problem import Problem
from ..bounds import Certificate
from ..duplicates import NO_ROW
from ..frame import Frame
from .scratch import Scratch
from .screen import Screen
from .views import View

DIGIT = 256  # factors up to here are exact in every precision that a product may be reduced to
MANY = 4  # where one own sample in so many asks, a tile is looked at as it is, without a copy


class Task(NamedTuple):
    """What both questions are asked of."""

    problem: Problem  # without duplicates
    frame: Frame
    fine: Certificate  # of float64 balls
    side: int  # of a tile
    screen: Screen | None = None  # what pairs go through before their canonical distances


class Question(ABC):
    """What a walk finds out. Pairs that no sieve decides are collected and refined together."""

    foreign: bool  # whether it asks about pairs of different classes, or of the same

    def __init__(self, task: Task, *columns: torch.dtype) -> None:
        self.task = task
        # Room for all pairs of a tile and some more. One piece of memory: many small ones, living
        # between tiles, would keep the tiles' own memory from being used again.
        room = task.side**2 * 5 // 4
        device = task.problem.samples.values.device
        self.pending = [torch.empty(room, dtype=dtype, device=device) for dtype in columns]
        self.waiting = 0

    @abstractmethod
    def settle(self, views: list[View], crowd: float) -> bool:
        """Take in a tile; return False to see it again through a finer sieve.

        That is wanted where one pair in `crowd`, or more, is left undecided, and where the product
        was reduced.
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


class Search(Question):
    """Nearest foreign sample: keep the pairs that may be nearest, refine them, keep the best."""

    foreign = True

    def __init__(self, task: Task, squared: Tensor, rows: Tensor) -> None:
        super().__init__(task, torch.int64, torch.int64, torch.float64)
        self.squared, self.rows = squared, rows
        self.settled = squared == 0
        self.reach = self.squared.clone()  # radius in the frame within which the nearest must lie
        self.thresholds: dict[tuple[int, int], Tensor] = {}  # by certificate and first position

    def settle(self, views: list[View], crowd: float) -> bool:
        """Postpone the pairs within reach; the best of a tile shortens the reach at once."""
        return all([self._settle(view, crowd) for view in views])

    def _settle(self, view: View, crowd: float) -> bool:
        own, bounds, here = view.own.balls, view.bounds, view.own.positions
        thresholds = self._thresholds(view)
        best = view.acc.amax(view.along)
        asking = view.those(best >= thresholds)
        if asking is None:
            return False
        if len(asking) == 0:
            return True
        best = best[asking].to(self.reach.device)
        numbers = asking.to(self.reach.device)
        rows, radii = numbers + here.start, own.radii[numbers]
        most = bounds.at_most(best, radii, own.slack[numbers], *view.others.balls.most)
        reach = torch.minimum(self.reach[rows], most)
        self.reach[rows] = reach
        thresholds[asking] = bounds.farther(reach, radii).to(thresholds.device)
        if MANY * len(asking) > len(thresholds):
            i, j = view.pairs(thresholds)
            products = view.acc[(i, j) if view.along == 1 else (j, i)]
        else:
            acc = view.acc.index_select(1 - view.along, asking)
            i, j = view._replace(acc=acc).pairs(thresholds[asking])
            products = acc[(i, j) if view.along == 1 else (j, i)]
            i = numbers[i]
        if len(i) * crowd > view.acc.numel():
            return False
        at_least = bounds.at_least(products.to(self.reach.device), own.radii[i])
        self.postpone(i + here.start, j + view.others.positions.start, at_least)
        return True

    def _thresholds(self, view: View) -> Tensor:
        """Return what a product of each own sample must reach for it to be asked about, (n,).

        They are kept from tile to tile: the reach falls between them, and these with it.
        """
        key = id(view.bounds), view.own.positions.start
        if key not in self.thresholds:
            here = view.own.positions
            values = view.bounds.farther(self.reach[here], view.own.balls.radii)
            values = values.masked_fill(self.settled[here], torch.inf)
            self.thresholds[key] = values.to(view.acc.device)
        return self.thresholds[key]

    def refine(self) -> None:
        """Minimise the distance; where it fell, start the row anew; then minimise the row."""
        samples, references, at_least = self.take_pending()
        within = ~(self.reach[samples] < at_least)
        samples, references = samples[within], references[within]
        if self.task.screen:
            within = self.task.screen.within(samples, references, self.reach)
            samples, references = samples[within], references[within]
        squared = self.task.problem.distances(samples, references)
        before = self.squared[samples]
        self.squared.scatter_reduce_(0, samples, squared, "amin")
        now = self.squared[samples]
        self.rows[samples[now < before]] = NO_ROW
        nearest = squared == now
        rows = self.task.problem.references.order[references[nearest]]
        self.rows.scatter_reduce_(0, samples[nearest], rows, "amin")
        reach = self.task.fine.above(self.task.frame.radius(now))
        self.reach[samples] = torch.minimum(self.reach[samples], reach)
        self.thresholds.clear()


class Count(Question):
    """Samples of the own class within the radius: count the certain ones, refine the others."""

    foreign = False

    def __init__(self, task: Task, squared: Tensor, weights: Tensor, scratch: Scratch) -> None:
        super().__init__(task, torch.int64, torch.int64)
        self.squared = squared
        radius = task.frame.radius(squared)
        self.inner, self.outer = task.fine.below(radius), task.fine.above(radius)
        self.counts = torch.zeros_like(squared, dtype=torch.int64)
        self.weights = weights.to(squared.device)
        self.digits = [digit.to(scratch.device) for digit in _digits(weights)]
        self.scratch = scratch
        self.thresholds: dict[tuple[int, int], tuple[Tensor, Tensor]] = {}

    def settle(self, views: list[View], crowd: float) -> bool:
        """Count a tile from all its sides, or, if one of them is undecided, from none."""
        decided = []
        for view in views:
            sifted = self._sift(view)
            if sifted is None or len(sifted[1]) * crowd > view.acc.numel():
                return False
            decided.append(sifted)
        for view, (inside, samples, references) in zip(views, decided, strict=True):
            self.counts[view.own.positions] += inside
            self.postpone(samples, references)
        return True

    def _sift(self, view: View) -> tuple[Tensor, Tensor, Tensor] | None:
        """Return the number of pairs that are inside for certain, and the uncertain pairs.

        None if the product was reduced.
        """
        nearer, farther = self._thresholds(view)
        # As floats: torch compares into them, and sums them, faster than booleans.
        inside = self.scratch.tile("inside", view.acc.shape, view.acc.dtype)
        torch.gt(view.acc, view.column(nearer), out=inside)
        possible = self.scratch.tile("possible", view.acc.shape, view.acc.dtype)
        torch.ge(view.acc, view.column(farther), out=possible)
        counts = torch.zeros_like(self.counts[view.own.positions])
        for power, digit in enumerate(self.digits):
            factor = digit[view.others.positions].to(inside.dtype)
            counts += view.sums(inside, factor).to(counts) * DIGIT**power
        every = possible.new_ones(len(view.others.balls))
        asking = view.those(view.sums(possible.sub_(inside), every) > 0)
        if asking is None:
            return None
        some = possible.index_select(1 - view.along, asking)
        i, j = view._replace(acc=some).pairs(some.new_ones(len(asking)))
        i = asking.to(i.device)[i]
        return counts, i + view.own.positions.start, j + view.others.positions.start

    def _thresholds(self, view: View) -> tuple[Tensor, Tensor]:
        """Return above which product a pair is inside, and below which it is outside, (n,) each."""
        own, here, bounds = view.own.balls, view.own.positions, view.bounds
        key = id(bounds), here.start
        if key not in self.thresholds:
            inner, outer = self.inner[here], self.outer[here]
            # Nothing is nearer than zero.
            farther = bounds.farther(outer, own.radii).where(outer > 0, torch.inf)
            nearer = bounds.nearer(inner, own.radii, own.slack)
            self.thresholds[key] = nearer, farther.to(view.acc.device)
        nearer, farther = self.thresholds[key]
        give = bounds.give(*view.others.balls.most)
        return (nearer + give).to(view.acc.device), farther

    def refine(self) -> None:
        """Count the pending pairs whose canonical distance is less than the radius."""
        samples, references = self.take_pending()
        if self.task.screen:
            inside, within = self.task.screen.sides(
                samples, references, self.inner[samples], self.outer[samples]
            )
            self._add(samples[inside], references[inside])
            within &= ~inside
            samples, references = samples[within], references[within]
        within = self.task.problem.distances(samples, references) < self.squared[samples]
        self._add(samples[within], references[within])

    def _add(self, samples: Tensor, references: Tensor) -> None:
        self.counts.index_add_(0, samples, self.weights[references])


def _digits(weights: Tensor) -> list[Tensor]:
    """Return the digits of weights, the lowest ones first: their products are always exact."""
    digits = [weights % DIGIT]
    while (weights := weights // DIGIT).any():
        digits.append(weights % DIGIT)
    return digits
