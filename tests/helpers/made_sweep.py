"""A sweep of made-up features, in which classes come apart layer by layer."""

import numpy as np

from kstar_gpu import Sweep, kstar_distribution
from kstar_gpu.networks.outcome_files import data_folder, write_outcome
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


def kept(sweep, out):
    """Keep a sweep in a directory, as it keeps itself."""
    for position, (key, result) in enumerate(sweep.results.items()):
        folder = data_folder(out, key.model, key.data)
        folder.mkdir(parents=True, exist_ok=True)
        write_outcome(folder, made_from(key, position, result), result)


def made_from(key, position, result):
    """Return what a file of a sweep says of itself."""
    settings = {name: getattr(result, name) for name in ("metric", "skewness", "threshold")}
    return {
        **key._asdict(),
        **settings,
        "position": position,
        "model_sha256": "0" * 64,
        "data_sha256": "0" * 64,
        "samples": len(result.kstar),
        "first_samples": [" ".join(["1"] * 9)] * min(8, len(result.kstar)),
    }
