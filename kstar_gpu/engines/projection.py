"""In how few dimensions to look at samples first: the directions, and the choice of their number.

Distances in a few principal directions bound the true ones from below, and most pairs need no
more. Which directions, and how many, decides only how fast a search is; any are valid.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..inputs.problem import Integers
from .directions import Algebra, principal_directions

# With one more for what they miss, whole vectors of all engines.
WIDTHS = (15, 31, 47, 63, 95, 127, 159, 191, 255)
DIRECTION_ROWS = 2048  # that the directions are fitted to
SURVEY_QUERIES = 30
SURVEY_ROWS = 1024  # that narrow distances are tried on
# Radii fall as a search goes on. On average it does the work of one that knows, of so many
# references, the nearest among one: checked against the pairs that searches really screened.
SURVEY_SHARE = 16
FLOATS_AT_ONCE = 1 << 23  # numbers of the rows that are looked at together
SURVEY_BYTES = 12 * FLOATS_AT_ONCE  # that all this takes on the host
NEAR_AT_ONCE = 4096  # references that the queries look at together


@dataclass(frozen=True)
class Costs:
    """What an engine's work costs, in multiply-adds of its tiles."""

    pair: float  # a pair of a tile, beside its multiply-adds
    screened: float  # a pair that survives its tile, beside its multiply-adds
    screened_product: float  # one of those multiply-adds
    worth: float  # work of the straight road below which it is taken without asking
    coarse_product: float | None = None  # a multiply-add of coarse numbers, if there are any
    coarse_error: float = 0  # how far they move a point, of the length of long ones
    boxed: int = 0  # so few finer numbers are better: boxes around them rule out many pairs


@dataclass(frozen=True)
class Choice:
    """What a search looks at first."""

    directions: Tensor | None  # (d, h); None for full points
    coarse: bool = False  # whether in coarse numbers
    reach: float | None = None  # how near a few samples' nearest foreign ones are, if known
    error: float | None = None  # how far coarse numbers are expected to move a point


