"""Two results, class by class."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..stats.choice import check_kind, check_top, codes_of
from ..stats.comparison import shared_classes
from ..stats.distribution import check_result
from ..stats.intervals import intervals_of, values_of
from ..stats.statistic import statistic_named
from .colours import Palette, colours
from .common import (
    FEW_CLASSES,
    MOST_LETTERS,
    MOST_NAMES,
    MOST_ROWS,
    add_legend,
    drawn_into,
    grid_at,
    label_of,
    listed,
    plain,
    room_for,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..stats.distribution import KStarDistribution

SCATTER_INCHES = 4.2
Pairs = NDArray[np.int64]  # (n, 2): a class's index in the one and in the other


def plot_compare(
    first: "KStarDistribution",
    second: "KStarDistribution",
    names: Sequence[str] = ("first", "second"),
    ax: "Axes | None" = None,
    *,
    statistic: str = "mean",
    kind: str | None = None,
    classes: Iterable[Any] | None = None,
    top: int | None = None,
    palette: Palette = None,
) -> "Axes":
    """Draw two results class by class: a dumbbell from the one's statistic to the other's.

    Bars are 95 % bootstrap intervals. Classes are those that both have, by label, from the one that
    gains most at the top to the one that loses most. Of more than a hundred classes there is an
    overview instead: a point per class, the one's statistic to the right and the other's upward,
    and the dumbbells of those that gain and lose most.

    Parameters
    ----------
    first, second : KStarDistribution
    names : what the two are called
    ax : matplotlib.axes.Axes, optional
        An overview takes the place of the axes given in their figure's grid.
    statistic : {"mean", "skewness"}
    kind : {"overview", "all"}, optional
        By default "all" of up to a hundred classes.
    classes : sequence of labels, or names in the first result, optional
        The picture is of these alone, as far as both have them.
    top : int, optional
        How many classes that gain and that lose most the overview has dumbbells of (by default
        ten). Without kind "overview": the picture has these dumbbells alone.
    palette : name of a colormap of matplotlib, or sequence of two colours, optional

    Returns
    -------
    matplotlib.axes.Axes
        Of an overview these are empty; its parts are the figure's axes after them.

    Raises
    ------
    TypeError
        If one of the two is no result, `names` or `classes` are no sequence, `ax` no axes.
    ValueError
        For an unknown statistic or kind; if the two share no class; for other than two names;
        classes that the first does not have; more than 1000 dumbbells.
    ImportError
        Without matplotlib.

    Examples
    --------
    >>> plot_compare(result, other).figure.savefig("compare.pdf")
    """
    check_result(first, "first")
    check_result(second, "second")
    names = listed(names)
    if len(names) != 2:
        raise ValueError(f"names: two are wanted, got {len(names)}")
    statistic_named(statistic)
    check_kind(kind)
    number = check_top(top)
    pairs = _pairs_of(first, second, classes)
    values = values_of(first, statistic)[pairs[:, 0]], values_of(second, statistic)[pairs[:, 1]]
    gains = values[1] - values[0]
    order = np.argsort(-np.nan_to_num(gains, nan=-np.inf), kind="stable")
    ends = _ends(order, int(np.isfinite(gains).sum()), number)
    if top is not None and kind != "overview":
        order = ends
    if kind is None:
        kind = "all" if len(order) <= FEW_CLASSES else "overview"
    shown = pairs[order if kind == "all" else ends]
    if len(shown) > MOST_ROWS:
        raise ValueError(
            f"kind: overview is wanted of {len(shown)} classes, or some of them by classes= or "
            f"top=; 'all' has room for {MOST_ROWS}"
        )
    fine = kind == "all" and len(shown) > MOST_NAMES
    height = 1.3 + (0.13 if fine else 0.26) * len(shown)
    above = SCATTER_INCHES if kind == "overview" else 0
    called = [first.class_names[code] for code in shown[:, 0]]
    two = colours(2, palette)
    ax = drawn_into(ax, 6.5 + room_for(called), above + height)
    rows = ax
    if kind == "overview":
        grid = grid_at(ax, 2, 1, height_ratios=(SCATTER_INCHES, height))
        # Of the middle, so that both directions are as long.
        middle = grid[0].subgridspec(1, 3, width_ratios=(1, 4, 1))[1]
        _draw_points(ax.figure.add_subplot(middle), values, names, statistic)
        rows = ax.figure.add_subplot(grid[1])
    marks = _draw_dumbbells(rows, (first, second), shown, statistic, two, fine=fine)
    rows.set_yticks(range(len(shown)), [plain(name) for name in called])
    rows.tick_params(axis="y", labelsize=6 if fine else 9)
    if kind == "overview":
        rows.axhline(len(ends) / 2 - 0.5, color="0.6", linewidth=0.6)
    side_by_side = sum(len(plain(name)) for name in names) <= MOST_LETTERS
    add_legend(
        rows,
        marks,
        names,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=2 if side_by_side else 1,
        frameon=False,
    )
    return ax


def _pairs_of(
    first: "KStarDistribution", second: "KStarDistribution", classes: Iterable[Any] | None
) -> Pairs:
    """Return the classes asked for that both have."""
    asked = codes_of(classes, first.classes.tolist(), first.class_names)
    other = dict(shared_classes(first, second))
    pairs = [(code, other[code]) for code in asked.tolist() if code in other]
    if not pairs:
        raise ValueError("classes: one at least that second has, too, is wanted, got none")
    return np.array(pairs)


def _ends(order: NDArray[np.int64], defined: int, number: int) -> NDArray[np.int64]:
    """Return the first and the last of those whose gain is defined."""
    order = order[:defined]
    if len(order) <= 2 * number:
        return order
    return np.concatenate([order[:number], order[-number:]])


def _draw_dumbbells(
    ax: "Axes",
    results: Sequence["KStarDistribution"],
    pairs: Pairs,
    statistic: str,
    two: Sequence[Any],
    *,
    fine: bool,
) -> list[Any]:
    """Draw a row per pair of classes; return the marks of the two results."""
    rows = np.arange(len(pairs))
    values = [
        values_of(result, statistic)[codes] for result, codes in zip(results, pairs.T, strict=True)
    ]
    ax.hlines(rows, *values, color="0.6", linewidth=1.5, zorder=1)
    marks = []
    for side, marker in enumerate("os"):
        span = intervals_of(results[side], statistic, pairs[:, side])
        bars = ax.errorbar(
            values[side],
            rows + (0.12 if side else -0.12),
            xerr=np.abs(np.nan_to_num(span.T - values[side], nan=0.0)),
            fmt=marker,
            color=two[side],
            markersize=3 if fine else 5,
            elinewidth=0.9,
            zorder=2,
        )
        marks.append(bars)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlabel(label_of(statistic))
    if statistic == "mean":
        ax.set_xlim(0, 1.02)
    ax.grid(axis="x", linewidth=0.5, alpha=0.5)
    return marks


def _draw_points(
    ax: "Axes", values: Sequence[NDArray[np.float64]], names: Sequence[Any], statistic: str
) -> None:
    """Draw a point per class, and where nothing would have changed."""
    ax.scatter(values[0], values[1], s=8, color="0.35", alpha=0.6, linewidths=0)
    ax.axline((0, 0), slope=1, color="0.6", linewidth=0.8, zorder=1)
    if statistic == "mean":
        ax.set(xlim=(0, 1.02), ylim=(0, 1.02))
    ax.set_box_aspect(1)
    gained, lost = (int(np.sum(sign * (values[1] - values[0]) > 0)) for sign in (1, -1))
    ax.set_title(f"{len(values[0])} classes: {gained} above, {lost} below", fontsize=9)
    ax.set_xlabel(plain(names[0]), fontsize=9)
    ax.set_ylabel(plain(names[1], MOST_LETTERS // 2), fontsize=9)
