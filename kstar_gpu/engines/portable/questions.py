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
from .balls import Balls
from .scratch import Scratch

DIGIT = 256  # factors up to here are exact in every precision that a product may be reduced to
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
    reduced: Tensor  # 0-d bool: the product is not what it says (canaries.py)

    def those(self, own: Tensor) -> Tensor | None:
        """Return which own samples (n,) bool are meant; None if the product was reduced.

        Both are found out at once: on a GPU either would be waited for.
        """
        found = torch.cat([own, self.reduced.expand(len(own) + 1)]).nonzero().squeeze(1)
        return None if len(found) > len(own) else found

    def column(self, per_own: Tensor) -> Tensor:
        """Shape one number per own sample so that it meets `acc`."""
        return per_own.to(self.acc.device).unsqueeze(self.along)


class Task(NamedTuple):
    """What both questions are asked of."""

    problem: Problem  # without duplicates
    frame: Frame
    fine: Certificate  # of float64 balls
    side: int  # of a tile


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

    def settle(self, views: list[View], crowd: float) -> bool:
        """Postpone the pairs within reach; the best of a tile shortens the reach at once."""
        return all([self._settle(view, crowd) for view in views])

    def _settle(self, view: View, crowd: float) -> bool:
        own, bounds = view.own.balls, view.bounds
        reach = self.reach[view.own.positions]  # a view: shortened in place
        best = view.acc.amax(view.along)
        within = best >= bounds.farther(reach, own.radii).to(best.device)
        within &= ~self.settled[view.own.positions].to(best.device)
        asking = view.those(within)
        if asking is None:
            return False
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
        within = ~(self.reach[samples] < at_least)
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
        inside = self.scratch.tile(f"inside {view.along}", view.acc.shape, view.acc.dtype)
        torch.gt(view.acc, view.column(nearer), out=inside)
        possible = view.acc >= view.column(farther)
        undecided = (possible & (inside == 0)).logical_or_(view.reduced)
        pair = undecided.nonzero().to(self.counts.device)
        samples = pair[:, 1 - view.along] + view.own.positions.start
        references = pair[:, view.along] + view.others.positions.start
        inside = inside if view.along == 1 else inside.T
        counts = torch.zeros_like(self.counts[view.own.positions])
        for power, digit in enumerate(self.digits):
            factor = digit[view.others.positions].to(inside.dtype)
            counts += torch.mv(inside, factor).to(counts) * DIGIT**power
        return counts, samples, references

    def refine(self) -> None:
        """Count the pending pairs whose canonical distance is less than the radius."""
        samples, references = self.take_pending()
        within = self.task.problem.distances(samples, references) < self.squared[samples]
        weights = self.weights[references[within]]
        self.counts.index_add_(0, samples[within], weights)


def _digits(weights: Tensor) -> list[Tensor]:
    """Return the digits of weights, the lowest ones first: their products are always exact."""
    digits = [weights % DIGIT]
    while (weights := weights // DIGIT).any():
        digits.append(weights % DIGIT)
    return digits
