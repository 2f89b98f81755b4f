"""Local sets, which are nearly what k* counts, and the measure of data complexity made of them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..inputs.classes import normalized
from ..inputs.problem import Integers
from .statistic import Floats, by_class


class LSC(NamedTuple):
    """Local set average cardinality: 0 where each class is one compact region, near 1 if mixed.

    Attributes
    ----------
    total : float
        Of all samples. 0 is reached by one class alone; by C equal ones, 1 - 1 / C.
    per_class : (C,) float64
    """

    total: float
    per_class: Floats


def lsc_of(
    kstar: Integers,
    foreign_at_zero: NDArray[np.bool_],
    class_index: Integers,
    population: Integers,
) -> LSC:
    """Return the measure of all samples, and of each class; arguments as of `KStarDistribution`.

    A local set holds what is nearer than the nearest foreign sample: the sample itself, too, but
    not where that one is at distance 0. k* is 1 there, and the local set is empty.
    """
    local_sets = kstar - np.asarray(foreign_at_zero, dtype=np.int64)
    total = 1.0 - int(local_sets.sum()) / len(local_sets) ** 2
    shares = by_class(normalized(local_sets, class_index, population), class_index)
    per_class = 1.0 - np.array([np.mean(share) for share in shares])
    per_class.flags.writeable = False
    return LSC(total, per_class)
