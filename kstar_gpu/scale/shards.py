"""All pairs of shards, each once: first for the nearest foreign samples, then for the counts.

Each step can be taken apart from the others, by whoever holds a shard: `make_shard`, a share of the
few samples (`Few.of`) and, once their centre is known, a summary (`Summary.of`); of all of these a
census (`make_census`); then `pairs.ready`, and the pairs in any order. `kstar` takes them all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any, Generic

import numpy as np
import torch
from torch import Tensor

from ..cpu_tensors import taken
from ..engines.pairs import Pairs, Ready
from ..engines.registry import choose_pairs
from ..engines.shards import Census, Few, Floats, Nearest, Shard, Summary, centre_of
from ..inputs.metrics import METRICS
from ..inputs.problem import Integers, check_scale, checked_magnitude, in_class_order

Visit = tuple[int, int | None]


@dataclass(frozen=True)
class Found:
    """One entry per sample: its k*, and the squared distance and id of its nearest foreign one."""

    kstar: Integers
    squared: Floats
    index: Integers


def make_shard(
    values: Tensor,
    codes: Integers,
    ids: Integers,
    metric: str,
    device: torch.device,
    name: str = "features",
) -> Shard:
    """Check some samples, and put them in class order on `device`.

    Parameters
    ----------
    values : (n, d) floats, rows contiguous; n may be 0
    codes : (n,) classes, coded as in all shards
    ids : (n,) of the samples among all, each a different one
    """
    largest = checked_magnitude(values, name)
    if (np.diff(ids) < 0).any():
        order = np.argsort(ids)
        values, codes, ids = taken(values, order), codes[order], ids[order]
    samples = in_class_order(values, codes, metric, name, device)
    return Shard(samples, ids[samples.order.cpu().numpy()], largest)


def make_census(few: Sequence[Few], summaries: Sequence[Summary], metric: str) -> Census:
    """Return what all shards know of all; of the samples, and of the references if there are any.

    Raises
    ------
    ValueError
        If all numbers are so large, or so small, that their squares would leave float64.
    """
    normed = METRICS[metric].divisors is not None
    census = Census(list(few), centre_of(few), list(summaries), normed)
    check_scale(census.whole.largest)
    return census


def take_census(pairs: Pairs[Any], sides: Sequence[Sequence[Shard]], metric: str) -> Census:
    """Return the census of shards that are all here.

    Parameters
    ----------
    sides : the shards of the samples, and those of the references if there are any
    """
    total = sum(len(shard) for shards in sides for shard in shards)
    few = [Few.together([Few.of(shard, total) for shard in shards]) for shards in sides]
    centre = centre_of(few)
    summaries = [
        reduce(add, (Summary.of(shard, pairs.lengths(shard, centre)) for shard in shards))
        for shards in sides
    ]
    return make_census(few, summaries, metric)


def visits(count: int, others: int | None = None) -> list[Visit]:
    """Return every pair of shards once; None for the other where a shard meets itself.

    Each of them meets itself before it meets others: what its samples know then makes that cheap.
    Of a pair to the next one of its two shards stays, so that who holds but two of them loads one.

    Parameters
    ----------
    others : how many shards the references have, if there are any
    """
    met: list[Visit] = []
    for one in range(count):
        columns = range(one + 1, count) if others is None else range(others)
        for other in columns if one % 2 == 0 else columns[::-1]:
            if others is None and one == 0:
                met.append((other, None))
            met.append((one, other))
    return [(0, None), *met] if others is None else met


def rounds(count: int, others: int | None = None) -> list[list[tuple[int, int]]]:
    """Return every pair of different shards once, in rounds in which none asks twice.

    A tournament: one keeps its seat, and the others move on by one from round to round.

    Parameters
    ----------
    others : how many shards the references have, if there are any: then each of the samples' meets
        each of those
    """
    if others is not None:
        return [[(one, (one + turn) % others) for one in range(count)] for turn in range(others)]
    seats = count + count % 2  # who sits opposite a shard that is none pauses
    played = []
    for turn in range(seats - 1):
        row = [0, *(1 + (turn + seat) % (seats - 1) for seat in range(seats - 1))]
        opposite = zip(row[: seats // 2], row[::-1], strict=False)
        played.append([(min(two), max(two)) for two in opposite if max(two) < count])
    return played


@dataclass(frozen=True)
class Asking(Generic[Ready]):
    """Shards that ask both questions, pair by pair.

    Attributes
    ----------
    pairs : what serves a pair
    ready : from a side (0: samples, -1: references) and a number to that shard, made ready
    known, counts : of each shard of the samples, written to
    self_form : whether the samples are their own references
    """

    pairs: Pairs[Ready]
    ready: Callable[[int, int], Ready]
    known: Sequence[Nearest]
    counts: Sequence[Integers]
    self_form: bool

    def search(self, one: int, other: int | None) -> None:
        """Let a pair of shards tell each other of nearer foreign samples. Again does no harm."""
        asked = self.known[other] if self.self_form and other is not None else None
        self.pairs.search(self.ready(0, one), self._theirs(other), self.known[one], asked)

    def count(self, one: int, other: int | None) -> None:
        """Add what a pair of shards has of its classes within the radii; once."""
        radii = self.known[other].squared if self.self_form and other is not None else None
        ours, theirs = self.pairs.within(
            self.ready(0, one), self._theirs(other), self.known[one].squared, radii
        )
        self.counts[one][:] += ours
        if other is not None and theirs is not None:
            self.counts[other][:] += theirs

    def _theirs(self, other: int | None) -> Ready | None:
        return None if other is None else self.ready(-1, other)


def kstar(
    samples: Sequence[Shard],
    references: Sequence[Shard] | None,
    metric: str,
    backend: str,
    device: torch.device,
) -> Found:
    """Return k* of all samples, whose ids are 0, 1, 2 ..., of shards that are all in memory.

    Parameters
    ----------
    references : place each sample alone among these, whose ids are their own
    """
    pairs = choose_pairs(backend, metric, device)
    sides = [samples] if references is None else [samples, references]
    sides = [[shard for shard in shards if len(shard) > 0] for shards in sides]
    pairs.agree(take_census(pairs, sides, metric))
    ready = [[pairs.ready(shard) for shard in shards] for shards in sides]
    known = [Nearest.nothing(len(shard)) for shard in sides[0]]
    counts = [np.zeros(len(shard), dtype=np.int64) for shard in sides[0]]
    asking = Asking(pairs, lambda s, i: ready[s][i], known, counts, references is None)
    met = visits(len(sides[0]), None if references is None else len(sides[1]))
    for pair in met:
        asking.search(*pair)
    for pair in met:
        asking.count(*pair)
    ids = np.concatenate([shard.ids for shard in sides[0]])
    nearest = Nearest(
        np.concatenate([one.squared for one in known]), np.concatenate([one.ids for one in known])
    )
    return by_id(ids, nearest, np.concatenate(counts))


def by_id(ids: Integers, nearest: Nearest, counts: Integers) -> Found:
    """Return results of all samples, 0, 1, 2 ..., which come in another order."""
    empty = np.empty_like
    found = Found(empty(counts), empty(nearest.squared), empty(nearest.ids))
    found.kstar[ids], found.squared[ids], found.index[ids] = (
        1 + counts,
        nearest.squared,
        nearest.ids,
    )
    return found
