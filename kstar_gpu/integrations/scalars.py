"""What a loop logs of k* distributions: a few numbers by name, and a picture."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..plot.common import check_installed, plain
from ..stats.distribution import KStarDistribution

PATTERNS = ("fractured", "overlapped", "clustered")


def scalars_of(result: KStarDistribution | None) -> dict[str, float]:
    """Return five numbers by name; of no result, NaN.

    ``kstar_mean`` and ``kstar_skewness``: the means over the classes of mean and (plain) skewness
    of k* / class size. ``kstar_fractured``, ``kstar_overlapped``, ``kstar_clustered``: the shares
    of classes with that pattern.
    """
    if result is None:
        values = dict.fromkeys(("mean", "skewness", *PATTERNS), float("nan"))
    else:
        values = {"mean": mean_of(result.mean), "skewness": mean_of(result.skewness_plain)}
        for pattern in PATTERNS:
            values[pattern] = result.pattern.count(pattern) / len(result.pattern)
    return {f"kstar_{name}": value for name, value in values.items()}


def mean_of(values: NDArray[np.float64], weights: NDArray[np.int64] | None = None) -> float:
    """Return the mean of those that are numbers, or NaN."""
    kept = ~np.isnan(values)
    if not kept.any():
        return float("nan")
    return float(np.average(values[kept], weights=None if weights is None else weights[kept]))


def tagged(what: str, name: str) -> str:
    """Return what a tracker calls something of this name: those of one kind stand together."""
    return f"{what}/{name}" if name else what


def check_name(name: Any) -> None:
    """Refuse what is no name."""
    if not isinstance(name, str):
        raise TypeError(f"name: a string is wanted, got {type(name).__name__}")


def check_step(step: Any) -> None:
    """Refuse what is no step of a training."""
    if isinstance(step, bool) or not isinstance(step, int | np.integer):
        raise TypeError(f"step: an integer is wanted, got {type(step).__name__}")
    if step < 0:
        raise ValueError(f"step: 0 or more is wanted, got {step}")


def check_every(every: Any) -> None:
    """Refuse what is no number of epochs, but for None."""
    if every is None:
        return
    if isinstance(every, bool) or not isinstance(every, int):
        raise TypeError(
            f"plot_every_n_epochs: an integer or None is wanted, got {type(every).__name__}"
        )
    if every < 1:
        raise ValueError(f"plot_every_n_epochs: 1 or more is wanted, got {every}")


@contextmanager
def picture_of(result: KStarDistribution, name: str) -> Iterator[Any]:
    """Draw a result; the figure is closed afterwards, so that no notebook shows it as well.

    Raises
    ------
    ImportError
        Without matplotlib.
    """
    check_installed()
    import matplotlib.pyplot as plt

    figure: Any = result.plot().figure
    try:
        if name:
            figure.suptitle(plain(name))
        yield figure
    finally:
        plt.close(figure)
