"""Samples that move to other ranks, and what is found of them there that comes back."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...cpu_tensors import in_float64, row_bytes, taken
from ...inputs.problem import Integers
from .group import Ranks


class Moves:
    """Which samples of this rank move to which, and those that come from the others instead.

    Parameters
    ----------
    to : (n,) rank that each sample moves to, its own one or another; -1 for those of no interest
    """

    def __init__(self, ranks: Ranks, to: Integers) -> None:
        self.ranks, self.count = ranks, len(to)
        self.parts = [np.flatnonzero(to == rank) for rank in range(ranks.size)]
        counts = ranks.gather(np.array([len(part) for part in self.parts]))
        self.counts = [int(each[ranks.rank]) for each in counts]

    def moved(self, values: Tensor, facts: Integers) -> tuple[Tensor, Integers]:
        """Return rows (m, d) and facts (k, m) of the samples that have come, of those that went.

        Parameters
        ----------
        values : (n, d) of float64 on all ranks, or of another type that all have
        facts : (k, n)
        """
        if len({*self.ranks.gather(values.dtype)}) > 1:
            values = torch.from_numpy(in_float64(values))
        rows = self._swapped([row_bytes(taken(values, part)) for part in self.parts])
        told = self._swapped([torch.from_numpy(facts[:, part].T.copy()) for part in self.parts])
        return torch.cat(rows).view(values.dtype), torch.cat(told).numpy().T.copy()

    def returned(self, answers: Integers) -> NDArray[np.int64]:
        """Return answers (k, m) about those that have come, to where they were: (k, n).

        Those that did not move have 0.
        """
        back = np.split(answers, np.cumsum(self.counts)[:-1], axis=1)
        sent = [torch.from_numpy(each.T.copy()) for each in back]
        counts = [len(part) for part in self.parts]
        mine = np.zeros((len(answers), self.count), np.int64)
        for part, each in zip(self.parts, self.ranks.swap(sent, counts), strict=True):
            mine[:, part] = each.numpy().T
        return mine

    def _swapped(self, parts: list[Tensor]) -> list[Tensor]:
        return self.ranks.swap(parts, self.counts)
