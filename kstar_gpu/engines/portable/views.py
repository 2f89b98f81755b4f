"""A tile's product as its sides see it: as its rows do, or as its columns do."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ...inputs.problem import Integers
from ..bounds import Certificate
from .balls import Balls

FAR = -torch.inf  # product of a pair that is not asked about: below every threshold
FEW_CLASSES = 32  # in the rows of a tile: to go through them costs less than a mask


class Part(NamedTuple):
    """One side of a tile: its positions and its balls."""

    positions: slice
    balls: Balls


class View(NamedTuple):
    """A tile's product as one of its sides sees it: `own` samples ask about the `others`."""

    acc: Tensor  # (rows, columns) as multiplied
    own: Part
    others: Part
    along: int  # the dimension of `acc` along which the others lie
    bounds: Certificate
    reduced: Tensor  # 0-d bool: the product is not what it says (canaries.py)

    def those(self, own: Tensor) -> Tensor | None:
        """Return which own samples (n,) bool are meant; None if the product was reduced.

        Both are found out at once: on a GPU either would be waited for.
        """
        found = torch.cat([own, self.reduced.expand(len(own) + 1)]).nonzero().squeeze(1)
        return None if len(found) > len(own) else found

    def pairs(self, least: Tensor) -> tuple[Tensor, Tensor]:
        """Return the pairs whose product is `least` (n,) of the own sample, or more.

        Own samples, and others.
        """
        column = self.column(least)
        if self.acc.device.type == "cpu":  # numpy finds them in a fraction of the time
            found = np.flatnonzero(self.acc.numpy() >= column.numpy())
            pair = np.divmod(found, self.acc.shape[1])
            return torch.from_numpy(pair[1 - self.along]), torch.from_numpy(pair[self.along])
        where = (self.acc >= column).nonzero().to(self.own.balls.radii.device)
        return where[:, 1 - self.along], where[:, self.along]

    def sums(self, tile: Tensor, factors: Tensor) -> Tensor:
        """Sum a tile over the others, each times its factor, (n,) per own sample."""
        return torch.mv(tile if self.along == 1 else tile.T, factors)

    def column(self, per_own: Tensor) -> Tensor:
        """Shape one number per own sample so that it meets `acc`."""
        return per_own.to(self.acc.device).unsqueeze(self.along)


def leave_out(acc: Tensor, codes: Integers, others: Integers, same: bool) -> None:
    """Make pairs of the same class, or all others, ones that are not asked about.

    Parameters
    ----------
    acc : (n, m) products
    codes, others : (n,) and (m,) classes of the rows and of the columns, rising
    """
    starts = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist()]
    if len(starts) > FEW_CLASSES or acc.device.type != "cpu":
        ours, theirs = (torch.from_numpy(side).to(acc.device) for side in (codes, others))
        equal = ours[:, None] == theirs
        acc.masked_fill_(equal if same else ~equal, FAR)
        return
    for start, stop in pairwise([*starts, len(codes)]):
        rows, code = acc[start:stop], codes[start]
        first, last = (int(np.searchsorted(others, code, end)) for end in ("left", "right"))
        for part in [(first, last)] if same else [(0, first), (last, len(others))]:
            rows[:, slice(*part)] = FAR