@dataclass(frozen=True)
class Survey:
    """A few samples asked about, and a few others that they meet."""

    queries: Tensor  # (q, d) float32
    others: Tensor  # (m, d) float32
    foreign: Tensor  # (q, m) bool: of different classes
    radii: Tensor  # (q,) float32: distance of each query to its nearest foreign sample
    algebra: Algebra

    def survivors(
        self, directions: Tensor, widths: Sequence[int], errors: Sequence[float] = (0,)
    ) -> list[list[float]]:
        """Return for each error and width the share of foreign pairs that may be within reach.

        Parameters
        ----------
        errors : how far either point of a pair is off, of the length of long points: their numbers
            have to fit
        """
        product, lengths = self.algebra.product, self.algebra.squared_lengths
        ours, theirs = product(self.queries, directions), product(self.others, directions)
        square, other_square = self._squares
        shares = []
        for width in widths:
            heads = ours[:, :width], theirs[:, :width]
            head = lengths(heads[0])[:, None].cpu().numpy()
            other_head = lengths(heads[1]).cpu().numpy()
            tail = np.sqrt(np.maximum(square - head, 0))
            other_tail = np.sqrt(np.maximum(other_square - other_head, 0))
            gap = head + other_head - 2 * product(heads[0], heads[1].T).cpu().numpy()
            gap = np.maximum(gap, 0) + (tail - other_tail) ** 2
            long = _long(other_head + (other_tail - np.median(other_tail)) ** 2)
            shares.append([self._within(gap, error * long) for error in errors])
        return [list(of_error) for of_error in zip(*shares, strict=True)]

    def full_survivors(self, error: float) -> float:
        """Return that share for full points."""
        square, other_square = self._squares
        gap = square + other_square
        gap -= 2 * self.algebra.product(self.queries, self.others.T).cpu().numpy()
        return self._within(gap, error * _long(other_square))

    def long(self) -> float:
        """Return the length that few points exceed."""
        return _long(self._squares[1])

    @cached_property
    def _squares(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        lengths = self.algebra.squared_lengths
        return lengths(self.queries)[:, None].cpu().numpy(), lengths(self.others).cpu().numpy()

    def _within(self, gap: NDArray[np.float32], error: float) -> float:
        foreign = self.foreign.cpu().numpy()
        reach = self.radii[:, None].cpu().numpy() + 2 * error
        return float(((gap <= reach**2) & foreign).sum()) / max(1, int(foreign.sum()))


def _long(squares: NDArray[np.floating]) -> float:
    """Return the length that few points exceed."""
    return math.sqrt(np.quantile(squares, 0.95))


@dataclass(frozen=True)
class Trial:
    """What an engine tells of its samples, for the choice of directions.

    Attributes
    ----------
    codes, other_codes : (N,) and (M,) classes of the samples and of the references
    both_ways : whether either sample of a pair asks about the other, as in the self form
    usual : positions of the references that are no outliers
    points : from a side (0: samples, -1: references) and positions to their float32 points
    algebra : what all this is computed with
    each : how many samples each of these stands for
    """

    codes: Integers
    other_codes: Integers
    both_ways: bool
    usual: Integers
    points: Callable[[int, Integers], Tensor]
    algebra: Algebra = field(default_factory=Algebra, kw_only=True)
    each: float = field(default=1.0, kw_only=True)

    @property
    def few(self) -> bool:
        """Whether directions may miss far less of what they are fitted to than of other samples.

        Then they are tried on others.
        """
        return len(self.usual) < 2 * DIRECTION_ROWS

    def nearest(self, asking: Integers, near: Integers) -> Tensor:
        """Return the distance of each sample to the nearest foreign one of these references."""
        queries = self.points(0, asking)
        best = queries.new_full((len(asking),), torch.inf)
        for start in range(0, len(near), NEAR_AT_ONCE):
            some = near[start : start + NEAR_AT_ONCE]
            same = torch.from_numpy(self.codes[asking, None] == self.other_codes[some])
            points = self.points(-1, some)
            squared = self.algebra.squared_lengths(points) - 2 * (queries @ points.T)
            squared.masked_fill_(same.to(squared.device), torch.inf)
            best = torch.minimum(best, squared.amin(1))
        return (best + self.algebra.squared_lengths(queries)).clamp(min=0).sqrt()

    def foreign_pairs(self) -> float:
        """Return how many pairs of different classes a search meets."""
        classes = 1 + max(int(self.codes.max()), int(self.other_codes.max()))
        sizes = np.bincount(self.codes, minlength=classes).astype(float)
        other_sizes = np.bincount(self.other_codes, minlength=classes).astype(float)
        pairs = len(self.codes) * len(self.other_codes) - float(sizes @ other_sizes)
        return self.each**2 * (pairs / 2 if self.both_ways else pairs)

    def survey(self, at_once: int) -> Survey:
        """Ask for a few samples how far they see, and what else lies there."""
        asking, met = np.arange(len(self.codes)), self.usual
        if self.few:
            asking, met = asking[1::2], met[1::2]
        asking = _spread(asking, SURVEY_QUERIES)
        met = _spread(met, min(SURVEY_ROWS, at_once))
        near = _spread(self.usual, max(SURVEY_ROWS, len(self.usual) // SURVEY_SHARE))
        foreign = self.codes[asking, None] != self.other_codes[met]
        others = self.points(-1, met)
        return Survey(
            self.points(0, asking),
            others,
            torch.from_numpy(foreign).to(others.device),
            self.nearest(asking, near),
            self.algebra,
        )


def choose_balls(
    trial: Trial,
    dimensions: int,
    costs: Costs,
    widest: int,
    widths: Sequence[int] = WIDTHS,
) -> Choice:
    """Return the balls that make a search cheapest.

    Parameters
    ----------
    dimensions : d, of the full points
    widest : no more directions than these
    widths : the numbers to choose from
    """
    pairs = trial.foreign_pairs()
    if pairs * dimensions < costs.worth or widest < widths[0] or len(trial.usual) < 2:
        return Choice(None)
    at_once = max(1, FLOATS_AT_ONCE // dimensions)
    fitted = trial.usual[::2] if trial.few else trial.usual
    rows = trial.points(-1, _spread(fitted, min(DIRECTION_ROWS, at_once)))
    directions = principal_directions(rows, widths[-1], trial.algebra)
    found = directions.shape[1]
    if found == 0:  # all rows are equal
        return Choice(None)
    widths = sorted({min(width, found) for width in widths if width <= widest})
    survey = trial.survey(at_once)
    screened = costs.screened + costs.screened_product * dimensions
    screened *= 2 if trial.both_ways else 1
    samples = trial.each * (len(trial.codes) + (0 if trial.both_ways else len(trial.other_codes)))
    reach = float(survey.radii.median())
    best, cheapest = Choice(None, False, reach), pairs * (costs.pair + dimensions)

    kinds = [(1.0, 0.0)]  # cost of a product, and error of a point: of fine numbers, and of coarse
    expected = None
    if costs.coarse_product is not None:
        expected = costs.coarse_error * survey.long()
        kinds.append((costs.coarse_product, costs.coarse_error))
        share = survey.full_survivors(costs.coarse_error)
        cost = pairs * (costs.pair + costs.coarse_product * dimensions + share * screened)
        if cost < cheapest:
            best, cheapest = Choice(None, True, reach, expected), cost
    shares = survey.survivors(directions, widths, [error for _, error in kinds])
    for (product, error), of_kind in zip(kinds, shares, strict=True):
        for width, share in zip(widths, of_kind, strict=True):
            if error > 0 and width < costs.boxed:
                continue
            cost = pairs * (costs.pair + product * width + share * screened)
            cost += samples * dimensions * width
            if cost < cheapest:
                best = Choice(directions[:, :width], error > 0, reach, expected)
                cheapest = cost
    return best


def _spread(items: Integers, count: int) -> Integers:
    """Return at most `count` of the items, evenly spaced."""
    return items[:: max(1, -(-len(items) // count))]
