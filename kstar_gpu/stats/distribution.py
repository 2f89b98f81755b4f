"""The k* distributions of all classes: a result, its tables, its picture and its file."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..extras import import_pandas
from ..files import as_path
from .class_statistics import ClassStatistics
from .notebook import result_html
from .result_file import read_result, write_result
from .samples import most_confused, sample_columns
from .summary import summary_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, repr=False)
class KStarDistribution(ClassStatistics):
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

    def __repr__(self) -> str:
        return f"<KStarDistribution: {self._title()}>"

    def _repr_html_(self) -> str:
        return result_html(self, self._title())

    def to_frame(self, *, samples: bool = False) -> "pd.DataFrame":
        """Return the statistics as a pandas DataFrame, one row per class.

        Columns: class, n, mean, std, skewness_plain, skewness_augmented, pattern.

        Parameters
        ----------
        samples : bool
            One row per sample instead, in the order of the input, with the columns of `confused`;
            those of foreign samples only where the result knows them.

        Raises
        ------
        ImportError
            Without pandas.

        Examples
        --------
        >>> frame = result.to_frame()
        >>> print(frame[["class", "n", "mean", "pattern"]].round(2).to_string(index=False))
        class  n  mean    pattern
          ant 20  0.59 overlapped
          bee 20  0.07  fractured
          cat 20  0.07  fractured
        >>> result.to_frame(samples=True).shape
        (60, 4)
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

        Examples
        --------
        >>> result = kstar_distribution(features, labels, return_foreign=True)
        >>> table = result.confused(2)
        >>> print(table[["sample", "class", "kstar", "foreign_class"]].to_string(index=False))
         sample class  kstar foreign_class
             24   bee      1           cat
             47   cat      1           bee
        >>> result.confused(1, by="class")["class"].tolist()
        ['ant', 'bee', 'cat']
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

        Examples
        --------
        >>> print(result.summary())
        k* distribution: 60 samples, 3 classes, euclidean
        class   n   mean    std  skew plain  skew augmented  pattern
        ant    20  0.590  0.288      -0.407          -0.407  overlapped
        bee    20  0.070  0.029       1.150           4.185  fractured
        cat    20  0.070  0.040       2.086           4.079  fractured
        pattern: plain skewness, threshold 0.5
        """
        return summary_of(self, self._title(), kind, classes, top)

    def plot(self, ax: "Axes | None" = None, **options: Any) -> "Axes":
        """Draw the distributions; options and result as for `kstar_gpu.plot_distributions`.

        Examples
        --------
        >>> result.plot(sort="mean").figure.savefig("distributions.png")
        """
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

        Examples
        --------
        >>> result.save("layer3.npz")
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

        Examples
        --------
        >>> result.save("layer3.npz")
        >>> KStarDistribution.load("layer3.npz").mean.round(2)
        array([0.59, 0.07, 0.07])
        """
        fields, _ = read_result(as_path(path))
        return cls(**fields)

    def _title(self) -> str:
        form = ", among references" if self.query_form else ""
        return f"{len(self.kstar)} samples, {len(self.classes)} classes, {self.metric}{form}"


def check_result(value: object, name: str) -> None:
    """Refuse an argument, of this name, that is no result."""
    if not isinstance(value, KStarDistribution):
        raise TypeError(f"{name}: a KStarDistribution is wanted, got {type(value).__name__}")
