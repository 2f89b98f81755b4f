"""A result of given k* values."""

import numpy as np

from kstar_gpu import KStarDistribution


def made(values, sizes, **options):
    """Build a result from given k* values, class after class."""
    settings = {"skewness": "plain", "threshold": 0.5, **options}
    return KStarDistribution(
        kstar=np.asarray(values),
        class_index=np.repeat(np.arange(len(sizes)), sizes),
        classes=np.arange(len(sizes)),
        population=np.asarray(sizes),
        class_names=tuple(f"c{i}" for i in range(len(sizes))),
        metric="euclidean",
        query_form=False,
        **settings,
    )
