"""Libraries of data complexity measures that compute one number of all samples: LSC.

It is 1 - (sum of the local sets' sizes) / N^2. A local set's size is k*, or 0 where a foreign
sample is at distance 0, so one number says whether they agree with `KStarDistribution.lsc`. All are
called as ``peer(features, labels)`` and return LSC.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

Lsc = Callable[[NDArray[np.float32], NDArray[np.int64]], float]


def problexity(features: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Ask problexity, which holds N x N distances."""
    from problexity.classification import lsc

    return float(lsc(features.astype(np.float64), labels))


def pymfe(features: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Ask pymfe, and give it our distances: its own are of another kind, on rescaled data."""
    from pymfe.complexity import MFEComplexity

    wide = features.astype(np.float64)
    distances = cdist(wide, wide)
    found = MFEComplexity.ft_lsc(
        wide, labels, cls_inds=None, N_scaled=wide, norm_dist_mat=distances
    )
    return float(found)


def pycol(features: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Ask pycol-complexity, which counts in three nested loops of Python, over our distances.

    Its own, for columns of categories, take it longer than the count.
    """
    from pycol_complexity.complexity import Complexity

    wide = features.astype(np.float64)
    asked = Complexity.__new__(Complexity)
    asked.X, asked.y, asked.classes = wide, labels, np.unique(labels)
    asked.dist_matrix = cdist(wide, wide)
    asked.class_inxs = [np.flatnonzero(labels == label) for label in asked.classes]
    asked.class_count = np.bincount(labels)
    asked.metrics = {"struct": {}}
    return float(asked.LSC())


LSC_PEERS: dict[str, Lsc] = {"problexity": problexity, "pymfe": pymfe, "pycol": pycol}
