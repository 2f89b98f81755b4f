"""Data that has broken distance computations: each family is a function of (rng, N, d)."""

import numpy as np
import torch

from kstar_gpu.inputs.arrays import to_tensor
from kstar_gpu.inputs.classes import make_classes
from kstar_gpu.inputs.problem import make_problem


def gaussian(rng, n, d):
    return rng.standard_normal((n, d))


def gaussian_float32(rng, n, d):
    return rng.standard_normal((n, d)).astype(np.float32)


def lattice(rng, n, d):
    """Small integers: ties everywhere."""
    return rng.integers(-2, 3, (n, d))


def one_hot(rng, n, d):
    """All different rows equally far apart."""
    return np.eye(d)[rng.integers(0, d, n)] * 0.1


def all_equal(rng, n, d):
    return np.full((n, d), rng.standard_normal())


def duplicates(rng, n, d):
    """Few different rows, each many times, in one class and across classes; -0 is 0."""
    few = np.round(rng.standard_normal((max(2, n // 5), d)))
    return few[rng.integers(0, len(few), n)] * rng.choice([1.0, -0.0], (n, 1), p=[0.9, 0.1])


def near_duplicates(rng, n, d):
    """Clusters much tighter than float32 can see."""
    few = rng.standard_normal((max(2, n // 10), d))
    return few[rng.integers(0, len(few), n)] + 1e-12 * rng.standard_normal((n, d))


def far_from_origin(rng, n, d):
    return 1e4 + 1e-2 * rng.standard_normal((n, d))


def far_from_origin_float32(rng, n, d):
    return far_from_origin(rng, n, d).astype(np.float32)


def far_clusters(rng, n, d):
    """Spread a millionth of the distance between: float32 decides nothing."""
    return 1e4 * rng.integers(0, 2, (n, 1)) + 1e-2 * rng.standard_normal((n, d))


def outlier(rng, n, d):
    x = rng.standard_normal((n, d))
    x[n // 2] *= 1e5
    return x


def absurd_outlier(rng, n, d):
    x = rng.standard_normal((n, d))
    x[n // 2] = 1e149
    return x


def huge(rng, n, d):
    return rng.uniform(-1, 1, (n, d)) * 9e149


def tiny(rng, n, d):
    return rng.uniform(-1, 1, (n, d)) * 2e-150


def constant_columns(rng, n, d):
    x = rng.standard_normal((n, d))
    x[:, ::2] = 7.25
    return x


def two_coordinates(rng, n, d):
    """Only k = 0 and k = 32 differ: where a fused multiply-add shows."""
    x = np.zeros((n, max(d, 33)))
    x[:, 0] = rng.uniform(1, 2, n)
    x[:, 32] = rng.uniform(1, 2, n)
    # Mirrored rows are exactly as far apart, unless the sum is fused.
    x[n // 2 :, 0], x[n // 2 :, 32] = x[: n - n // 2, 32].copy(), x[: n - n // 2, 0].copy()
    return x


def denormal_differences(rng, n, d):
    """Squares of the differences are float64 denormals."""
    x = 3e-162 * rng.integers(-9, 10, (n, d)).astype(np.float64)
    x[:, 0] = 1.0
    return x


def tiny_differences(rng, n, d):
    """Squares of the differences are denormals, and round them, though nothing is much larger."""
    x = np.zeros((n, d))
    x[:, -1] = 3e-162 * rng.integers(-30, 31, n)
    x[:, 0] += 1e-149
    return x


def tiny_beside_largest(rng, n, d):
    """In the unit of the smallest differences there are, the largest numbers are not finite."""
    x = np.zeros((n, d))
    x[:, 0] = 9e149
    x[:, -1] += 1e-162 * rng.integers(-5, 6, n)
    return x


def vanishing_differences(rng, n, d):
    """Squares of some differences are zero, of rows that are not equal; others are equal."""
    return rng.choice([0.0, 1e-170, 2e-170, 3e-170, 1.0, 2.0], (n, d))


def half_precision(rng, n, d):
    return rng.standard_normal((n, d)).astype(np.float16)


FAMILIES = [
    gaussian,
    gaussian_float32,
    lattice,
    one_hot,
    all_equal,
    duplicates,
    near_duplicates,
    far_from_origin,
    far_from_origin_float32,
    far_clusters,
    outlier,
    absurd_outlier,
    huge,
    tiny,
    constant_columns,
    two_coordinates,
    denormal_differences,
    tiny_differences,
    tiny_beside_largest,
    vanishing_differences,
    half_precision,
]


def labels(rng, n, classes):
    """Random labels of `classes` classes (some may be singletons); two occur at least."""
    y = rng.integers(0, classes, n)
    y[:2] = 0, 1
    return y


def problem_of(x, y):
    """The checked problem as an engine on the CPU takes it."""
    classes = make_classes(y, None)
    return make_problem(
        to_tensor(np.asarray(x), "features"), None, classes, "euclidean", torch.device("cpu")
    )


# Problems that could make the work of an engine explode; each gives samples and labels.
HARD_SAMPLES = 3000


def balanced(rng):
    return rng.permutation(np.arange(HARD_SAMPLES) % 10)


def heavy_duplicates(rng):
    return rng.standard_normal((30, 20))[rng.integers(0, 30, HARD_SAMPLES)]


def outlying(rng):
    x = gaussian(rng, HARD_SAMPLES, 20)
    x[17] *= 1e5
    return x


def collapsed(rng):
    y = balanced(rng)
    return 100 * rng.standard_normal((10, 20))[y] + 0.1 * gaussian(rng, HARD_SAMPLES, 20), y


HARD = {
    "all points equal": lambda rng: (np.ones((HARD_SAMPLES, 20)), balanced(rng)),
    "heavy duplicates": lambda rng: (heavy_duplicates(rng), balanced(rng)),
    "one class of 99 %": lambda rng: (
        gaussian(rng, HARD_SAMPLES, 20),
        (np.arange(HARD_SAMPLES) % 100 == 0).astype(int),
    ),
    "classes of two": lambda rng: (gaussian(rng, HARD_SAMPLES, 20), np.arange(HARD_SAMPLES) // 2),
    "label noise": lambda rng: (gaussian(rng, HARD_SAMPLES, 20), balanced(rng)),
    "a far outlier": lambda rng: (outlying(rng), balanced(rng)),
    "collapsed classes": collapsed,
}
