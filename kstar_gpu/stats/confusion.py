"""Which class ends the runs of which."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..inputs.labels import encode_both, label_array


def foreign_confusion(
    labels: Any, index: Any, reference_labels: Any = None
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Count which class ends the runs of which: rows are classes, columns those they meet first.

    Parameters
    ----------
    labels : (N,) labels
    index : (N,) rows of the nearest foreign samples, from ``kstar(..., return_foreign=True)``
    reference_labels : (M,) labels that `index` points into; by default `labels`

    Returns
    -------
    (C, C) int64 counts, and the (C,) classes

    Raises
    ------
    TypeError
        If the indices are no integers.
    ValueError
        If there is not one index per label, or one points outside.

    Examples
    --------
    >>> counts, classes = foreign_confusion(["a", "a", "b"], [2, 2, 0])
    >>> counts
    array([[0, 2],
           [1, 0]])
    """
    codes, others, classes = encode_both(labels, reference_labels)
    rows = label_array(index, "index")
    if rows.dtype.kind not in "iu":
        raise TypeError(f"index: integers are wanted, got dtype {rows.dtype}")
    if rows.shape != codes.shape:
        raise ValueError(
            f"index: one row per label is wanted ({len(codes)}), got shape {rows.shape}"
        )
    if len(rows) and not 0 <= rows.min() <= rows.max() < len(others):
        raise ValueError(
            f"index: rows from 0 to {len(others) - 1} are wanted, got {rows.min()} to {rows.max()}"
        )
    counts = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(counts, (codes, others[rows]), 1)
    return counts, classes
