"""Problems whose k* is known from the definition, and calls of every engine on them."""

import numpy as np
from helpers import families

from kstar_gpu import available_backends, definition, kstar

# Those in which reduced precision, fused sums or flushed denormals would show.
KINDS = (
    families.gaussian_float32,
    families.lattice,
    families.near_duplicates,
    families.far_from_origin_float32,
    families.denormal_differences,
)
BACKENDS = [name for name, status in available_backends().items() if status.available]
SHAPE = (400, 32)


class Problem:
    """Samples, labels and their k*."""

    def __init__(self, kind, seed, shape=SHAPE):
        rng = np.random.default_rng(seed)
        self.name = kind.__name__
        self.features = kind(rng, *shape)
        self.labels = families.labels(rng, shape[0], 5)
        self.wanted = definition.kstar(self.features.astype(np.float64), self.labels)

    def wrong(self, backend, **options):
        """Return how many k* differ from the definition."""
        found = kstar(self.features, self.labels, backend=backend, **options)
        return int((found != self.wanted).sum())


def problems(seed, shape=SHAPE):
    return [Problem(kind, seed, shape) for kind in KINDS]
