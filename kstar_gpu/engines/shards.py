"""Shards: parts of a problem that meet pair by pair, where the whole is too large, or lies apart.

The canonical distance belongs to a pair of samples. So the nearest foreign sample is the least of
(squared distance, id) over all pairs of shards, and what is within a radius is a sum: neither
depends on how many shards there are, in which order they meet, or what computes.

What makes it fast is agreed once, from small facts of every shard that add up (`Census`): then the
balls of one shard fit those of any other. It decides about no result; any census is valid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import add
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..columns import stable_order
from ..inputs.problem import Integers, Samples
from .duplicates import NO_ROW
from .frame import CENTRE_ROWS, middle_row

Floats = NDArray[np.float64]

FEW_ROWS = 8192  # of all shards together, that stand for the others where a choice is made
# Of the samples farthest from the centre, whose distances are told: one more than an engine takes
# for outliers.
LONGEST = 4097


@dataclass(frozen=True)
class Shard:
    """Some samples of one side, in class order. There may be none.

    Attributes
    ----------
    samples : whose rows rise by id, and whose classes are coded as in all shards
    ids : (n,) of each position: by which equally near samples are told apart, the lowest one wins
    largest : magnitude of the rows' numbers, as given
    """

    samples: Samples
    ids: Integers
    largest: float

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def codes(self) -> Integers:
        """Class of each position."""
        return self.samples.codes


@dataclass(frozen=True)
class Nearest:
    """What the samples of a shard know of foreign ones, by position; written to as they meet them.

    Attributes
    ----------
    squared : (n,) distance to the nearest; infinity where none is known
    ids : (n,) its id, the lowest among equals; `NO_ROW` where none is known
    """

    squared: Floats
    ids: Integers

    @staticmethod
    def nothing(count: int) -> "Nearest":
        """Return what so many samples know before they meet any."""
        return Nearest(np.full(count, np.inf), np.full(count, NO_ROW))

    def learn(self, squared: Floats, ids: Integers) -> None:
        """Keep the nearer of what is known and this, and among equals the lower id."""
        tells = (squared < self.squared) | ((squared == self.squared) & (ids < self.ids))
        self.squared[tells], self.ids[tells] = squared[tells], ids[tells]


@dataclass(frozen=True)
class Few:
    """Some samples of shards that stand for all."""

    rows: Floats  # (m, d) as the canonical distance reads them
    codes: Integers
    ids: Integers

    def __len__(self) -> int:
        return len(self.ids)

    def __getstate__(self) -> dict[str, Any]:
        """Travel in half of the bytes where the rows were of a narrower type."""
        with np.errstate(over="ignore"):
            narrow = self.rows.astype(np.float32)
        rows = narrow if np.array_equal(narrow, self.rows) else self.rows
        return {**vars(self), "rows": rows}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, rows=state["rows"].astype(np.float64, copy=False))

    @staticmethod
    def of(shard: Shard, total: int, few: int = FEW_ROWS) -> "Few":
        """Return a shard's share of the few samples.

        Parameters
        ----------
        total : how many samples all shards have
        few : about how many are wanted of them
        """
        positions = np.arange(0, len(shard), max(1, -(-total // few)))
        rows = shard.samples.host_rows(positions)
        return Few(rows, shard.codes[positions], shard.ids[positions])

    @staticmethod
    def together(parts: Sequence["Few"]) -> "Few":
        """Return the few samples of all shards, in class order."""
        rows = np.concatenate([part.rows for part in parts])
        codes = np.concatenate([part.codes for part in parts])
        ids = np.concatenate([part.ids for part in parts])
        order = stable_order(codes)
        return Few(rows[order], codes[order], ids[order])

    def shard(self, most: int) -> Shard:
        """Return at most so many of them as a shard, to be met by others."""
        some = slice(None, None, max(1, -(-len(self) // most)))
        rows, codes = torch.from_numpy(np.ascontiguousarray(self.rows[some])), self.codes[some]
        samples = Samples(rows, None, torch.arange(len(codes), device="cpu"), codes)
        return Shard(samples, self.ids[some], 0.0)


def centre_of(few: Sequence[Few]) -> Floats:
    """Return a point amid the few samples of all sides, by some of them as in `make_centre`."""
    some = [side.rows[:: max(1, -(-len(side) // CENTRE_ROWS))] for side in few]
    return middle_row(np.concatenate(some))


@dataclass(frozen=True)
class Summary:
    """Facts of some shards of one side, to be added to those of others.

    Attributes
    ----------
    count : of samples
    largest : magnitude of their numbers, as given
    longest : at most `LONGEST` of the largest distances from the centre
    """

    count: int
    largest: float
    longest: Floats

    @staticmethod
    def of(shard: Shard, lengths: Floats) -> "Summary":
        """Return the facts of one shard, whose samples are so far from the centre."""
        return Summary(len(shard), shard.largest, _longest(lengths))

    def __add__(self, other: "Summary") -> "Summary":
        longest = _longest(np.concatenate([self.longest, other.longest]))
        return Summary(self.count + other.count, max(self.largest, other.largest), longest)


def _longest(lengths: Floats) -> Floats:
    if len(lengths) <= LONGEST:
        return lengths
    return np.partition(lengths, -LONGEST)[-LONGEST:]


@dataclass(frozen=True)
class Census:
    """What all shards know of all: the same for each of them.

    Attributes
    ----------
    few : of the samples, and of the references if they are others
    centre : (d,) from `centre_of`
    summaries : likewise of the samples, and of the references
    normed : whether the metric divides each row by its norm
    """

    few: list[Few]
    centre: Floats
    summaries: list[Summary]
    normed: bool

    @property
    def self_form(self) -> bool:
        """Whether the samples are their own references."""
        return len(self.summaries) == 1

    @cached_property
    def whole(self) -> Summary:
        """The facts of all sides together."""
        return reduce(add, self.summaries)

    @property
    def largest(self) -> float:
        """Return the magnitude of all numbers, as the canonical distance reads them."""
        return 1.0 if self.normed else self.whole.largest
