"""What kstar() is compared with: the bare product, and other ways to compute k*.

All are called alike, as ``peer(features, labels, rows=None, block=...)``:

features : (N, d) float32
labels : (N,) int64, classes 0 .. C-1
rows : (M,) int64, optional; the samples wanted, all by default
block : rows to a block, which bounds the memory; `fastest_block` finds the best for a machine

and return the k* of those samples, (M,) int64, where they compute it.
"""

from collections.abc import Callable
from functools import cache
from time import perf_counter
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Features = NDArray[np.float32]
Integers = NDArray[np.int64]

BLOCKS = (64, 128, 256, 512, 1024)
TRIAL_ROWS = max(BLOCKS)
FEWEST_NEIGHBOURS = 32
FAR = 1e30  # beyond any squared distance here


class Peer(Protocol):
    """The signature that the functions of this page share."""

    def __call__(
        self, features: Features, labels: Integers, rows: Integers | None = ..., block: int = ...
    ) -> Integers | None:
        """Return the k* of the rows, if it computes any."""
        ...


def product(
    features: Features, labels: Integers, rows: Integers | None = None, block: int = 128
) -> None:
    """Compute the bare N x N float32 product, each block in fresh memory, as people write it."""
    x = torch.from_numpy(features)
    for part in torch.split(_selected(features, rows), block):
        torch.mm(part, x.T)


def product_into(
    features: Features, labels: Integers, rows: Integers | None = None, block: int = 128
) -> None:
    """Compute the bare N x N float32 product into one buffer, which saves page faults."""
    x = torch.from_numpy(features)
    buffer = torch.empty(block, len(x))
    for part in torch.split(_selected(features, rows), block):
        torch.mm(part, x.T, out=buffer[: len(part)])


def authors(
    features: Features, labels: Integers, rows: Integers | None = None, block: int = 128
) -> Integers:
    """Compute k* as the authors' notebook does: distances, sort, first different label.

    `torch.cdist` in float32, `argsort`, and then the position of the first different label in
    the sorted row, whose first entry is assumed to be the sample itself. The notebook holds the
    N x N matrix and loops over samples; here both are done by blocks of rows.
    """
    x, y = torch.from_numpy(features), torch.from_numpy(labels)
    parts = []
    for part, own in zip(
        torch.split(_selected(features, rows), block),
        torch.split(_selected(labels, rows), block),
        strict=True,
    ):
        order = torch.cdist(part, x).argsort(dim=1)
        foreign = y[order] != own[:, None]
        parts.append(foreign.to(torch.uint8).argmax(dim=1))  # argmax: the first of the largest
    return torch.cat(parts).numpy()


def faiss_flat(
    features: Features, labels: Integers, rows: Integers | None = None, block: int = 128
) -> Integers:
    """Compute k* from the neighbours that faiss' exact index returns.

    The first foreign neighbour is found surely only with k = largest class + 1. The sample
    itself, which the index returns as well, is excluded by its number.
    """
    import faiss

    index = faiss.IndexFlatL2(features.shape[1])
    index.add(features)
    k = min(len(features), int(np.bincount(labels).max()) + 1)
    wanted = np.arange(len(features)) if rows is None else rows
    parts = []
    for start in range(0, len(wanted), block):
        part = wanted[start : start + block]
        _, near = index.search(features[part], k)
        parts.append(ranks_of_foreign(near, labels, part))
    return np.concatenate(parts)


def faiss_doubling(
    features: Features, labels: Integers, rows: Integers | None = None, block: int = 128
) -> Integers:
    """Ask faiss' exact index for few neighbours, and for twice as many where all are of one class.

    What a user does who knows that most k* are small.
    """
    import faiss

    index = faiss.IndexFlatL2(features.shape[1])
    index.add(features)
    wanted = np.arange(len(features)) if rows is None else rows
    result = np.zeros(len(wanted), dtype=np.int64)
    left = np.arange(len(wanted))
    k = min(FEWEST_NEIGHBOURS, len(features))
    while len(left):
        settled = []
        for start in range(0, len(left), block):
            places = left[start : start + block]
            part = wanted[places]
            _, near = index.search(features[part], k)
            met = (labels[near] != labels[part, None]).any(axis=1)
            result[places[met]] = ranks_of_foreign(near[met], labels, part[met])
            settled.append(met)
        left = left[~np.concatenate(settled)]
        k = min(2 * k, len(features))
    return result


def sklearn_neighbours(
    features: Features, labels: Integers, rows: Integers | None = None, block: int = 128
) -> Integers:
    """Compute k* from scikit-learn's nearest neighbours, k the largest class and one."""
    from sklearn.neighbors import NearestNeighbors

    k = min(len(features), int(np.bincount(labels).max()) + 1)
    index = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(features)
    wanted = np.arange(len(features)) if rows is None else rows
    parts = []
    for start in range(0, len(wanted), block):
        part = wanted[start : start + block]
        near = index.kneighbors(features[part], return_distance=False)
        parts.append(ranks_of_foreign(near, labels, part))
    return np.concatenate(parts)


