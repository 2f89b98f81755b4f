"""Whether two results differ, class by class."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..extras import import_pandas
from .distribution import KStarDistribution, check_result
from .options import check_count
from .statistic import NUMBERS_AT_ONCE, Floats, statistic_named

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Comparison:
    """Two results class by class; made by `compare`.

    Attributes
    ----------
    class_names : tuple of C str
        Of the classes that both have, in the order of the first.
    difference : (C,) float64
        The statistic of the second minus that of the first.
    pvalue : (C,) float64
        Of the permutation test of no difference, two-sided; NaN for a class of one sample, or where
        the statistic is undefined for some permutation.
    paired : bool
        Whether the samples are the same.

    Examples
    --------
    >>> found = compare(result, other)  # the same samples, with two of their four features
    >>> found.class_names, found.difference.round(2)
    (('ant', 'bee', 'cat'), array([-0.18,  0.01,  0.02]))
    >>> found.pvalue < 0.05
    array([ True, False, False])
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

        Examples
        --------
        >>> frame = compare(result, other).to_frame()
        >>> frame[frame["pvalue"] < 0.05]["class"].tolist()
        ['ant']
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
    first, second : KStarDistribution
    statistic : {"mean", "skewness"}
        Of k* / class size.
    paired : bool
        Whether both results are of the same samples in the same order; then the two k* values of a
        sample are exchanged at random, and otherwise all samples of the class are dealt out anew.
    resamples, seed : int
        How many permutations, and from which random numbers.

    Returns
    -------
    Comparison

    Raises
    ------
    TypeError
        If one of the two is no result.
    ValueError
        For an unknown statistic; if the samples are paired and their classes differ; if the two
        share no class.

    References
    ----------
    Phipson and Smyth, "Permutation P-values Should Never Be Zero", 2010 (scipy's p-values).

    Examples
    --------
    >>> compare(result, other).difference.round(2)
    array([-0.18,  0.01,  0.02])
    """
    check_result(first, "first")
    check_result(second, "second")
    measure = statistic_named(statistic)
    check_count(resamples, "resamples", 1)
    check_count(seed, "seed", 0)
    if paired and not np.array_equal(_labels_of(first), _labels_of(second)):
        raise ValueError(
            "second: the same samples in the same order as in first are wanted where paired=True, "
            "got other labels"
        )
    names, differences, pvalues = [], [], []
    for number, (code, other) in enumerate(shared_classes(first, second)):
        sides = first.class_values[code], second.class_values[other]
        rng = np.random.default_rng((seed, number))
        difference, pvalue = _permutation_test(sides, measure, paired, resamples, rng)
        names.append(first.class_names[code])
        differences.append(difference)
        pvalues.append(pvalue)
    return Comparison(tuple(names), np.array(differences), np.array(pvalues), paired)


def _permutation_test(
    sides: tuple[Floats, Floats],
    measure: Callable[[Floats], float],
    paired: bool,
    resamples: int,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Return how much larger the statistic is on the second side, and the p-value of that."""
    from scipy.stats import permutation_test

    def difference(first: Floats, second: Floats, axis: int = -1) -> Any:
        # Rounded, so that permutations that change nothing count as equal.
        values = (np.apply_along_axis(measure, axis, side) for side in (second, first))
        return np.round(np.subtract(*values), 12)

    observed = float(difference(*sides))
    if np.isnan(observed) or min(map(len, sides)) < 2:
        return observed, np.nan
    found = permutation_test(
        sides,
        difference,
        permutation_type="samples" if paired else "independent",
        vectorized=True,
        batch=max(1, NUMBERS_AT_ONCE // sum(map(len, sides))),
        n_resamples=resamples,
        rng=rng,
    )
    undefined = np.isnan(found.null_distribution).any()
    return observed, np.nan if undefined else float(found.pvalue)


def shared_classes(first: KStarDistribution, second: KStarDistribution) -> list[tuple[int, int]]:
    """Return the classes that both have, by label: the index of each in the one and the other.

    Raises
    ------
    ValueError
        If there is none.
    """
    codes = {label: code for code, label in enumerate(second.classes.tolist())}
    labels = enumerate(first.classes.tolist())
    shared = [(code, codes[label]) for code, label in labels if label in codes]
    if not shared:
        raise ValueError("second: a class that first has, too, is wanted, got none")
    return shared


def _labels_of(result: KStarDistribution) -> NDArray[Any]:
    return result.classes[result.class_index]
