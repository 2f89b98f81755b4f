"""All pairs of shards, each once: first for the nearest foreign samples, then for the counts.

Each step can be taken apart from the others, by whoever holds a shard: `make_shard`, a share of the
few samples (`Few.of`) and, once their centre is known, a summary (`Summary.of`); of all of these a
census (`make_census`); then `pairs.ready`, and the pairs in any order. `kstar` takes them all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..cpu_tensors import taken
from ..engines.registry import choose_pairs
from ..engines.shards import Census, Few, Floats, Nearest, Pairs, Shard, Summary, centre_of
from ..inputs.metrics import METRICS
from ..inputs.problem import Integers, check_scale, checked_magnitude, in_class_order


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


def visits(count: int, others: int | None = None) -> Iterator[tuple[int, int | None]]:
    """Yield every pair of shards once; None for the other where a shard meets itself.

    First each of them meets itself: what its samples know then makes other pairs cheap. Of a pair
    to the next one of its two shards stays, so that who holds but two of them loads one.

    Parameters
    ----------
    others : how many shards the references have, if there are any
    """
    if others is not None:
        for one in range(count):
            columns = range(others)
            yield from ((one, other) for other in (columns if one % 2 == 0 else columns[::-1]))
        return
    for one in range(count):
        yield one, None
    for one in range(count):
        columns = range(one + 1, count)
        yield from ((one, other) for other in (columns if one % 2 == 0 else columns[::-1]))


def kstar(
    samples: Sequence[Shard],
    references: Sequence[Shard] | None,
    metric: str,
    backend: str,
    device: torch.device,
) -> Found:
    """Return k* of all samples, whose ids are 0, 1, 2 ...; a shard after the other, all in memory.

    Parameters
    ----------
    references : place each sample alone among these, whose ids are their own
    """
    pairs = choose_pairs(backend, metric, device)
    samples = [shard for shard in samples if len(shard) > 0]
    sides = [samples]
    if references is not None:
        sides.append([shard for shard in references if len(shard) > 0])
    pairs.agree(take_census(pairs, sides, metric))
    ready = [[pairs.ready(shard) for shard in shards] for shards in sides]
    known = [Nearest.nothing(len(shard)) for shard in samples]
    counts = [np.zeros(len(shard), dtype=np.int64) for shard in samples]
    met = list(visits(len(samples), None if references is None else len(sides[1])))
    both = references is None
    for one, other in met:
        asked = known[other] if both and other is not None else None
        theirs = None if other is None else ready[-1][other]
        pairs.search(ready[0][one], theirs, known[one], asked)
    for one, other in met:
        radii = known[other].squared if both and other is not None else None
        theirs = None if other is None else ready[-1][other]
        ours, others = pairs.within(ready[0][one], theirs, known[one].squared, radii)
        counts[one] += ours
        if others is not None and other is not None:
            counts[other] += others
    return gathered(samples, known, counts)


def gathered(
    samples: Sequence[Shard], known: Sequence[Nearest], counts: Sequence[Integers]
) -> Found:
    """Return the results of all shards by the ids of their samples."""
    total = sum(map(len, samples))
    found = Found(np.empty(total, np.int64), np.empty(total), np.empty(total, np.int64))
    for shard, nearest, count in zip(samples, known, counts, strict=True):
        found.kstar[shard.ids] = 1 + count
        found.squared[shard.ids], found.index[shard.ids] = nearest.squared, nearest.ids
    return found
