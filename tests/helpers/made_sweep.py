"""A sweep of made-up features, in which classes come apart layer by layer."""

import numpy as np

from kstar_gpu import Sweep, kstar_distribution
from kstar_gpu.networks.sweep import Key

LAYERS = ["stem", "stage1.block", "stage2.block", "head"]


def features(classes, spread, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(classes * 20) % classes
    centres = spread * rng.standard_normal((classes, 8))
    return centres[y] + rng.standard_normal((len(y), 8)), y, [f"class {c}" for c in range(classes)]


def made_sweep(classes):
    results = {}
    for depth, layer in enumerate(LAYERS):
        x, y, names = features(classes, 0.3 * depth)
        results[Key("net", "test", layer)] = kstar_distribution(x, y, names)
    return Sweep(results)
