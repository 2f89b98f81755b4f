"""k* values, and what they say of each class: mean, deviation, skewness, pattern, LSC, purity."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..inputs.classes import normalized
from .choice import deciding_skewness
from .local_sets import LSC, lsc_of
from .pattern import check_rule, pattern_of
from .purity import Purity, purity_of
from .result_schema import ARRAYS, IDS, OPTIONAL
from .samples import sample_ids
from .statistic import by_class, skewness_of_each


@dataclass(frozen=True, eq=False, repr=False)
class ClassStatistics:
    """k* values of samples, and statistics of each class; attributes as of `KStarDistribution`."""

    kstar: NDArray[np.int64]
    class_index: NDArray[np.int64]
    classes: NDArray[Any]
    population: NDArray[np.int64]
    class_names: tuple[str, ...]
    metric: str
    query_form: bool
    skewness: str
    threshold: float
    foreign_at_zero: NDArray[np.bool_] | None = None
    foreign_index: NDArray[np.int64] | None = None
    foreign_distance: NDArray[Any] | None = None
    foreign_class: NDArray[np.int64] | None = None
    reference_names: tuple[str, ...] | None = None
    ids: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        check_rule(self.skewness, self.threshold)
        object.__setattr__(self, "threshold", float(self.threshold))
        object.__setattr__(self, "class_names", tuple(self.class_names))
        if self.reference_names is not None:
            object.__setattr__(self, "reference_names", tuple(self.reference_names))
        if self.ids is not None:
            object.__setattr__(self, IDS, sample_ids(self.ids, len(self.kstar)))
        for name in (*ARRAYS, *OPTIONAL):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, read_only(np.array(getattr(self, name))))

    @cached_property
    def normalized(self) -> NDArray[np.float64]:
        """(N,) k* divided by the population, in (0, 1]; NaN where the references lack the class.

        Examples
        --------
        >>> result.kstar[:4], result.normalized[:4]
        (array([18, 18,  1,  1]), array([0.9 , 0.9 , 0.05, 0.05]))
        """
        return read_only(normalized(self.kstar, self.class_index, self.population))

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """(C,) number of samples of each class.

        Examples
        --------
        >>> result.sizes
        array([20, 20, 20])
        """
        return read_only(np.bincount(self.class_index))

    @cached_property
    def class_values(self) -> tuple[NDArray[np.float64], ...]:
        """The normalised k* values of each class, in the order of the samples.

        Examples
        --------
        >>> [values.shape for values in result.class_values]
        [(20,), (20,), (20,)]
        """
        return by_class(self.normalized, self.class_index)

    @cached_property
    def mean(self) -> NDArray[np.float64]:
        """(C,) mean of the normalised k* values.

        Examples
        --------
        >>> result.mean.round(2)
        array([0.59, 0.07, 0.07])
        """
        return self._per_class(np.mean)

    @cached_property
    def std(self) -> NDArray[np.float64]:
        """(C,) standard deviation of the normalised k* values, as of a population (ddof = 0).

        Examples
        --------
        >>> result.std.round(2)
        array([0.29, 0.03, 0.04])
        """
        return self._per_class(np.std)

    @cached_property
    def skewness_plain(self) -> NDArray[np.float64]:
        """(C,) skewness of the normalised k* values (biased); NaN where all are equal.

        Examples
        --------
        >>> result.skewness_plain.round(2)
        array([-0.41,  1.15,  2.09])
        """
        return read_only(skewness_of_each(self.class_values))

    @cached_property
    def skewness_augmented(self) -> NDArray[np.float64]:
        """(C,) the same after 0 and 1 are appended to the values of the class.

        Examples
        --------
        >>> result.skewness_augmented.round(2)
        array([-0.41,  4.19,  4.08])
        """
        return read_only(skewness_of_each(self.class_values, (0.0, 1.0)))

    @cached_property
    def pattern(self) -> tuple[str, ...]:
        """How each class is held: "fractured", "overlapped", "clustered" or "undefined".

        By the chosen skewness: fractured above the threshold, clustered below minus the threshold,
        overlapped between them and at either. A class whose values are all 1 is clustered. One
        sample, or no references of its class, or no skewness because all values are equal, leaves
        the pattern undefined.

        Examples
        --------
        >>> result.pattern
        ('overlapped', 'fractured', 'fractured')
        >>> import dataclasses
        >>> dataclasses.replace(result, threshold=0.4).pattern
        ('clustered', 'fractured', 'fractured')
        """
        skewness = deciding_skewness(self)
        return tuple(
            pattern_of(values, skew, self.threshold)
            for values, skew in zip(self.class_values, skewness, strict=True)
        )

    def lsc(self) -> LSC:
        """Return the local set average cardinality, of all samples and of each class.

        The local set of a sample are all samples nearer to it than the nearest one of another
        class, itself among them. Their number is k*, unless that one is at distance 0: nothing is
        nearer, so that the local set is empty, while k*, which is a rank, is 1. The total is
        1 - sum / N^2, that of a class of n samples 1 - sum / n^2.

        Under metric "precomputed" a sample is at distance 0 from itself, whatever the diagonal.

        Raises
        ------
        ValueError
            In the query form: local sets are defined among the samples themselves. Where it is not
            known which samples have a foreign one at distance 0 (`foreign_at_zero`).

        References
        ----------
        Leyva, Gonzalez and Perez, "A Set of Complexity Measures Designed for Applying
        Meta-Learning to Instance Selection", IEEE TKDE 27(2), 2015 (local sets).
        Lorena et al., "How Complex Is Your Classification Problem?", ACM Computing Surveys 52(5),
        2019 (the measure LSC).

        Examples
        --------
        >>> lsc = result.lsc()
        >>> round(lsc.total, 2), lsc.per_class.round(2)
        (0.92, array([0.41, 0.93, 0.93]))
        """
        if self.query_form:
            raise ValueError(
                "lsc: local sets are defined among the samples themselves; a result without "
                "references is wanted, got one of the query form"
            )
        if self.foreign_at_zero is None:
            raise ValueError(
                "lsc: a result that knows where foreign samples are at distance 0 is wanted "
                "(foreign_at_zero), got one without, as kstar-gpu 0.1.0 saved them; compute it anew"
            )
        return lsc_of(self.kstar, self.foreign_at_zero, self.class_index, self.population)

    def purity(self) -> Purity:
        """Return the share of samples whose nearest neighbour is of their own class.

        Of all samples, and of each class (C,). That is k* > 1; a foreign sample as near as the
        nearest of the own class counts as nearest.

        Examples
        --------
        >>> purity = result.purity()
        >>> purity.total, purity.per_class
        (0.5, array([0.9 , 0.35, 0.25]))
        """
        return purity_of(self.kstar, self.class_index)

    def _per_class(self, statistic: Callable[[NDArray[np.float64]], Any]) -> NDArray[np.float64]:
        return read_only(np.array([statistic(values) for values in self.class_values]))


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array, which nobody can write to from now on."""
    array.flags.writeable = False
    return array
