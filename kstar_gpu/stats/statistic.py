"""The statistics of a class that intervals, comparisons and pictures are of, by name."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..inputs.problem import Integers

Floats = NDArray[np.float64]
NUMBERS_AT_ONCE = 1 << 22  # of resampled or permuted values


def by_class(values: Floats, class_index: Integers) -> tuple[Floats, ...]:
    """Return the values (N,) of each class, in the order of the samples; they are read-only."""
    sorted_values = values[np.argsort(class_index, kind="stable")]
    sorted_values.flags.writeable = False
    return tuple(np.split(sorted_values, np.cumsum(np.bincount(class_index))[:-1]))


def skewness_of(values: Floats) -> float:
    """Return the skewness (biased); NaN where all values are equal."""
    # Not at the top: importing scipy.stats takes half as long as all else that the package needs.
    from scipy.stats import skew

    # scipy too says NaN where nothing varies, but warns of lost precision.
    return float(skew(values)) if np.ptp(values) > 0 else float("nan")


STATISTICS: dict[str, Callable[[Floats], float]] = {
    "mean": lambda values: float(np.mean(values)),
    "skewness": skewness_of,
}


def _skewness_of_rows(rows: Floats) -> Floats:
    """Return `skewness_of` each row, at once."""
    from scipy.stats import skew

    found = np.full(rows.shape[:-1], np.nan)
    varying = np.ptp(rows, axis=-1) > 0
    found[varying] = skew(rows[varying], axis=-1)
    return found


OF_ROWS: dict[str, Callable[[Floats], Floats]] = {
    "mean": lambda rows: np.mean(rows, axis=-1),
    "skewness": _skewness_of_rows,
}


def statistic_named(name: str) -> Callable[[Floats], float]:
    """Return the statistic of this name; a ValueError if there is none."""
    if name not in (*STATISTICS,):
        raise ValueError(f"statistic: {' or '.join(STATISTICS)} is wanted, got {name!r}")
    return STATISTICS[name]
