"""Equal samples are looked at once.

A dead layer can map thousands of samples to one row, and every pair of them would be as near as
any other: no bound tells them apart. So equal rows of one class become one sample with a weight,
and a sample that has an equal one in another class is settled at once: its k* is 1.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from .distance import row_chunks
from .problem import Samples

Integers = NDArray[np.int64]
NO_ROW = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Distinct:
    """The distinct samples of each class, by position, and where the others went."""

    positions: Integers  # (n,) of the first sample of each kind
    weights: Integers  # (n,) how many samples are like it
    kind: Integers  # (N,) position -> index into `positions`

    def taken(self, order: Integers) -> "Distinct":
        """Return the same samples in another order."""
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        return Distinct(self.positions[order], self.weights[order], place[self.kind])


def groups_of_equals(sides: list[Samples], fingerprints: list[NDArray[np.float64]]) -> Integers:
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
    if len(repeated) == 0:
        return first
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
        rows[here] = side.rows(torch.from_numpy(positions[here] - start)).numpy()
        start += len(side)
    return rows


def distinct(groups: Integers, codes: Integers) -> Distinct:
    """Join the equal samples of each class; `groups` and `codes` are per position."""
    # Positions of a class follow each other, and so the first one has the lowest row.
    keys = codes * (groups.max() + 1) + groups
    _, positions, kind, weights = np.unique(
        keys, return_index=True, return_inverse=True, return_counts=True
    )
    rank = np.argsort(positions)
    back = np.empty_like(rank)
    back[rank] = np.arange(len(rank))
    return Distinct(positions[rank], weights[rank], back[kind])


def foreign_equals(
    groups: Integers, codes: Integers, other_groups: Integers, others: Samples
) -> Integers:
    """Return per sample the lowest row of an equal reference of another class, or `NO_ROW`.

    Parameters
    ----------
    groups, codes : (N,) of the samples
    other_groups : (M,) of the references, in the same numbers
    """
    rows, other_codes = others.order.numpy(), others.codes
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
