"""Which pattern a class has: fractured, overlapped or clustered, by the skewness of its k*."""

import numbers
import sys

import numpy as np
from numpy.typing import NDArray

SKEWNESS_CONVENTIONS = ("plain", "augmented")


def check_rule(skewness: str, threshold: float) -> None:
    """Refuse an unknown skewness, or a threshold that is none."""
    if skewness not in SKEWNESS_CONVENTIONS:
        wanted = " or ".join(SKEWNESS_CONVENTIONS)
        raise ValueError(f"skewness: {wanted} is wanted, got {skewness!r}")
    if not isinstance(threshold, numbers.Real) or not 0 <= threshold <= sys.float_info.max:
        raise ValueError(f"threshold: a finite number of at least 0 is wanted, got {threshold!r}")


def pattern_of(values: NDArray[np.float64], skewness: float, threshold: float) -> str:
    """Return the pattern of a class: of its normalised k* values, given their skewness.

    See `KStarDistribution.pattern`.
    """
    if len(values) == 1:
        return "undefined"
    if np.all(values == 1):
        return "clustered"
    if np.isnan(skewness):
        return "undefined"
    if abs(skewness) <= threshold:
        return "overlapped"
    return "fractured" if skewness > 0 else "clustered"
