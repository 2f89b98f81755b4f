"""How often intervals of a class's mean k* hold what other samples of the same kind would give.

Three Gaussian classes in a row, in four dimensions; the true mean is that of many draws.

    python benchmarks/interval_coverage.py
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm, trange

from kstar_gpu import confidence_intervals, kstar_distribution, resampled_intervals

CLASSES, SAMPLES_PER_CLASS, DIMENSIONS = 3, 200, 4
DISTANCES = (1.0, 3.0)  # between the centres of classes, in standard deviations
DRAWS, TRIALS, RESAMPLES = 300, 60, 99

Floats = NDArray[np.float64]
LABELS = np.arange(CLASSES * SAMPLES_PER_CLASS) % CLASSES
METHODS: dict[str, Callable[[Floats], Floats]] = {
    "confidence_intervals": lambda x: confidence_intervals(kstar_distribution(x, LABELS)),
    "resampled_intervals": lambda x: resampled_intervals(x, LABELS, resamples=RESAMPLES),
}


def drawn(seed: int, distance: float) -> Floats:
    """Return samples (N, DIMENSIONS)."""
    samples = np.random.default_rng(seed).standard_normal((len(LABELS), DIMENSIONS))
    samples[:, 0] += distance * LABELS
    return samples


def main() -> None:
    """Print coverage and width beside what they should be."""
    for distance in DISTANCES:
        means = [
            kstar_distribution(drawn(seed, distance), LABELS).mean
            for seed in trange(DRAWS, desc="draws", leave=False)
        ]
        true, spread = np.mean(means, axis=0), np.std(means, axis=0)
        for name, intervals in METHODS.items():
            seeds = tqdm(range(DRAWS, DRAWS + TRIALS), desc=name, leave=False)
            found = np.array([intervals(drawn(seed, distance)) for seed in seeds])
            held = ((found[..., 0] < true) & (true < found[..., 1])).mean()
            width = (found[..., 1] - found[..., 0]).mean(0) / (2 * 1.96 * spread)
            print(
                f"centres {distance:g} apart, {name}: 95 % intervals hold {held:.0%}; "
                f"width / 3.92 standard deviations of the mean: {width.round(2)}"
            )


if __name__ == "__main__":
    main()
