"""The metrics: each is a map into squared Euclidean distances, and back. One entry each.

`precomputed` is none of them: its distances are given, and nothing is mapped.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from ..columns import Column, column_of, on_host, square_root
from ..distance import norms

PRECOMPUTED = "precomputed"


@dataclass(frozen=True)
class Metric:
    """How a metric becomes squared Euclidean distances between rows, and those its distances.

    Attributes
    ----------
    divisors : from a matrix (N, d) and its argument's name to what each row is divided by when it
        is read, (N,) float64, at least its norm; None for rows as they are. Raises ValueError for
        rows that the metric cannot place.
    distance : from squared Euclidean distances, a column of float64, to the metric's own
    """

    divisors: Callable[[Tensor, str], Tensor] | None
    distance: Callable[[Column], Column]


def _nonzero_norms(matrix: Tensor, name: str) -> Tensor:
    lengths = norms(matrix)
    zero = column_of(lengths) == 0
    if zero.any():
        row = int(np.flatnonzero(on_host(zero))[0])
        raise ValueError(f"{name}: under metric='cosine' no row may be zero, got row {row}")
    return lengths


def _one_minus_cosine(squared: Column) -> Column:
    return squared / 2  # of rows of norm 1


METRICS = {
    "euclidean": Metric(None, square_root),
    "cosine": Metric(_nonzero_norms, _one_minus_cosine),
}


def check_metric(metric: str) -> None:
    """Refuse a metric that is none."""
    names = (*METRICS, PRECOMPUTED)
    if not isinstance(metric, str) or metric not in names:
        raise ValueError(f"metric: one of {', '.join(names)} is wanted, got {metric!r}")
