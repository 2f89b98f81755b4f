"""How sure a statistic of a class is: of these samples, and of others like them."""

import numbers
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch

from ..inputs.arrays import to_tensor
from ..inputs.metrics import METRICS, PRECOMPUTED
from ..progress import each
from .distribution import KStarDistribution, check_result
from .from_features import kstar_distribution
from .options import check_count, check_search_options
from .statistic import NUMBERS_AT_ONCE, OF_ROWS, Floats, statistic_named


def values_of(result: KStarDistribution, statistic: str) -> Floats:
    """Return the statistic, "mean" or "skewness", of each class."""
    return result.mean if statistic == "mean" else result.skewness_plain


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
    result : KStarDistribution
    statistic : {"mean", "skewness"}
        Of k* / class size.
    level : float
        Share of the statistics of what was drawn that lie within, between 0 and 1.
    resamples, seed : int
        How often samples are drawn, and from which random numbers.

    Returns
    -------
    (C, 2) float64, lower and upper end; NaN where the statistic is undefined, or nothing varies in
    the class or in one of its resamples

    Raises
    ------
    TypeError
        If `result` is none.
    ValueError
        For an unknown statistic, or a level outside.

    References
    ----------
    Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.

    Examples
    --------
    >>> low, high = confidence_intervals(result).T
    >>> (low < result.mean) & (result.mean < high)
    array([ True,  True,  True])
    """
    check_result(result, "result")
    statistic_named(statistic)
    _check_draws(level, resamples, 1, seed)
    every = range(len(result.classes))
    return intervals_of(result, statistic, every, level=level, resamples=resamples, seed=seed)


def intervals_of(
    result: KStarDistribution,
    statistic: str,
    codes: Iterable[int],
    *,
    level: float = 0.95,
    resamples: int = 999,
    seed: int = 0,
) -> Floats:
    """Return the rows of `confidence_intervals` for some classes, by their indices."""
    intervals = []
    for code in codes:
        values = result.class_values[code]
        if len(values) >= 2 and np.ptp(values) > 0:  # which NaN is not
            rng = np.random.default_rng((seed, int(code)))
            intervals.append(_percentiles(values, OF_ROWS[statistic], level, resamples, rng))
        else:
            intervals.append((np.nan, np.nan))
    return np.array(intervals).reshape(-1, 2)


def _percentiles(
    values: Floats,
    measure: Callable[[Floats], Floats],
    level: float,
    resamples: int,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of a statistic of these values."""
    from scipy.stats import DegenerateDataWarning, bootstrap

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateDataWarning)
        found = bootstrap(
            (values,),
            lambda sample, axis: measure(sample),  # scipy asks along the last axis
            confidence_level=level,
            n_resamples=resamples,
            method="percentile",
            batch=max(1, NUMBERS_AT_ONCE // len(values)),
            rng=rng,
        )
    low, high = found.confidence_interval
    return low, high


def resampled_intervals(
    features: Any,
    labels: Any,
    statistic: str = "mean",
    *,
    level: float = 0.95,
    resamples: int = 99,
    seed: int = 0,
    progress: bool | None = None,
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
        Of k* / class size.
    level : float
        Share of the statistics of what was drawn that lie within, between 0 and 1.
    resamples, seed : int
        How often samples are drawn, and from which random numbers.
    progress : bool, optional
        Show a progress bar; by default as in `kstar_gpu.kstar`.

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

    Examples
    --------
    >>> low, high = resampled_intervals(features, labels, resamples=19).T
    >>> (low < result.mean) & (result.mean < high)
    array([ True,  True,  True])
    """
    statistic_named(statistic)
    _check_draws(level, resamples, 2, seed)
    check_search_options("resampled_intervals", options)
    if options.get("metric") == PRECOMPUTED:
        raise ValueError(
            f"metric: {' or '.join(METRICS)} is wanted, got 'precomputed': a sample drawn twice "
            "has no distance to itself there"
        )
    samples = to_tensor(features, "features")
    observed = kstar_distribution(samples, labels, **options)
    codes = observed.class_index
    members = [np.flatnonzero(codes == code) for code in range(len(observed.classes))]
    rng = np.random.default_rng(seed)

    def resampled() -> Floats:
        rows = np.concatenate([rng.choice(own, len(own)) for own in members])
        drawn = samples[torch.from_numpy(rows)]
        result = kstar_distribution(drawn, codes[rows], progress=False, **options)
        return values_of(result, statistic)

    rounds = each(range(resamples), progress, "resamples")
    found = np.array([resampled() for _ in rounds])
    ends = np.quantile(found - found.mean(0), [(1 - level) / 2, (1 + level) / 2], axis=0)
    intervals: Floats = (values_of(observed, statistic) + ends).T
    return intervals


def _check_draws(level: float, resamples: int, least: int, seed: int) -> None:
    if not isinstance(level, numbers.Real):
        raise TypeError(f"level: a number between 0 and 1 is wanted, got {level!r}")
    if not 0 < level < 1:
        raise ValueError(f"level: a number between 0 and 1 is wanted, got {level}")
    check_count(resamples, "resamples", least)
    check_count(seed, "seed", 0)
