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


def many(classes, samples=20):
    """Build a result of many classes, of all patterns."""
    rng = np.random.default_rng(0)
    shapes = np.exp(rng.uniform(-1.2, 1.8, (classes, 2)))
    shares = [rng.beta(*shape, samples) for shape in shapes]
    values = np.clip(np.ceil(np.concatenate(shares) * samples), 1, samples).astype(int)
    return made(values, [samples] * classes)
