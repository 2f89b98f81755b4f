"""A tile's product as its sides see it: as its rows do, or as its columns do."""

from typing import NamedTuple

import torch
from torch import Tensor

from ..bounds import Certificate
from .balls import Balls

FAR = -torch.inf  # product of a pair that is not asked about: below every threshold


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

    def pairs(self, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return the pairs that are marked, a mask as `acc` is: own samples, and others."""
        pair = mask.nonzero().to(self.own.balls.radii.device)
        return pair[:, 1 - self.along], pair[:, self.along]

    def sums(self, tile: Tensor, factors: Tensor) -> Tensor:
        """Sum a tile over the others, each times its factor, (n,) per own sample."""
        return torch.mv(tile if self.along == 1 else tile.T, factors)

    def column(self, per_own: Tensor) -> Tensor:
        """Shape one number per own sample so that it meets `acc`."""
        return per_own.to(self.acc.device).unsqueeze(self.along)
