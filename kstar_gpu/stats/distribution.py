"""The k* distribution of each class: its values, its statistics and its pattern."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..extras import import_pandas
from ..files import as_path
from ..inputs.classes import normalized
from .choice import deciding_skewness
from .local_sets import LSC, lsc_of
from .notebook import result_html
from .pattern import check_rule, pattern_of
from .purity import Purity, purity_of
from .result_file import read_result, write_result
from .result_schema import ARRAYS, IDS, OPTIONAL
from .samples import most_confused, sample_columns, sample_ids
from .statistic import by_class, skewness_of_each
from .summary import summary_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, repr=False)
class KStarDistribution:
    """k* values of labelled samples, class by class; made by `kstar_distribution`.

    Immutable: the arrays are read-only copies. ``dataclasses.replace(result, threshold=0.3)``
    gives the same k* values under another rule for the pattern.

    Attributes
    ----------
    kstar : (N,) int64
        k* of each sample, in the order of the input.
    class_index : (N,) int64
        Class of each sample, as an index into everything that has one entry per class.
    classes : (C,) integers, strings or booleans
        The distinct labels of the samples, sorted.
    population : (C,) int64
        What k* is divided by: the class size; in the query form one more than the class's
        references, and 0 for a class that the references lack.
    class_names : tuple of C str
    metric : str
    query_form : bool
        Whether the samples were placed among references instead of among each other.
    skewness : {"plain", "augmented"}
        Which of the two skewnesses decides the pattern.
    threshold : float
        How far from 0 that skewness must be for a class to be fractured or clustered.
    foreign_at_zero : (N,) bool, or None where it is not known
        Whether a sample of another class is at distance 0, which k* does not tell, and `lsc` asks.
        Files of kstar-gpu 0.1.0 do not hold it.
    foreign_index : (N,) int64, or None where it was not asked for
        The nearest sample of another class: its row in the features; in the query form, in the
        references. The lowest among equals.
    foreign_distance : (N,) float32, or None
        Its distance, rounded, as `kstar_gpu.KStarForeign` has it exactly; float64 where float32 has
        no room for it.
    foreign_class : (N,) int64, or None
        In the query form: its class, as an index into `reference_names`. Otherwise that class is
        ``class_index[foreign_index]``.
    reference_names : tuple of str, or None
        In the query form: what the classes of both sides are called.
    ids : (N,) integers or strings, or None
        What the samples are called: paths, rows of a table.
        ``dataclasses.replace(result, ids=paths)`` gives names to a result that has none.

    Examples
    --------
    >>> result = kstar_distribution(features, labels)
    >>> result.class_names, result.sizes
    (('ant', 'bee', 'cat'), array([20, 20, 20]))
    >>> result.save("result.npz")
    >>> KStarDistribution.load("result.npz").pattern == result.pattern
    True
    """

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
                object.__setattr__(self, name, _read_only(np.array(getattr(self, name))))

    def __repr__(self) -> str:
        return f"<KStarDistribution: {self._title()}>"

    def _repr_html_(self) -> str:
        return result_html(self, self._title())

    @cached_property
    def normalized(self) -> NDArray[np.float64]:
        """(N,) k* divided by the population, in (0, 1]; NaN where the references lack the class."""
        return _read_only(normalized(self.kstar, self.class_index, self.population))

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """(C,) number of samples of each class."""
        return _read_only(np.bincount(self.class_index))

    @cached_property
    def class_values(self) -> tuple[NDArray[np.float64], ...]:
        """The normalised k* values of each class, in the order of the samples."""
        return by_class(self.normalized, self.class_index)

    @cached_property
    def mean(self) -> NDArray[np.float64]:
        """(C,) mean of the normalised k* values."""
        return self._per_class(np.mean)

    @cached_property
    def std(self) -> NDArray[np.float64]:
        """(C,) standard deviation of the normalised k* values, as of a population (ddof = 0)."""
        return self._per_class(np.std)

    @cached_property
    def skewness_plain(self) -> NDArray[np.float64]:
        """(C,) skewness of the normalised k* values (biased); NaN where all are equal."""
        return _read_only(skewness_of_each(self.class_values))

    @cached_property
    def skewness_augmented(self) -> NDArray[np.float64]:
        """(C,) the same after 0 and 1 are appended to the values of the class."""
        return _read_only(skewness_of_each(self.class_values, (0.0, 1.0)))

    @cached_property
    def pattern(self) -> tuple[str, ...]:
        """How each class is held: "fractured", "overlapped", "clustered" or "undefined".

        By the chosen skewness: fractured above the threshold, clustered below minus the threshold,
        overlapped between them and at either. A class whose values are all 1 is clustered. One
        sample, or no references of its class, or no skewness because all values are equal, leaves
        the pattern undefined.
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
        """
        return purity_of(self.kstar, self.class_index)

    def to_frame(self, *, samples: bool = False) -> "pd.DataFrame":
        """Return the statistics as a pandas DataFrame, one row per class.

        Columns: class, n, mean, std, skewness_plain, skewness_augmented, pattern.

        With ``samples=True`` one row per sample, in the order of the input, with the columns of
        `confused`; those of foreign samples only where the result knows them.

        Raises
        ------
        ImportError
            Without pandas.
        """
        if samples:
            return import_pandas().DataFrame(sample_columns(self, slice(None)))
        return import_pandas().DataFrame(
            {
                "class": self.class_names,
                "n": self.sizes,
                "mean": self.mean,
                "std": self.std,
                "skewness_plain": self.skewness_plain,
                "skewness_augmented": self.skewness_augmented,
                "pattern": self.pattern,
            }
        )

    def confused(self, n: int = 10, *, by: str | None = None) -> "pd.DataFrame":
        """Return the samples of the smallest k*, and whom they meet, as a pandas DataFrame.

        Of equal k*, those whose foreign sample is nearest come first: samples that are nearly, or
        exactly, the same as one with another label. Samples whose class the references lack are
        left out.

        Columns: sample (its row in the features), id (where samples have ids), class, kstar,
        normalized (k* / class size), foreign_sample (a row of the features; in the query form, of
        the references), foreign_id, foreign_class, foreign_distance.

        Parameters
        ----------
        n : int
            How many; all, if there are fewer.
        by : {"class"}, optional
            `n` of each class, class by class, instead of `n` of all.

        Raises
        ------
        TypeError, ValueError
            For an `n` or `by` that is none; if the result was made without ``return_foreign=True``.
        ImportError
            Without pandas.
        """
        columns = sample_columns(self, most_confused(self, n, by))
        return import_pandas("confused").DataFrame(columns)

    def summary(
        self,
        *,
        kind: str | None = None,
        classes: Iterable[Any] | None = None,
        top: int | None = None,
    ) -> str:
        """Return the statistics as a table of plain text, with "-" where a number is undefined.

        Parameters
        ----------
        kind : {"overview", "all"}, optional
            "all": a line per class. "overview", within 40 lines: quantiles over the classes, how
            many have each pattern, and those that are most fractured, overlapped and clustered. By
            default "all" where that fits into 40 lines or `classes` are chosen, unless `top` is
            given.
        classes : sequence of labels or names, optional
            What is told is told of these alone.
        top : int, optional
            How many classes of each pattern the overview names; by default 10, and 0 for none.

        Raises
        ------
        TypeError, ValueError
            For an unknown `kind`; classes that the result does not have; a `top` that is no number
            of classes, or beside kind "all".
        """
        return summary_of(self, self._title(), kind, classes, top)

    def plot(self, ax: "Axes | None" = None, **options: Any) -> "Axes":
        """Draw the distributions; options and result as for `kstar_gpu.plot_distributions`."""
        from ..plot import plot_distributions

        return plot_distributions(self, ax, **options)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to an .npz file at exactly this path, replacing what was there.

        The file appears whole or not at all. Its member ``header`` is JSON: format, format
        version, package version, metric, class names, and the rule for the pattern. It ends in a
        sum of all its bytes.

        Raises
        ------
        ValueError, TypeError
            If this is no result: of k* beyond the size of their class, for example.
        """
        write_result(vars(self), as_path(path))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "KStarDistribution":
        """Read what `save` has written. Nothing is unpickled.

        Raises
        ------
        DamagedFileError
            A ValueError: if the file is no such file, or is damaged.
        ValueError
            If it has a newer format than this version reads.
        """
        fields, _ = read_result(as_path(path))
        return cls(**fields)

    def _title(self) -> str:
        form = ", among references" if self.query_form else ""
        return f"{len(self.kstar)} samples, {len(self.classes)} classes, {self.metric}{form}"

    def _per_class(self, statistic: Callable[[NDArray[np.float64]], Any]) -> NDArray[np.float64]:
        return _read_only(np.array([statistic(values) for values in self.class_values]))


def check_result(value: object, name: str) -> None:
    """Refuse an argument, of this name, that is no result."""
    if not isinstance(value, KStarDistribution):
        raise TypeError(f"{name}: a KStarDistribution is wanted, got {type(value).__name__}")


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array
