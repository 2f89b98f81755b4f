"""Who ends whose runs."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..stats.choice import check_kind, check_top, codes_of
from .cells import draw_cells
from .colours import NUMBERS, Palette, colormap
from .common import (
    FEW_CLASSES,
    MOST_LETTERS,
    MOST_NAMES,
    drawn_into,
    grid_at,
    listed,
    name_ticks,
    plain,
    room_for,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_NUMBERS = 16  # classes between which shares are written out
MOST_CELLS = 200  # along an axis of the overview
MAP_INCHES, ROW_INCHES = 7.0, 0.22
ARROW = "\N{RIGHTWARDS ARROW}"


def plot_confusion(
    counts: NDArray[np.int64],
    names: Sequence[Any],
    ax: "Axes | None" = None,
    *,
    kind: str | None = None,
    classes: Iterable[Any] | None = None,
    top: int | None = None,
    palette: Palette = None,
) -> "Axes":
    """Draw which class ends the runs of which, as shares of each row.

    Of more than a hundred classes there is an overview instead: a map whose cells hold the largest
    share of several classes each, and the pairs of classes with the largest shares.

    Parameters
    ----------
    counts, names : (C, C) counts and (C,) classes, from `kstar_gpu.foreign_confusion`
    ax : matplotlib.axes.Axes, optional
        An overview takes the place of the axes given in their figure's grid.
    kind : {"overview", "all"}, optional
        By default "all", a cell per pair, of up to a hundred classes.
    classes : sequence of names, optional
        The map is of these alone; shares are still of all runs of a class.
    top : int, optional
        How many pairs the overview lists (by default twenty). Without kind "overview": the map is
        of the classes in these pairs alone.
    palette : name of a colormap of matplotlib, or sequence of colours, optional
        From no runs to the largest share.

    Returns
    -------
    matplotlib.axes.Axes
        Of an overview these are empty; its parts are the figure's axes after them.

    Raises
    ------
    TypeError
        If `counts` are no numbers, `names` or `classes` no sequence, `ax` no axes.
    ValueError
        If there is not one name per class, a count is negative, or `classes` has other names.
    ImportError
        Without matplotlib.

    Examples
    --------
    >>> found = kstar(features, labels, return_foreign=True)
    >>> counts, names = foreign_confusion(labels, found.index)
    >>> plot_confusion(counts, names).figure.savefig("confusion.pdf")
    """
    names = listed(names)
    counts = _checked(counts, len(names))
    check_kind(kind)
    number = 2 * check_top(top) if top is None else check_top(top)
    colormap(palette, NUMBERS)  # refused before there is a figure
    codes = codes_of(classes, names, [str(name) for name in names])
    with np.errstate(invalid="ignore"):
        shares = 100 * counts / counts.sum(1, keepdims=True)
    pairs = _largest(shares, codes, number)
    if top is not None and kind != "overview" and len(pairs):
        codes = codes[np.isin(codes, pairs)]
    if kind is None:
        kind = "all" if len(codes) <= FEW_CLASSES else "overview"
    shown = [names[code] for code in codes]
    total = int(counts[codes].sum())
    if kind == "all":
        size = 2.4 + 0.34 * min(len(codes), MOST_NAMES // 2)
        room = room_for(shown)
        ax = drawn_into(ax, size + 1.2 + room, size + room)
        _draw_map(ax, shares[np.ix_(codes, codes)], shown, total, palette)
        return ax
    height = 0.7 + ROW_INCHES * len(pairs)
    ax = drawn_into(ax, MAP_INCHES + 1.2 + room_for(shown), MAP_INCHES + room_for(shown) + height)
    grid = grid_at(ax, 2, 1, height_ratios=(MAP_INCHES, height))
    above = ax.figure.add_subplot(grid[0])
    _draw_map(above, shares[np.ix_(codes, codes)], shown, total, palette, most=MOST_CELLS)
    _draw_pairs(ax.figure.add_subplot(grid[1]), shares, pairs, names, palette)
    return ax


def _largest(
    shares: NDArray[np.float64], codes: NDArray[np.int64], number: int
) -> NDArray[np.int64]:
    """Return the pairs (n, 2) of these classes with the largest shares."""
    part = np.nan_to_num(shares[np.ix_(codes, codes)])
    flat = np.argsort(-part, axis=None, kind="stable")[:number]
    rows, columns = np.unravel_index(flat, part.shape)
    some = part[rows, columns] > 0
    return np.stack([codes[rows[some]], codes[columns[some]]], 1)


def _draw_map(
    ax: "Axes",
    shares: NDArray[np.float64],
    names: Sequence[Any],
    runs: int,
    palette: Palette,
    most: int | None = None,
) -> None:
    """Draw a cell per pair, or, of more than `most` classes, per so many."""
    count = len(names)
    side = 1 if most is None else -(-count // most)
    label = plain("% of the class's runs")
    if side > 1:
        edge = -(-count // side) * side - count
        padded = np.pad(np.nan_to_num(shares), (0, edge)).reshape(
            -1, side, (count + edge) // side, side
        )
        shares = padded.max((1, 3))
        label += f", largest of {side} x {side} classes"
    written = count <= MOST_NUMBERS
    texts = None
    if written:
        texts = np.array([["" if np.isnan(s) else f"{s:.0f}" for s in row] for row in shares])
    draw_cells(ax, shares, palette, label, texts=texts)
    letters = 9 if written else 7
    name_ticks(ax, names[::side], "x", rotation=40, ha="right", fontsize=letters)
    name_ticks(ax, names[::side], "y", fontsize=letters)
    ax.set_xlabel("ended by a sample of")
    ax.set_ylabel(f"runs of (n = {runs})")


def _draw_pairs(
    ax: "Axes",
    shares: NDArray[np.float64],
    pairs: NDArray[np.int64],
    names: Sequence[Any],
    palette: Palette,
) -> None:
    """Draw the share of each pair as a bar, and write who ends whose runs."""
    values = shares[pairs[:, 0], pairs[:, 1]]
    rows = np.arange(len(pairs))
    ax.barh(rows, values, 0.7, color=colormap(palette, NUMBERS)(0.75))
    half = MOST_LETTERS // 2
    called = [
        f"{plain(names[row], half)} {ARROW} {plain(names[column], half)}" for row, column in pairs
    ]
    ax.set_yticks(rows, called, fontsize=8)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    for row, value in zip(rows, values, strict=True):
        ax.annotate(f" {value:.0f}", (value, row), va="center", fontsize=7, annotation_clip=False)
    ax.set_xlabel(plain("% of the class's runs, ended by the class after the arrow"), fontsize=8)
    ax.tick_params(axis="x", labelsize=7)


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
