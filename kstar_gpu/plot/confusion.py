"""Who ends whose runs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .common import MOST_NAMES, drawn_into, listed, plain, room_for, some_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_NUMBERS = 16  # classes between which shares are written out


def plot_confusion(
    counts: NDArray[np.int64], names: Sequence[Any], ax: "Axes | None" = None
) -> "Axes":
    """Draw which class ends the runs of which, as shares of each row.

    Parameters
    ----------
    counts, names : (C, C) counts and (C,) classes, from `kstar_gpu.foreign_confusion`
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If `counts` are no numbers, `names` no sequence, or `ax` no axes.
    ValueError
        If there is not one name per class, or a count is negative.
    ImportError
        Without matplotlib or seaborn.
    """
    names = listed(names)
    count = len(names)
    counts = _checked(counts, count)
    size = 2.4 + 0.34 * min(count, MOST_NAMES // 2)
    room = room_for(names)
    ax = drawn_into(ax, size + 1.2 + room, size + room)

    import seaborn

    with np.errstate(invalid="ignore"):
        shares = 100 * counts / counts.sum(1, keepdims=True)
    written = count <= MOST_NUMBERS
    shown = some_names(names)
    seaborn.heatmap(
        shares,
        ax=ax,
        cmap="crest",
        vmin=0,
        annot=written,
        fmt=".0f",
        annot_kws={"fontsize": 7},
        xticklabels=shown,
        yticklabels=shown,
        cbar_kws={"label": plain("% of the class's runs")},
    )
    ax.set_xticklabels(ax.get_xticklabels(), rotation=40, ha="right")
    ax.set_yticklabels(ax.get_yticklabels(), rotation=0)
    ax.tick_params(labelsize=9 if written else 7)
    ax.set_xlabel("ended by a sample of")
    ax.set_ylabel(f"runs of (n = {int(counts.sum())})")
    return ax


def _checked(counts: Any, classes: int) -> NDArray[Any]:
    """Return counts as an array; see that there is one for each pair of classes."""
    try:
        found = np.asarray(counts)
    except (TypeError, ValueError):  # on a GPU; rows of different lengths
        found = np.array(None)
    if found.dtype.kind not in "iuf":
        raise TypeError(f"counts: a matrix of numbers is wanted, got {type(counts).__name__}")
    if found.shape != (classes, classes):
        raise ValueError(
            f"counts: shape ({classes}, {classes}) is wanted for {classes} names, got {found.shape}"
        )
    if not (found >= 0).all():
        raise ValueError("counts: numbers of runs, at least 0, are wanted, got others")
    return found
