"""What k* is: the definition in float64, row by row, with nothing clever in it.

Every engine of the package must return these integers. The definition is meant to be checked by
reading; it takes N^2 d steps and holds one row of distances at a time.

Source: Kotyan, Ueda and Vargas, "k* Distribution", arXiv 2312.04024, section 3. The paper leaves
open what happens at ties and in which precision distances are taken; both are fixed here.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

LANES = 32


class Table(NamedTuple):
    """One entry per sample: k*, and squared distance and row of the nearest foreign sample."""

    kstar: NDArray[np.int64]
    squared_distance: NDArray[np.float64]
    row: NDArray[np.int64]


def fold(lanes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum the lanes of (n, 32) in the fixed order: l with l + 16, then l + 8, 4, 2 and 1."""
    for half in (16, 8, 4, 2, 1):
        lanes = lanes[:, :half] + lanes[:, half:]
    return lanes[:, 0]


def squared_distances(
    sample: NDArray[np.float64], others: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Squared distance of one row (d,) to each row of (n, d): product k goes to lane k mod 32."""
    lanes = np.zeros((len(others), LANES))
    for k in range(0, len(sample), LANES):
        difference = sample[k : k + LANES] - others[:, k : k + LANES]
        lanes[:, : difference.shape[1]] += difference * difference
    return fold(lanes)


def unit_rows(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide each row by its norm: the map that turns `cosine` into `euclidean`."""
    squared_norms = squared_distances(np.zeros(features.shape[1]), features)
    return features / np.sqrt(squared_norms)[:, None]


def table(
    features: ArrayLike,
    labels: ArrayLike,
    references: ArrayLike | None = None,
    reference_labels: ArrayLike | None = None,
    *,
    metric: str = "euclidean",
    rows: ArrayLike | None = None,
) -> Table:
    """Return k* and the nearest foreign sample of every sample, or of the given rows alone.

    Parameters
    ----------
    features : (N, d) numbers; for ``metric="precomputed"`` the (N, M) distances themselves
    labels : (N,) labels
    references : (M, d) numbers, optional
        Place each sample alone among these; without them the samples are their own references.
    reference_labels : (M,) labels, optional
    metric : "euclidean", "cosine" or "precomputed"
    rows : indices of the samples wanted, optional
    """
    x = np.asarray(features, dtype=np.float64)
    y = np.asarray(labels)
    itself = reference_labels is None
    others = x if references is None else np.asarray(references, dtype=np.float64)
    other_labels = y if reference_labels is None else np.asarray(reference_labels)
    if metric == "cosine":
        x, others = unit_rows(x), unit_rows(others)

    wanted = np.arange(len(x)) if rows is None else np.asarray(rows)
    kstar = np.empty(len(wanted), dtype=np.int64)
    nearest = np.empty(len(wanted), dtype=np.float64)
    nearest_row = np.empty(len(wanted), dtype=np.int64)
    for position, i in enumerate(wanted):
        d2 = x[i] if metric == "precomputed" else squared_distances(x[i], others)
        foreign = np.flatnonzero(other_labels != y[i])
        same = other_labels == y[i]
        if itself:
            same[i] = False
        row = foreign[np.argmin(d2[foreign])]  # argmin: the lowest row among equals
        nearest_row[position] = row
        nearest[position] = d2[row]
        kstar[position] = 1 + np.count_nonzero(d2[same] < nearest[position])
    return Table(kstar, nearest, nearest_row)


def kstar(
    features: ArrayLike,
    labels: ArrayLike,
    references: ArrayLike | None = None,
    reference_labels: ArrayLike | None = None,
    *,
    metric: str = "euclidean",
    rows: ArrayLike | None = None,
) -> NDArray[np.int64]:
    """Return the k* values alone; parameters as for `table`.

    Examples
    --------
    >>> from kstar_gpu import definition
    >>> np.array_equal(definition.kstar(features, labels), kstar(features, labels))
    True
    """
    return table(features, labels, references, reference_labels, metric=metric, rows=rows).kstar
