"""How often a sample's nearest neighbour is of its own class: k* says so on the way."""

from typing import NamedTuple

import numpy as np

from ..inputs.problem import Integers
from .statistic import Floats


class Purity(NamedTuple):
    """Share of the samples whose nearest neighbour is of their own class.

    Attributes
    ----------
    total : float
        Of all samples.
    per_class : (C,) float64
    """

    total: float
    per_class: Floats


def purity_of(kstar: Integers, class_index: Integers) -> Purity:
    """Return the share of all samples, and of each class; arguments as of `KStarDistribution`."""
    pure = kstar > 1
    per_class = np.bincount(class_index, weights=pure) / np.bincount(class_index)
    per_class.flags.writeable = False
    return Purity(float(np.mean(pure)), per_class)
