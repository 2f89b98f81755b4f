"""What every engine must give: the integers of `definition.py`."""

import numpy as np

from kstar_gpu import definition, kstar


def assert_exact(x, y, *, references=None, reference_labels=None, metric="euclidean", **options):
    """Compare k*, distance and index with the definition."""
    values = x.astype(np.float64)
    others = None if references is None else references.astype(np.float64)
    wanted = definition.table(values, y, others, reference_labels, metric=metric)
    result = kstar(
        x,
        y,
        references=references,
        reference_labels=reference_labels,
        metric=metric,
        return_foreign=True,
        **options,
    )
    np.testing.assert_array_equal(result.kstar, wanted.kstar)
    np.testing.assert_array_equal(result.index, wanted.row)
    squared = wanted.squared_distance
    distance = squared / 2 if metric == "cosine" else np.sqrt(squared)
    np.testing.assert_array_equal(result.distance, distance)
    assert result.kstar.dtype == np.int64
    assert result.index.dtype == np.int64
    assert result.distance.dtype == np.float64
