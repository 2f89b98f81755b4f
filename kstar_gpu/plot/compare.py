"""Two results, class by class."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..stats.comparison import shared_classes
from ..stats.distribution import check_result
from ..stats.intervals import confidence_intervals, values_of
from .common import (
    MOST_LETTERS,
    MOST_NAMES,
    add_legend,
    drawn_into,
    label_of,
    listed,
    palette,
    plain,
    room_for,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..stats.distribution import KStarDistribution


def plot_compare(
    first: "KStarDistribution",
    second: "KStarDistribution",
    names: Sequence[str] = ("first", "second"),
    ax: "Axes | None" = None,
    *,
    statistic: str = "mean",
) -> "Axes":
    """Draw two results class by class: a dumbbell from the one's statistic to the other's.

    Bars are 95 % bootstrap intervals. Classes are those that both have, by label, from the one that
    gains most at the top to the one that loses most.

    Parameters
    ----------
    first, second : KStarDistribution
    names : what the two are called
    ax : matplotlib.axes.Axes, optional
    statistic : {"mean", "skewness"}

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If one of the two is no result, `names` are no sequence, or `ax` no axes.
    ValueError
        For an unknown statistic; if the two share no class; for other than two names.
    ImportError
        Without matplotlib or seaborn.
    """
    check_result(first, "first")
    check_result(second, "second")
    names = listed(names)
    if len(names) != 2:
        raise ValueError(f"names: two are wanted, got {len(names)}")
    intervals = [confidence_intervals(result, statistic) for result in (first, second)]
    values = [values_of(result, statistic) for result in (first, second)]
    shared = shared_classes(first, second)
    pick = [[pair[side] for pair in shared] for side in (0, 1)]
    gains = values[1][pick[1]] - values[0][pick[0]]
    order = np.argsort(-np.nan_to_num(gains, nan=-np.inf), kind="stable")
    many = len(shared) > MOST_NAMES
    called = [first.class_names[pick[0][number]] for number in order]
    height = 1.3 + (0.13 if many else 0.26) * len(shared)
    ax = drawn_into(ax, 6.5 + room_for(called), height)

    colours = palette()
    for row, number in enumerate(order):
        ends = [values[side][pick[side][number]] for side in (0, 1)]
        ax.plot(ends, [row, row], color="0.6", linewidth=1.5, zorder=1)
    drawn = []
    for side, (marker, colour) in enumerate((("o", colours[0]), ("s", colours[1]))):
        chosen = [pick[side][number] for number in order]
        middle, span = values[side][chosen], intervals[side][chosen]
        rows = np.arange(len(chosen)) + (0.12 if side else -0.12)
        widths = np.abs(np.nan_to_num(span.T - middle, nan=0.0))
        bars = ax.errorbar(
            middle,
            rows,
            xerr=widths,
            fmt=marker,
            color=colour,
            markersize=3 if many else 5,
            elinewidth=0.9,
            zorder=2,
        )
        drawn.append(bars)
    ax.set_yticks(range(len(order)), [plain(name) for name in called])
    ax.tick_params(axis="y", labelsize=6 if many else 9)
    ax.set_ylim(len(order) - 0.4, -0.6)
    ax.set_xlabel(label_of(statistic))
    if statistic == "mean":
        ax.set_xlim(0, 1.02)
    ax.grid(axis="x", linewidth=0.5, alpha=0.5)
    side_by_side = sum(len(plain(name)) for name in names) <= MOST_LETTERS
    add_legend(
        ax,
        drawn,
        names,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=2 if side_by_side else 1,
        frameon=False,
    )
    return ax
