"""Samples dealt to the ranks anew, class by class, where some ranks would have little to do.

Where samples are sorted some ranks that meet have but one class, and nothing to search, and others
none in common, and nothing to count; or some have more samples than others. In each round all wait
for the busiest. Dealt in turns, every rank has as many of each class.
"""

import numpy as np
import torch
from torch import Tensor

from ..cpu_tensors import in_float64, row_bytes, taken
from ..inputs.problem import Integers
from .ranks import Ranks
from .shards import Found

WORTH = 1.2  # times as long as dealt samples would take; each is sent once more for it


def is_worth(table: Integers) -> bool:
    """Whether samples are to be dealt, of which each rank has so many of each class, (W, C)."""
    even = np.broadcast_to(table.sum(0) / len(table), table.shape)
    return _duration(table.astype(np.float64)) > WORTH * _duration(even)


def _duration(table: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """Return how long all rounds take, in pairs of samples: each as long as its busiest rank."""
    sizes = table.sum(1)
    same = table @ table.T
    rank = np.arange(len(table))
    ahead = [(rank + step) % len(table) for step in range(len(table) // 2 + 1)]
    questions = (np.outer(sizes, sizes) - same, same)
    rounds = [[pairs[rank, other].max() for other in ahead] for pairs in questions]
    return float(sum(sum(busiest) - busiest[0] / 2 for busiest in rounds))  # the first: own ones


class Dealing:
    """Which samples of this rank go to which, and how their answers come back.

    Parameters
    ----------
    table : (W, C) how many samples each rank has of each class
    codes : of the samples of this rank
    """

    def __init__(self, ranks: Ranks, table: Integers, codes: Integers) -> None:
        self.ranks = ranks
        sizes = table.sum(0)
        before = table[: ranks.rank].sum(0)
        order = np.argsort(codes, kind="stable")
        own = np.bincount(codes, minlength=len(sizes))
        # All samples in a row, by class, and in each by rank: dealt in turns.
        skipped = np.cumsum(sizes) - sizes + before - (np.cumsum(own) - own)
        to = (np.arange(len(codes)) + skipped[codes[order]]) % ranks.size
        self.parts = [order[to == rank] for rank in range(ranks.size)]
        counts = ranks.gather(np.array([len(part) for part in self.parts]))
        self.counts = [int(each[ranks.rank]) for each in counts]

    def dealt(
        self, values: Tensor, codes: Integers, ids: Integers
    ) -> tuple[Tensor, Integers, Integers]:
        """Return the samples that this rank has then, of its own and from the others."""
        if len({*self.ranks.gather(values.dtype)}) > 1:
            values = torch.from_numpy(in_float64(values))
        facts = np.stack([codes, ids], axis=1)
        came = self._swapped([row_bytes(taken(values, part)) for part in self.parts])
        told = torch.cat(self._swapped([torch.from_numpy(facts[part]) for part in self.parts]))
        codes, self.ids = told.numpy().T.copy()
        return torch.cat(came).view(values.dtype), codes, self.ids

    def returned(self, found: Found, of: Integers) -> Found:
        """Return the answers for the samples that this rank had, in their order.

        Parameters
        ----------
        of : ids of the samples that were found something of
        """
        order = np.argsort(of)
        at = order[np.searchsorted(of, self.ids, sorter=order)]
        answers = np.stack([found.kstar, found.squared.view(np.int64), found.index], axis=1)[at]
        came = np.split(answers, np.cumsum(self.counts)[:-1])
        back = [torch.from_numpy(each) for each in came]
        counts = [len(part) for part in self.parts]
        mine = np.empty((sum(counts), 3), np.int64)
        for part, each in zip(self.parts, self.ranks.swap(back, counts), strict=True):
            mine[part] = each.numpy()
        kstar, squared, index = mine.T.copy()
        return Found(kstar, squared.view(np.float64), index)

    def _swapped(self, parts: list[Tensor]) -> list[Tensor]:
        return self.ranks.swap(parts, self.counts)
