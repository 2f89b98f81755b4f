"""In how few dimensions to look at samples first: the directions, and the choice of their number.

Distances in a few principal directions bound the true ones from below, and most pairs need no
more. Which directions, and how many, decides only how fast a search is; any are valid.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

WIDTHS = (16, 32, 48, 64, 96, 128, 160, 192, 256)
START_ROWS = 256  # whose own directions the iteration starts from: the most it can find
DIRECTION_ROWS = 2048  # that the directions are fitted to
SURVEY_QUERIES = 30
SURVEY_ROWS = 1024  # that narrow distances are tried on
# Radii fall as a search goes on. On average it does the work of one that knows, of so many
# references, the nearest among one: checked against the pairs that searches really screened.
SURVEY_SHARE = 16
FLOATS_AT_ONCE = 1 << 23  # numbers of the rows that are looked at together

Integers = NDArray[np.int64]


def principal_directions(rows: Tensor, count: int) -> Tensor:
    """Return up to `count` leading principal directions of (n, d) float32 rows, (d, count).

    One step of subspace iteration (Halko, Martinsson and Tropp 2011, section 4.5): the directions
    of a few rows, found from their small Gram matrix, are multiplied by the scatter of all rows.
    Never a d x d problem.
    """
    rows = rows - rows.mean(0)
    few = rows[:: -(-len(rows) // START_ROWS)]
    count = min(count, len(few), rows.shape[1])
    _, vectors = _eigh(few @ few.T)
    start = few.T @ vectors[:, -count:]
    start = start / torch.linalg.vector_norm(start, dim=0).clamp(min=1e-30)
    # In float64: the image's lengths spread as the variances do, and their squares even more.
    image = (rows.T @ (rows @ start)).to(torch.float64)
    squares, vectors = _eigh(image.T @ image)
    lengths = squares.clamp(min=1e-24 * float(squares[-1]) + 1e-300).sqrt()
    directions: Tensor = ((image @ vectors) / lengths).flip(1)
    return directions.to(torch.float32)


def _eigh(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Return eigenvalues and vectors; a GPU takes longer for so small a matrix than the host."""
    values, vectors = torch.linalg.eigh(matrix.cpu())
    return values.to(matrix.device), vectors.to(matrix.device)


@dataclass(frozen=True)
class Costs:
    """What an engine's work costs, in multiply-adds of its tiles."""

    pair: float  # a pair of a tile, beside its multiply-adds
    screened: float  # a pair that survives its tile, beside its multiply-adds
    screened_product: float  # one of those multiply-adds
    worth: float  # work of the straight road below which it is taken without asking


@dataclass(frozen=True)
class Survey:
    """A few samples asked about, and a few others that they meet."""

    queries: Tensor  # (q, d) float32
    others: Tensor  # (m, d) float32
    foreign: Tensor  # (q, m) bool: of different classes
    radii: Tensor  # (q,) float32: distance of each query to its nearest foreign sample

    def survivors(self, directions: Tensor, widths: Sequence[int]) -> list[float]:
        """Return for each width the fraction of foreign pairs that may lie within the radius."""
        ours, theirs = self.queries @ directions, self.others @ directions
        squares = self.queries.square().sum(1), self.others.square().sum(1)
        fractions = []
        for width in widths:
            head, other_head = ours[:, :width], theirs[:, :width]
            tail = (squares[0] - head.square().sum(1)).clamp(min=0).sqrt()
            other_tail = (squares[1] - other_head.square().sum(1)).clamp(min=0).sqrt()
            gap = torch.cdist(head, other_head).square() + (tail[:, None] - other_tail).square()
            within = (gap <= self.radii[:, None].square()) & self.foreign
            fractions.append(float(within.sum()) / max(1, int(self.foreign.sum())))
        return fractions


@dataclass(frozen=True)
class Population:
    """What an engine tells of its samples, for the choice of directions.

    Attributes
    ----------
    codes, other_codes : (N,) and (M,) classes of the samples and of the references
    both_ways : whether either sample of a pair asks about the other, as in the self form
    usual : positions of the references that are no outliers
    queries, others : give the float32 points of samples, or of references, at these positions
    nearest : gives the distance of each sample to the nearest foreign one of these references
    """

    codes: Integers
    other_codes: Integers
    both_ways: bool
    usual: Integers
    queries: Callable[[Integers], Tensor]
    others: Callable[[Integers], Tensor]
    nearest: Callable[[Integers, Integers], Tensor]

    def foreign_pairs(self) -> float:
        """Return how many pairs of different classes a search meets."""
        classes = 1 + max(int(self.codes.max()), int(self.other_codes.max()))
        sizes = np.bincount(self.codes, minlength=classes).astype(float)
        other_sizes = np.bincount(self.other_codes, minlength=classes).astype(float)
        pairs = len(self.codes) * len(self.other_codes) - float(sizes @ other_sizes)
        return pairs / 2 if self.both_ways else pairs

    def survey(self, at_once: int) -> Survey:
        """Ask for a few samples how far they see, and what else lies there."""
        asking = _spread(np.arange(len(self.codes)), SURVEY_QUERIES)
        met = _spread(self.usual, min(SURVEY_ROWS, at_once))
        near = _spread(self.usual, max(SURVEY_ROWS, len(self.usual) // SURVEY_SHARE))
        foreign = self.codes[asking, None] != self.other_codes[met]
        others = self.others(met)
        return Survey(
            self.queries(asking),
            others,
            torch.from_numpy(foreign).to(others.device),
            self.nearest(asking, near),
        )


def choose_directions(
    population: Population,
    dimensions: int,
    costs: Costs,
    widest: int,
    widths: Sequence[int] = WIDTHS,
) -> Tensor | None:
    """Return the directions that make a search cheapest, (d, h), or None if none do.

    Parameters
    ----------
    dimensions : d, of the full points
    widest : no more directions than these
    widths : the numbers to choose from
    """
    pairs = population.foreign_pairs()
    if pairs * dimensions < costs.worth or widest < widths[0]:
        return None
    at_once = max(1, FLOATS_AT_ONCE // dimensions)
    rows = population.others(_spread(population.usual, min(DIRECTION_ROWS, at_once)))
    directions = principal_directions(rows, widths[-1])
    if not bool(directions.any()):  # all rows are equal
        return None
    most = min(widest, directions.shape[1])
    widths = [width for width in widths if width <= most]
    surviving = population.survey(at_once).survivors(directions, widths)
    samples = len(population.codes) + (0 if population.both_ways else len(population.other_codes))
    best, cheapest = 0, pairs * (costs.pair + dimensions)
    for width, fraction in zip(widths, surviving, strict=True):
        screened = fraction * (costs.screened + costs.screened_product * dimensions)
        screened *= 2 if population.both_ways else 1
        cost = pairs * (costs.pair + width + screened) + samples * dimensions * width
        if cost < cheapest:
            best, cheapest = width, cost
    return directions[:, :best] if best else None


def _spread(items: Integers, count: int) -> Integers:
    """Return at most `count` of the items, evenly spaced."""
    return items[:: max(1, -(-len(items) // count))]
