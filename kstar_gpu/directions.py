"""In how few dimensions to look at samples first: the directions, and the choice of their number.

Distances in a few principal directions bound the true ones from below, and most pairs need no
more. Which directions, and how many, decides only how fast a search is; any are valid.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

WIDTHS = (16, 32, 48, 64, 96, 128, 160, 192, 256)
START_ROWS = 256  # whose own directions the iteration starts from; the most it can find


def principal_directions(rows: Tensor, count: int) -> Tensor:
    """Return up to `count` leading principal directions of (n, d) float32 rows, (d, count).

    One step of subspace iteration (Halko, Martinsson and Tropp 2011, section 4.5): the directions
    of a few rows, found from their small Gram matrix, are multiplied by the scatter of all rows.
    Never a d x d problem.
    """
    rows = rows - rows.mean(0)
    few = rows[:: -(-len(rows) // START_ROWS)]
    count = min(count, len(few), rows.shape[1])
    _, vectors = torch.linalg.eigh(few @ few.T)
    start = few.T @ vectors[:, -count:]
    start = start / torch.linalg.vector_norm(start, dim=0).clamp(min=1e-30)
    # In float64: the image's lengths spread as the variances do, and their squares even more.
    image = (rows.T @ (rows @ start)).to(torch.float64)
    squares, vectors = torch.linalg.eigh(image.T @ image)
    lengths = squares.clamp(min=1e-24 * float(squares[-1]) + 1e-300).sqrt()
    directions: Tensor = ((image @ vectors) / lengths).flip(1)
    return directions.to(torch.float32)


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


def choose_width(
    survey: Survey,
    directions: Tensor,
    *,
    pairs: float,
    samples: int,
    costs: Costs,
    widest: int,
    both_ways: bool,
) -> int:
    """Return the cheapest number of directions, or 0 if the full width is cheaper than any.

    Parameters
    ----------
    directions : (d, H) float32, the leading ones first
    pairs : number of foreign pairs that the search will meet
    samples : number of samples to project
    widest : no more directions than these
    both_ways : whether either sample of a pair asks about the other
    """
    dimensions, found = directions.shape
    widths = [width for width in WIDTHS if width <= min(widest, found)]
    best, cheapest = 0, pairs * (costs.pair + dimensions)
    for width, surviving in zip(widths, survey.survivors(directions, widths), strict=True):
        screened = surviving * (costs.screened + costs.screened_product * dimensions)
        screened *= 2 if both_ways else 1
        cost = pairs * (costs.pair + width + screened) + samples * dimensions * width
        if cost < cheapest:
            best, cheapest = width, cost
    return best
