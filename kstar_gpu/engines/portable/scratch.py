"""Memory that tiles use again and again: new pages cost as much as a product."""

from collections.abc import Sequence

import torch
from torch import Tensor

from . import canaries


class Scratch:
    """Room for tiles of one largest side, by use and type."""

    def __init__(self, side: int, device: torch.device) -> None:
        self.side = side
        self.device = device
        self.rooms: dict[tuple[str, torch.dtype], Tensor] = {}
        self.never = torch.zeros((), dtype=torch.bool, device=device)

    def tile(self, use: str, shape: Sequence[int], dtype: torch.dtype) -> Tensor:
        """Return memory for a tile, the same each time."""
        rows, columns = shape
        # Products are written much faster where every row begins on a cache line.
        return self.room(use, (rows, _padded(columns)), dtype)[:, :columns]

    def room(self, use: str, shape: Sequence[int], dtype: torch.dtype) -> Tensor:
        """Return the same with rows that follow each other at once."""
        key = use, dtype
        if key not in self.rooms:
            self.rooms[key] = torch.empty(
                (self.side + canaries.ROWS) * _padded(self.side), dtype=dtype, device=self.device
            )
        rows, columns = shape
        return self.rooms[key][: rows * columns].view(rows, columns)


def _padded(columns: int) -> int:
    return -(-columns // 16) * 16
