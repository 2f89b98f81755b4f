"""Equal samples are looked at once.

A dead layer can map thousands of samples to one row, and every pair of them would be as near as
any other: no bound tells them apart. So equal rows of one class become one sample with a weight,
and a sample that has an equal one in another class is settled at once: its k* is 1.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..columns import all_differ, any_between, column_of
from ..cpu_tensors import extremes, taken
from ..distance import SMALL, row_chunks
from ..inputs.problem import Integers, Problem, Samples

Bools = NDArray[np.bool_]
NO_ROW = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Distinct:
    """A problem in which the equal samples of each class are one.

    Queries stay as they are: they do not meet, and so need not stand for each other. Positions and
    rows are arrays: results stay where they are computed.
    """

    problem: Problem
    positions: Integers  # (n,) of its samples in the whole problem: the first of each kind
    kind: Integers  # (N,) position in the whole problem -> which of its samples
    reference_positions: Integers  # (m,) likewise of its references
    weights: Integers  # (m,) how many equal ones each of its references stands for
    equal_rows: Integers  # (n,) lowest row of an equal reference of another class, or `NO_ROW`

    @property
    def settled(self) -> Bools:
        """Which samples (n,) are settled: another class has an equal one."""
        settled: Bools = self.equal_rows != NO_ROW
        return settled

    @property
    def joined(self) -> bool:
        """Whether some of its samples stand for others."""
        return len(self.positions) < len(self.kind)

    @property
    def own_weights(self) -> Integers:
        """How many others of its class each sample (n,) is equal to, and itself stands for."""
        return self.weights - 1 if self.problem.self_form else np.zeros_like(self.positions)

    def settled_results(self) -> tuple[Tensor, Tensor]:
        """Return squared distance and row of the nearest foreign sample, where they are known.

        Those that are settled have 0 and a row, the others infinity and `NO_ROW`.
        """
        squared = np.where(self.settled, 0.0, np.inf)
        return torch.from_numpy(squared), torch.from_numpy(self.equal_rows.copy())

    def of_distinct(self, results: Tensor) -> Tensor:
        """Return results (n,) of its samples, from those of all."""
        return taken(results, self.positions) if self.joined else results

    def of_all(self, results: Tensor) -> Tensor:
        """Return results (N,) of all samples, from those of its own."""
        return taken(results, self.kind) if self.joined else results


def fingerprint_weights(dimensions: int) -> NDArray[np.float64]:
    """Return the numbers (d,) whose product with a row is its fingerprint."""
    return np.random.default_rng(0).standard_normal(dimensions)


def without_duplicates(problem: Problem, fingerprints: list[Tensor]) -> Distinct:
    """Join the equal samples of each class.

    Parameters
    ----------
    fingerprints : per side (N,) numbers that equal rows share, and different ones hardly ever, on
        one device
    """
    if all_differ(fingerprints):
        return _as_it_is(problem)
    groups = groups_of_equals(problem.sides, [prints.cpu().numpy() for prints in fingerprints])
    ours, theirs = groups[: len(problem.samples)], groups[-len(problem.references) :]
    firsts, weights, kind = first_of_each(theirs, problem.references.codes)
    references = problem.references.taken(firsts)
    equal_rows = foreign_equals(ours, problem.samples.codes, theirs, problem.references)
    settled = bool((equal_rows != NO_ROW).any())
    if settled and any(map(_differences_may_vanish, problem.sides)):
        # Then rows that are not equal can be at distance 0, too: let all be looked at.
        return _as_it_is(problem)
    if problem.self_form:
        joined = Problem(references, references, problem.largest)
        return Distinct(joined, firsts, kind, firsts, weights, equal_rows[firsts])
    joined = Problem(problem.samples, references, problem.largest)
    everyone = np.arange(len(ours))
    return Distinct(joined, everyone, everyone, firsts, weights, equal_rows)


def _as_it_is(problem: Problem) -> Distinct:
    """Return a problem of which no samples are joined, and none is settled."""
    sizes = len(problem.samples), len(problem.references)
    ours, theirs = (np.arange(size, dtype=np.int64) for size in sizes)
    nothing = np.full_like(ours, NO_ROW)
    return Distinct(problem, ours, ours, theirs, np.ones_like(theirs), nothing)


def _differences_may_vanish(side: Samples) -> bool:
    """Whether the square of a difference of two values could underflow to zero."""
    values = side.values
    if values.dtype != torch.float64:
        return False
    small = SMALL
    if side.divisors is not None:
        small *= max(1.0, float(extremes(side.divisors)[1]))
    for chunk in row_chunks(values.shape[0], values.shape[1]):
        if any_between(column_of(values[chunk]), 0.0, small):
            return True
    return False


def groups_of_equals(sides: list[Samples], fingerprints: list[NDArray[Any]]) -> Integers:
    """Return for each position of all sides, one after the other, the first position equal to it.

    Parameters
    ----------
    sides : the samples, and the references if they are others
    fingerprints : per side (N,) numbers that equal rows share, and different ones hardly ever
    """
    together = np.concatenate(fingerprints)
    first = np.arange(len(together))
    order = np.argsort(together, kind="stable")
    repeated = np.flatnonzero(together[order[1:]] == together[order[:-1]]) + 1
    starts = np.ones(len(order), dtype=bool)
    starts[repeated] = False
    leader = order[np.maximum.accumulate(np.where(starts, np.arange(len(order)), 0))]
    members, leaders = order[repeated], leader[repeated]
    for chunk in row_chunks(len(members), sides[0].values.shape[1]):
        equal = (_rows(sides, members[chunk]) == _rows(sides, leaders[chunk])).all(1)
        first[members[chunk][equal]] = leaders[chunk][equal]
    return first


def _rows(sides: list[Samples], positions: Integers) -> NDArray[np.float64]:
    rows = np.empty((len(positions), sides[0].values.shape[1]))
    start = 0
    for side in sides:
        here = (positions >= start) & (positions < start + len(side))
        rows[here] = side.host_rows(positions[here] - start)
        start += len(side)
    return rows


def first_of_each(groups: Integers, codes: Integers) -> tuple[Integers, Integers, Integers]:
    """Return the first position of each group in each class, and how many it stands for.

    Also, for all positions, which of these stands for them.
    """
    # Positions of a class follow each other, and so the first one has the lowest row.
    keys = codes * (groups.max() + 1) + groups
    _, positions, kind, weights = np.unique(
        keys, return_index=True, return_inverse=True, return_counts=True
    )
    rank = np.argsort(positions)
    back = np.empty_like(rank)
    back[rank] = np.arange(len(rank))
    return positions[rank], weights[rank], back[kind]


def foreign_equals(
    groups: Integers, codes: Integers, other_groups: Integers, others: Samples
) -> Integers:
    """Return per sample the lowest row of an equal reference of another class, or `NO_ROW`.

    Parameters
    ----------
    groups, codes : (N,) of the samples
    other_groups : (M,) of the references, in the same numbers
    """
    rows, other_codes = others.order.cpu().numpy(), others.codes
    count = 1 + max(int(groups.max()), int(other_groups.max()))
    lowest = np.full(count, NO_ROW)
    np.minimum.at(lowest, other_groups, rows)
    class_of_row = np.empty(len(rows), dtype=np.int64)
    class_of_row[rows] = other_codes
    present = lowest != NO_ROW
    lowest_class = np.full(count, -1)
    lowest_class[present] = class_of_row[lowest[present]]
    # For samples of that very class: the lowest row of any other class.
    different = other_codes != lowest_class[other_groups]
    second = np.full(count, NO_ROW)
    np.minimum.at(second, other_groups[different], rows[different])
    return np.where(codes == lowest_class[groups], second[groups], lowest[groups])
