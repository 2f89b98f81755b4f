"""Whether a difference can be believed: intervals, comparisons, and a null."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.stats
import torch
from numpy.typing import NDArray
from tqdm import trange

from ..api import kstar
from ..extras import import_pandas
from ..inputs.arrays import to_tensor
from ..inputs.labels import encode_labels
from .distribution import KStarDistribution, kstar_distribution, skewness_of

if TYPE_CHECKING:
    import pandas as pd

STATISTICS: dict[str, Callable[[NDArray[np.float64]], float]] = {
    "mean": lambda values: float(np.mean(values)),
    "skewness": skewness_of,
}
NUMBERS_AT_ONCE = 1 << 22  # of resampled values
Floats = NDArray[np.float64]


def confidence_intervals(
    result: KStarDistribution,
    statistic: str = "mean",
    *,
    level: float = 0.95,
    resamples: int = 999,
    seed: int = 0,
) -> Floats:
    """Return a bootstrap confidence interval of a statistic of each class.

    The normalised k* values of a class are drawn anew, with replacement (percentile bootstrap), as
    if they were independent. But a sample that others share as their nearest foreign one moves all
    of theirs: these intervals say how sure the statistic of these very samples is, and are too
    narrow for what other samples would give, by 1.5 to 3.5 in a simulation. For that,
    `resampled_intervals`.

    Parameters
    ----------
    statistic : {"mean", "skewness"}
    level : between 0 and 1
    resamples, seed : how often, and from which random numbers

    Returns
    -------
    (C, 2) float64, lower and upper end; NaN where the statistic is undefined, or nothing varies in
    the class or in one of its resamples

    Raises
    ------
    ValueError
        For an unknown statistic, or a level outside.

    References
    ----------
    Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
    """
    measure = statistic_named(statistic)
    _check_level(level)
    intervals = np.full((len(result.classes), 2), np.nan)
    for code, values in enumerate(result.class_values):
        if len(values) < 2 or np.isnan(values).any() or np.ptp(values) == 0:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", scipy.stats.DegenerateDataWarning)
            found = scipy.stats.bootstrap(
                (values,),
                lambda sample, axis: np.apply_along_axis(measure, axis, sample),
                confidence_level=level,
                n_resamples=resamples,
                method="percentile",
                batch=max(1, NUMBERS_AT_ONCE // len(values)),
                rng=np.random.default_rng((seed, code)),
            )
        intervals[code] = found.confidence_interval
    return intervals


def resampled_intervals(
    features: Any,
    labels: Any,
    statistic: str = "mean",
    *,
    level: float = 0.95,
    resamples: int = 99,
    seed: int = 0,
    progress: bool = False,
    **options: Any,
) -> Floats:
    """Return a confidence interval of a statistic of each class, for other samples like these.

    The samples of each class are drawn anew, with replacement, and all k* computed again each time.
    Of the classes' samples about 63 % are then distinct, so runs are longer: the interval is that
    of the deviations from their own mean, about what was observed.

    Parameters
    ----------
    features, labels, options
        As for `kstar_gpu.kstar_distribution`, without references: metric (not "precomputed"),
        backend, device, memory_limit.
    statistic : {"mean", "skewness"}
    level : between 0 and 1
    resamples, seed : how often, and from which random numbers
    progress : bool
        Show a progress bar.

    Returns
    -------
    (C, 2) float64, lower and upper end; NaN where the statistic is undefined in the samples or in
    a resample

    Raises
    ------
    ValueError
        For an unknown statistic, a level outside, fewer than two resamples, or metric
        "precomputed"; for what `kstar_distribution` refuses.

    References
    ----------
    Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
    """
    statistic_named(statistic)
    _check_level(level)
    if resamples < 2:
        raise ValueError(f"resamples: at least 2 are wanted, got {resamples}")
    _check_options("resampled_intervals", options)
    if options.get("metric") == "precomputed":
        raise ValueError(
            "metric: euclidean or cosine is wanted, got 'precomputed': a sample drawn twice has no "
            "distance to itself there"
        )
    given = to_tensor(features, "features")
    observed = kstar_distribution(given, labels, **options)
    codes = observed.class_index
    classes = [np.flatnonzero(codes == code) for code in range(len(observed.classes))]
    generator = np.random.default_rng(seed)

    def resample() -> Floats:
        rows = np.concatenate([generator.choice(own, len(own)) for own in classes])
        result = kstar_distribution(given[torch.from_numpy(rows)], codes[rows], **options)
        return values_of(result, statistic)

    rounds = trange(resamples, desc="resamples", disable=not progress)
    found = np.array([resample() for _ in rounds])
    ends = np.quantile(found - found.mean(0), [(1 - level) / 2, (1 + level) / 2], axis=0)
    intervals: Floats = (values_of(observed, statistic) + ends).T
    return intervals


@dataclass(frozen=True)
class Comparison:
    """Two results class by class; made by `compare`.

    Attributes
    ----------
    class_names : (C,) names of the classes that both have
    difference : (C,) statistic of the second minus that of the first
    pvalue : (C,) of the permutation test of no difference, two-sided; NaN for a class of one
        sample, or where the statistic is undefined for some permutation
    paired : whether the samples are the same
    """

    class_names: tuple[str, ...]
    difference: Floats
    pvalue: Floats
    paired: bool

    def to_frame(self) -> "pd.DataFrame":
        """Return a pandas DataFrame with columns class, difference, pvalue.

        Raises
        ------
        ImportError
            Without pandas.
        """
        columns = {"class": self.class_names, "difference": self.difference, "pvalue": self.pvalue}
        return import_pandas().DataFrame(columns)


def compare(
    first: KStarDistribution,
    second: KStarDistribution,
    *,
    statistic: str = "mean",
    paired: bool = True,
    resamples: int = 999,
    seed: int = 0,
) -> Comparison:
    """Test, class by class, whether two results differ: two networks, two layers, two data sets.

    Parameters
    ----------
    statistic : {"mean", "skewness"}
    paired : bool
        Whether both results are of the same samples in the same order; then the two k* values of a
        sample are exchanged at random, and otherwise all samples of the class are dealt out anew.
    resamples, seed : how often, and from which random numbers

    Raises
    ------
    ValueError
        For an unknown statistic; if the samples are paired and their classes differ; if the two
        share no class.

    References
    ----------
    Phipson and Smyth, "Permutation P-values Should Never Be Zero", 2010 (scipy's p-values).
    """
    measure = statistic_named(statistic)
    if paired and not np.array_equal(_labels_of(first), _labels_of(second)):
        raise ValueError(
            "second: the same samples in the same order as in first are wanted where paired=True, "
            "got other labels"
        )
    differences, pvalues, names = [], [], []
    for code, other in shared_classes(first, second):
        sides = [first.class_values[code], second.class_values[other]]
        names.append(first.class_names[code])

        def difference(x: Floats, y: Floats, axis: int = -1) -> Any:
            # Rounded, so that permutations that change nothing count as equal.
            sides = (np.apply_along_axis(measure, axis, side) for side in (y, x))
            return np.round(np.subtract(*sides), 12)

        differences.append(float(difference(sides[0], sides[1])))
        if np.isnan(differences[-1]) or min(map(len, sides)) < 2:
            pvalues.append(np.nan)
            continue
        found = scipy.stats.permutation_test(
            sides,
            difference,
            permutation_type="samples" if paired else "independent",
            vectorized=True,
            batch=max(1, NUMBERS_AT_ONCE // sum(map(len, sides))),
            n_resamples=resamples,
            rng=np.random.default_rng((seed, len(pvalues))),
        )
        undefined = np.isnan(found.null_distribution).any()
        pvalues.append(np.nan if undefined else float(found.pvalue))
    return Comparison(tuple(names), np.array(differences), np.array(pvalues), paired)


@dataclass(frozen=True)
class LabelNull:
    """What k* would be if labels meant nothing; made by `label_null`.

    Attributes
    ----------
    observed : (C,) mean normalised k* of each class
    permuted : (P, C) the same for labels dealt out at random
    pvalue : (C,) share of permutations, the observed one included, with a mean at least as large
    """

    observed: Floats
    permuted: Floats
    pvalue: Floats


def label_null(
    features: Any,
    labels: Any,
    *,
    permutations: int = 99,
    seed: int = 0,
    progress: bool = False,
    **options: Any,
) -> LabelNull:
    """Compare the mean k* of each class with that of labels dealt out at random.

    Parameters
    ----------
    features, labels, options
        As for `kstar_gpu.kstar`: metric, backend, device, memory_limit.
    permutations, seed : how often, and from which random numbers
    progress : bool
        Show a progress bar.
    """
    _check_options("label_null", options)
    codes, classes = encode_labels(labels)
    given = to_tensor(features, "features")
    sizes = np.bincount(codes)

    def means(own: NDArray[np.int64]) -> Floats:
        values = kstar(given, own, **options).cpu().numpy()
        sums = np.bincount(own, weights=values, minlength=len(classes)).astype(np.float64)
        result: Floats = sums / sizes.astype(np.float64) ** 2
        return result

    observed = means(codes)
    generator = np.random.default_rng(seed)
    rounds = trange(permutations, desc="permutations", disable=not progress)
    permuted = np.array([means(generator.permutation(codes)) for _ in rounds])
    permuted = permuted.reshape(permutations, len(classes))
    pvalue = (1 + (permuted >= observed).sum(0)) / (1 + permutations)
    return LabelNull(observed, permuted, pvalue)


def shared_classes(first: KStarDistribution, second: KStarDistribution) -> list[tuple[int, int]]:
    """Return the classes that both have, by label: the index of each in the one and the other.

    Raises
    ------
    ValueError
        If there is none.
    """
    places = {label: place for place, label in enumerate(second.classes.tolist())}
    labels = enumerate(first.classes.tolist())
    shared = [(code, places[label]) for code, label in labels if label in places]
    if not shared:
        raise ValueError("second: a class that first has, too, is wanted, got none")
    return shared


def statistic_named(name: str) -> Callable[[Floats], float]:
    """Return the statistic of this name; a ValueError if there is none."""
    if name not in STATISTICS:
        raise ValueError(f"statistic: {' or '.join(STATISTICS)} is wanted, got {name!r}")
    return STATISTICS[name]


def values_of(result: KStarDistribution, statistic: str) -> Floats:
    """Return the statistic, "mean" or "skewness", of each class."""
    return result.mean if statistic == "mean" else result.skewness_plain


def _labels_of(result: KStarDistribution) -> NDArray[Any]:
    return result.classes[result.class_index]


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level: a number between 0 and 1 is wanted, got {level}")


def _check_options(function: str, options: dict[str, Any]) -> None:
    """Refuse options that are none of the search's."""
    unknown = set(options) - {"metric", "backend", "device", "memory_limit"}
    if unknown:
        raise TypeError(f"{function}: no option {', '.join(sorted(unknown))}")