def sklearn_chunked(
    features: Features, labels: Integers, rows: Integers | None = None, block: int = 128
) -> Integers:
    """Compute k* by two reductions of each chunk of scikit-learn's distances, without sorting."""
    from sklearn.metrics import pairwise_distances_chunked

    wanted = np.arange(len(features)) if rows is None else rows

    def ranks(distances: NDArray[np.float32], start: int) -> Integers:
        part = wanted[start : start + len(distances)]
        own = labels[part, None] == labels
        nearest = np.where(own, np.inf, distances).min(axis=1, keepdims=True)
        own[np.arange(len(part)), part] = False
        counts: Integers = 1 + (own & (distances < nearest)).sum(axis=1)
        return counts

    chunks = pairwise_distances_chunked(
        features[wanted],
        features,
        reduce_func=ranks,
        working_memory=block * len(features) * 8 / 2**20,
    )
    return np.concatenate(list(chunks))


def keops(
    features: Features, labels: Integers, rows: Integers | None = None, block: int = 128
) -> Integers:
    """Compute k* by KeOps: the least foreign distance, then how many of the class are nearer.

    Its compiled reductions hold no distances at all, so the block is of no use to it.
    """
    from pykeops.torch import LazyTensor

    x, y = torch.from_numpy(features), torch.from_numpy(labels).float()
    wanted, own = _selected(features, rows), _selected(labels, rows).float()
    distances = ((LazyTensor(wanted[:, None]) - LazyTensor(x[None])) ** 2).sum(-1)
    labels_apart = LazyTensor(own[:, None, None]) - LazyTensor(y[None, :, None])
    foreign = labels_apart.square().sign()
    nearest = (distances + (1 - foreign) * FAR).min(dim=1)
    nearer = (1 - foreign) * (LazyTensor(nearest[:, None]) - distances).relu().sign()
    counts: Tensor = nearer.sum(dim=1)[:, 0].round().long()
    return counts.clamp(min=1).numpy()  # it counts the sample itself, unless a foreign one is there


def compiled(
    features: Features, labels: Integers, rows: Integers | None = None, block: int = 128
) -> Integers:
    """Compute k* by a fused torch program: a product, a masked minimum and a count per block.

    The best that a good user of torch would write, compiled by `torch.compile`.
    """
    x, y = torch.from_numpy(features), torch.from_numpy(labels)
    numbers = torch.arange(len(x)) if rows is None else torch.from_numpy(rows)
    squares = (x * x).sum(1)
    program = _compiled_block()
    parts = [program(x, y, squares, part) for part in torch.split(numbers, block)]
    return torch.cat(parts).numpy()


@cache
def _compiled_block() -> Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]:
    def ranks(x: Tensor, y: Tensor, squares: Tensor, part: Tensor) -> Tensor:
        distances = squares[part][:, None] + squares - 2 * (x[part] @ x.T)
        own = y[part][:, None] == y
        nearest = distances.masked_fill(own, torch.inf).amin(1, keepdim=True)
        itself = part[:, None] == torch.arange(len(y))
        return 1 + (own & ~itself & (distances < nearest)).sum(1)

    program: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor] = torch.compile(ranks, dynamic=True)
    return program


def ranks_of_foreign(near: Integers, labels: Integers, rows: Integers) -> Integers:
    """Return the k* of rows from their neighbours (M, k), nearest first, themselves included."""
    first = (labels[near] != labels[rows, None]).argmax(axis=1)
    itself_before = (near == rows[:, None]) & (np.arange(near.shape[1]) < first[:, None])
    ranks: Integers = first + 1 - itself_before.any(axis=1)
    return ranks


PEERS: dict[str, Peer] = {
    "product": product,
    "product_into": product_into,
    "authors": authors,
    "faiss": faiss_flat,
    "faiss_doubling": faiss_doubling,
    "sklearn": sklearn_neighbours,
    "sklearn_chunked": sklearn_chunked,
    "keops": keops,
    "compiled": compiled,
}


def fastest_block(peer: Peer, features: Features, labels: Integers) -> int:
    """Return the block size at which `peer` is fastest, tried on the first rows."""
    rows = np.arange(min(TRIAL_ROWS, len(features)))
    peer(features, labels, rows[: min(BLOCKS)])  # the first call starts threads and loads libraries
    seconds = {}
    for block in BLOCKS:
        start = perf_counter()
        peer(features, labels, rows, block)
        seconds[block] = perf_counter() - start
    return min(seconds, key=seconds.__getitem__)


def _selected(values: NDArray[np.generic], rows: Integers | None) -> torch.Tensor:
    return torch.from_numpy(values if rows is None else values[rows])
