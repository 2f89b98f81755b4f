"""What kstar() is compared with: the bare product, the authors' method, and faiss.

All are called alike, as ``peer(features, labels, rows=None, block=...)``:

features : (N, d) float32
labels : (N,) int64, classes 0 .. C-1
rows : (M,) int64, optional; the samples wanted, all by default
block : rows to a block, which bounds the memory; `fastest_block` finds the best for a machine

and return the k* of those samples, (M,) int64, where they compute it.
"""

from time import perf_counter
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

Features = NDArray[np.float32]
Integers = NDArray[np.int64]

BLOCKS = (64, 128, 256, 512, 1024)
TRIAL_ROWS = 2 * max(BLOCKS)


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
