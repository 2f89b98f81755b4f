"""What kstar() is compared with: the bare product, and other ways to compute k*.

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
from torch_peers import TORCH_PEERS, TorchPeer, ranks_of_foreign

Features = NDArray[np.float32]
Integers = NDArray[np.int64]

BLOCKS = (64, 128, 256, 512, 1024)
TRIAL_ROWS = max(BLOCKS)
FEWEST_NEIGHBOURS = 32


class Peer(Protocol):
    """The signature that the functions of this page share."""

    def __call__(
        self, features: Features, labels: Integers, rows: Integers | None = ..., block: int = ...
    ) -> Integers | None:
        """Return the k* of the rows, if it computes any."""
        ...


def on_arrays(peer: TorchPeer) -> Peer:
    """Return a torch peer that takes and gives arrays, without copies."""

    def called(
        features: Features, labels: Integers, rows: Integers | None = None, block: int = 128
    ) -> Integers | None:
        x, y = torch.from_numpy(features), torch.from_numpy(labels)
        found = peer(x, y, None if rows is None else torch.from_numpy(rows), block)
        return None if found is None else found.numpy()

    return called


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
        parts.append(ranks(near, labels, part))
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
            result[places[met]] = ranks(near[met], labels, part[met])
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
        parts.append(ranks(near, labels, part))
    return np.concatenate(parts)


def sklearn_chunked(
    features: Features, labels: Integers, rows: Integers | None = None, block: int = 128
) -> Integers:
    """Compute k* by two reductions of each chunk of scikit-learn's distances, without sorting."""
    from sklearn.metrics import pairwise_distances_chunked

    wanted = np.arange(len(features)) if rows is None else rows

    def ranks_in(distances: NDArray[np.float32], start: int) -> Integers:
        part = wanted[start : start + len(distances)]
        own = labels[part, None] == labels
        nearest = np.where(own, np.inf, distances).min(axis=1, keepdims=True)
        own[np.arange(len(part)), part] = False
        counts: Integers = 1 + (own & (distances < nearest)).sum(axis=1)
        return counts

    chunks = pairwise_distances_chunked(
        features[wanted],
        features,
        reduce_func=ranks_in,
        working_memory=block * len(features) * 8 / 2**20,
    )
    return np.concatenate(list(chunks))


def ranks(near: Integers, labels: Integers, rows: Integers) -> Integers:
    """Return the k* of rows from their neighbours; see `torch_peers.ranks_of_foreign`."""
    found: Integers = ranks_of_foreign(*map(torch.from_numpy, (near, labels, rows))).numpy()
    return found


PEERS: dict[str, Peer] = {
    **{name: on_arrays(TORCH_PEERS[name]) for name in ("product", "product_into", "authors")},
    "faiss": faiss_flat,
    "faiss_doubling": faiss_doubling,
    "sklearn": sklearn_neighbours,
    "sklearn_chunked": sklearn_chunked,
    **{name: on_arrays(TORCH_PEERS[name]) for name in ("keops", "compiled")},
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
