"""Ways to compute k* that people write in torch, on any device, and the bare product.

All are called alike, as ``peer(x, y, rows, block)``:

x : (N, d) float32
y : (N,) int64, classes 0 .. C-1
rows : (M,) int64, the samples wanted, or None for all
block : rows to a block, which bounds the memory

and return the k* of those samples, (M,) int64, where they compute it.
"""

from collections.abc import Callable
from functools import cache
from typing import Protocol

import torch
from torch import Tensor

FAR = 1e30  # beyond any squared distance here


class TorchPeer(Protocol):
    """The signature that the functions of this page share."""

    def __call__(self, x: Tensor, y: Tensor, rows: Tensor | None, block: int) -> Tensor | None:
        """Return the k* of the rows, if it computes any."""
        ...


def product(x: Tensor, y: Tensor, rows: Tensor | None, block: int) -> None:
    """Compute the bare N x N float32 product, each block in fresh memory, as people write it."""
    for part in torch.split(_selected(x, rows), block):
        torch.mm(part, x.T)


def product_into(x: Tensor, y: Tensor, rows: Tensor | None, block: int) -> None:
    """Compute the bare N x N float32 product into one buffer, which saves page faults."""
    buffer = x.new_empty(block, len(x))
    for part in torch.split(_selected(x, rows), block):
        torch.mm(part, x.T, out=buffer[: len(part)])


def authors(x: Tensor, y: Tensor, rows: Tensor | None, block: int) -> Tensor:
    """Compute k* as the authors' notebook does: distances, sort, first different label.

    `torch.cdist` in float32, `argsort`, and then the position of the first different label in
    the sorted row, whose first entry is assumed to be the sample itself. The notebook holds the
    N x N matrix and loops over samples; here both are done by blocks of rows.
    """
    parts = []
    for part, own in zip(
        torch.split(_selected(x, rows), block), torch.split(_selected(y, rows), block), strict=True
    ):
        order = torch.cdist(part, x).argsort(dim=1)
        foreign = y[order] != own[:, None]
        parts.append(foreign.to(torch.uint8).argmax(dim=1))  # argmax: the first of the largest
    return torch.cat(parts)


def keops(x: Tensor, y: Tensor, rows: Tensor | None, block: int) -> Tensor:
    """Compute k* by KeOps: the least foreign distance, then how many of the class are nearer.

    Its compiled reductions hold no distances at all, so the block is of no use to it.
    """
    from pykeops.torch import LazyTensor

    wanted, own = _selected(x, rows), _selected(y, rows).float()
    distances = ((LazyTensor(wanted[:, None]) - LazyTensor(x[None])) ** 2).sum(-1)
    labels_apart = LazyTensor(own[:, None, None]) - LazyTensor(y.float()[None, :, None])
    foreign = labels_apart.square().sign()
    nearest = (distances + (1 - foreign) * FAR).min(dim=1)
    nearer = (1 - foreign) * (LazyTensor(nearest[:, None]) - distances).relu().sign()
    counts: Tensor = nearer.sum(dim=1)[:, 0].round().long()
    return counts.clamp(min=1)  # it counts the sample itself, unless a foreign one is there


def compiled(x: Tensor, y: Tensor, rows: Tensor | None, block: int) -> Tensor:
    """Compute k* by a fused torch program: a product, a masked minimum and a count per block.

    The best that a good user of torch would write, compiled by `torch.compile`.
    """
    numbers = torch.arange(len(x), device=x.device) if rows is None else rows
    squares = (x * x).sum(1)
    program = _compiled_block()
    return torch.cat([program(x, y, squares, part) for part in torch.split(numbers, block)])


@cache
def _compiled_block() -> Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]:
    def ranks(x: Tensor, y: Tensor, squares: Tensor, part: Tensor) -> Tensor:
        distances = squares[part][:, None] + squares - 2 * (x[part] @ x.T)
        own = y[part][:, None] == y
        nearest = distances.masked_fill(own, torch.inf).amin(1, keepdim=True)
        itself = part[:, None] == torch.arange(len(y), device=y.device)
        return 1 + (own & ~itself & (distances < nearest)).sum(1)

    program: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor] = torch.compile(ranks, dynamic=True)
    return program


def ranks_of_foreign(near: Tensor, y: Tensor, rows: Tensor) -> Tensor:
    """Return k* of rows (M,) from their neighbours (M, k), nearest first, themselves among them."""
    first = (y[near] != y[rows, None]).to(torch.uint8).argmax(dim=1)
    before = torch.arange(near.shape[1], device=near.device) < first[:, None]
    itself_before = ((near == rows[:, None]) & before).any(dim=1)
    return first + 1 - itself_before.long()


def _selected(values: Tensor, rows: Tensor | None) -> Tensor:
    return values if rows is None else values[rows]


TORCH_PEERS: dict[str, TorchPeer] = {
    "product": product,
    "product_into": product_into,
    "authors": authors,
    "keops": keops,
    "compiled": compiled,
}
