"""Classes that lie whole on one rank each, to be counted there: one exchange instead of many.

Only samples of one class count one another. So a class needs to be in one place, and no two ranks
need to meet for it; but a class that alone would keep its rank busy for longer than its share is
left to all of them.
"""

from collections.abc import Sequence
from heapq import heapify, heapreplace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...engines.pairs import Pairs
from ...engines.shards import Nearest, Shard
from ...inputs.problem import Integers
from .group import Ranks
from .meeting import ShardOf
from .moves import Moves
from .party import Count, Party, by_row, came_as

READY = 1024  # pairs of samples in whose time one sample is made ready


class Places(NamedTuple):
    """Where classes are counted, (C,) each."""

    rank: Integers  # that counts the class alone; -1 for none
    together: NDArray[np.bool_]  # whether the samples of all ranks meet for it


def places(sizes: Sequence[Integers], ranks: int) -> Places:
    """Return where classes are counted, so that all ranks are done at about the same time.

    Parameters
    ----------
    sizes : of the classes, (C,): of samples, and of references if there are any
    """
    samples, references = sizes[0].astype(np.float64), sizes[-1].astype(np.float64)
    if len(sizes) == 1:
        pairs, rows, met = samples * (samples - 1) / 2, samples, ranks // 2
    else:
        pairs, rows, met = samples * references, samples + references, ranks - 1
    alone = np.where(pairs > 0, pairs + READY * rows, 0.0)
    in_rounds = (pairs + READY * samples * met) / ranks
    order = np.argsort(-alone, kind="stable")
    order = order[: np.count_nonzero(alone)]  # the others count nothing
    rank = np.full(len(alone), -1)
    together = np.zeros(len(alone), np.bool_)
    left = _left_to_all(alone[order], in_rounds[order], ranks)
    together[order[:left]] = True
    busy = [(0.0, each) for each in range(ranks)]
    heapify(busy)
    for one in order[left:]:
        so_far, least = busy[0]
        rank[one] = least
        heapreplace(busy, (so_far + alone[one], least))
    return Places(rank, together)


def _left_to_all(alone: NDArray[np.float64], in_rounds: NDArray[np.float64], ranks: int) -> int:
    """Return how many of the classes, the largest first, all ranks had better count together.

    Of the others the busiest rank has its share at least, and the largest; and where they are more
    than the ranks two of the largest are on one.
    """
    before = np.concatenate([[0.0], np.cumsum(in_rounds)])
    rest = np.concatenate([np.cumsum(alone[::-1])[::-1], [0.0]])
    sizes = np.append(alone, np.zeros(ranks + 1))
    largest, last, more = (sizes[k:][: len(rest)] for k in (0, ranks - 1, ranks))
    busiest = np.maximum.reduce([rest / ranks, largest, np.where(more > 0, last + more, 0.0)])
    return int((before + busiest).argmin())


def count_in_places(
    ranks: Ranks,
    pairs: Pairs[Any],
    party: Party,
    references: Shard | None,
    where: Places,
    shard_of: ShardOf,
) -> None:
    """Count the classes that lie on one rank each; all ranks take part."""
    codes, ids = by_row(party.shard, party.shard.codes, party.shard.ids)
    [squared] = by_row(party.shard, party.known.squared.view(np.int64))
    moves = Moves(ranks, where.rank[codes])
    values, facts = moves.moved(party.shard.samples.values, np.stack([codes, ids, squared]))
    others = None
    if references is not None:
        theirs = by_row(references, references.codes, references.ids)
        of_class = Moves(ranks, where.rank[theirs[0]])
        others = of_class.moved(references.samples.values, theirs)

    def counted() -> Integers:
        counts = np.zeros(facts.shape[1], np.int64)
        if len(counts) > 0 and (others is None or len(others[0]) > 0):
            shard = shard_of(values, *facts[:2])
            at = came_as(shard, facts[1])
            known = Nearest(facts[2][at].view(np.float64), shard.ids)
            some = Party(shard, known, np.zeros(len(shard), np.int64))
            if others is None:
                Count().ask(pairs, pairs.ready(shard), None, some, None)
            else:
                hosts = shard_of(others[0], *others[1])
                Count().ask(pairs, pairs.ready(hosts), pairs.ready(shard), None, some)
            counts[at] = some.counts
        return counts

    counts = ranks.agreed(counted, "classes")
    [rows] = moves.returned(counts[None])
    party.counts[:] += rows[party.shard.samples.order.cpu().numpy()]
