"""Statistics of classes along the layers of a network."""

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..networks.sweep import Key, Sweep
from ..stats.choice import check_top, codes_of, striking
from ..stats.distribution import check_result
from ..stats.intervals import intervals_of, values_of
from ..stats.statistic import statistic_named
from .cells import draw_cells
from .colours import MOST_COLOURS, NUMBERS, Palette, colormap, colours
from .common import (
    FEW_CLASSES,
    MOST_LETTERS,
    MOST_NAMES,
    add_legend,
    drawn_into,
    label_of,
    name_ticks,
    plain,
    room_for,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..stats.distribution import KStarDistribution

MOST_MARKS = 32  # classes, and layers, whose cells are marked
MOST_WIDTH, MOST_LAYERS = 12.0, 40  # inches, and layers that are all named in them
MOST_DRAWS = 300_000_000  # of values, for all intervals of a picture
QUARTERS = (0, 0.25, 0.5, 0.75, 1)
BAR_INCHES = 2.0  # of the colour bar at least, beside which its meaning is written
SLANT = 0.7  # of a slanted name's length: what it needs below, and at the left


def plot_layers(
    sweep: Sweep,
    model: str | None = None,
    data: str | None = None,
    ax: "Axes | None" = None,
    *,
    statistic: str = "mean",
    kind: str = "lines",
    classes: Iterable[Any] | None = None,
    top: int | None = None,
    palette: Palette = None,
) -> "Axes":
    """Draw a statistic of every class along the layers of one model on one data set.

    Parameters
    ----------
    sweep : Sweep
    model, data : names; by default the first of the sweep
    ax : matplotlib.axes.Axes, optional
        By default new axes in a figure of their own.
    statistic : {"mean", "skewness"}
        Of the normalised k* values.
    kind : {"lines", "map"}
        "lines": a line per class with its 95 % bootstrap interval (of 999 resamples; of fewer, 99
        at least, where that would take seconds); of more than ten classes the median, quartiles and
        extremes instead. "map": layers by classes, coloured by the statistic, and each cell marked
        as fractured (F), overlapped (O) or clustered (C) where there is room; of more than a
        hundred classes from the largest statistic at the last layer down to the smallest.
    classes : sequence of labels or names, optional
        The picture is of these alone.
    top : int, optional
        The picture is of that many classes alone that are most fractured, overlapped and clustered
        at the last layer.
    palette : name of a colormap of matplotlib, or sequence of colours, optional
        Of the classes' lines, or of the map from the smallest number to the largest.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If `sweep` is no Sweep, `ax` no axes, `classes` no sequence, `palette` none.
    ValueError
        For an unknown statistic or kind; if the sweep has no result of that model and data set, or
        its layers have different classes; classes that these do not have; too few colours.
    ImportError
        Without matplotlib.

    Examples
    --------
    >>> results = sweep(model, loader, ["encoder", "head"])
    >>> plot_layers(results, kind="map").figure.savefig("layers.pdf")
    """
    check_sweep(sweep)
    statistic_named(statistic)
    if kind not in ("lines", "map"):
        raise ValueError(f"kind: lines or map is wanted, got {kind!r}")
    number = check_top(top)
    chosen = _layers_of(sweep, model, data)
    results = [sweep.results[key] for key in chosen]
    last = results[-1]
    if any(result.class_names != last.class_names for result in results):
        raise ValueError("sweep: the same classes in every layer are wanted, got different ones")
    codes = codes_of(classes, last.classes.tolist(), last.class_names)
    if top is not None:
        codes = striking(last, number, codes)
    # What is refused is refused before there is a figure.
    if kind == "map":
        colormap(palette, NUMBERS)
    else:
        colours(len(codes) if len(codes) <= MOST_COLOURS else 1, palette)
    values = np.array([values_of(result, statistic)[codes] for result in results])
    if kind == "map" and len(codes) > FEW_CLASSES:
        order = np.argsort(-np.nan_to_num(values[-1], nan=-np.inf), kind="stable")
        codes, values = codes[order], values[:, order]
    names = [last.class_names[code] for code in codes]
    layers = [key.layer or "(model)" for key in chosen]
    below = SLANT * room_for(layers)
    if kind == "map":
        width = 2.5 + max(0.5 * min(len(layers), 20), MOST_WIDTH * len(layers) / MOST_LAYERS)
        width = min(width, 2.5 + MOST_WIDTH) + room_for(names) + below
        height = max(BAR_INCHES, 0.26 * min(len(names), MOST_NAMES))
        ax = drawn_into(ax, width, 1.6 + height + below)
        marked = len(names) <= MOST_MARKS and len(layers) <= MOST_MARKS
        _draw_map(ax, values.T, results, codes, statistic, palette, marked=marked)
        name_ticks(ax, names, "y")
    else:
        marked = False
        beside = room_for(names) if len(names) <= MOST_COLOURS else 0
        width = max(6.5, min(MOST_WIDTH, 0.2 * len(layers)))
        ax = drawn_into(ax, width + beside + below, 3.6 + below)
        _draw_lines(ax, values, results, codes, statistic, palette)
        ax.set_ylabel(label_of(statistic))
        if statistic == "mean":
            ax.set_ylim(bottom=0)
    name_ticks(ax, layers, "x", rotation=40, ha="right")
    ax.set_xlabel("layer")
    model_name, data_name = plain(chosen[0].model), plain(chosen[0].data)
    between = ", " if len(model_name + data_name) <= MOST_LETTERS else ",\n"
    title = f"{model_name}{between}{data_name}: n = {len(last.kstar)}"
    if len(codes) < len(last.classes):
        title += f", {len(codes)} of {len(last.classes)} classes"
    if marked:
        title += "\nF fractured, O overlapped, C clustered"
    ax.set_title(title, fontsize=10)
    return ax


def check_sweep(value: object) -> None:
    """Refuse an argument `sweep` that is none, or holds anything but results by their keys."""
    if not isinstance(value, Sweep):
        raise TypeError(f"sweep: a Sweep is wanted, got {type(value).__name__}")
    for key, result in value.results.items():
        if not isinstance(key, Key):
            raise TypeError(f"sweep: results by Key(model, data, layer) are wanted, got {key!r}")
        check_result(result, f"sweep[{'/'.join(key)!r}]")


def _layers_of(sweep: Sweep, model: str | None, data: str | None) -> list[Key]:
    keys = [
        key
        for key in sweep.results
        if (model is None or key.model == model) and (data is None or key.data == data)
    ]
    if not keys:
        known = sorted({key[:2] for key in sweep.results})
        raise ValueError(f"sweep: no result of model {model!r} and data {data!r}; it has {known}")
    return [key for key in keys if key[:2] == keys[0][:2]]


def _draw_lines(
    ax: "Axes",
    values: NDArray[np.float64],
    results: list["KStarDistribution"],
    codes: NDArray[np.int64],
    statistic: str,
    palette: Palette,
) -> None:
    """Draw a line per class with its interval, or, of many classes, their quantiles."""
    depth = np.arange(len(values))
    if len(codes) > MOST_COLOURS:
        colour = colours(1, palette)[0]
        with warnings.catch_warnings():  # of layers where nothing is defined
            warnings.simplefilter("ignore", RuntimeWarning)
            low, quarter, middle, three, high = np.nanquantile(values, QUARTERS, axis=1)
        shown = ["all classes", "half of them", "median"]
        marks = [
            ax.fill_between(depth, low, high, color=colour, alpha=0.15),
            ax.fill_between(depth, quarter, three, color=colour, alpha=0.35),
            *ax.plot(depth, middle, color=colour, marker="o", markersize=4),
        ]
    else:
        shown, marks = [results[-1].class_names[code] for code in codes], []
        given = colours(len(codes), palette)
        drawn = sum(int(result.sizes[codes].sum()) for result in results)
        resamples = int(np.clip(MOST_DRAWS // max(1, drawn), 99, 999))
        intervals = np.array(
            [intervals_of(one, statistic, codes, resamples=resamples) for one in results]
        )
        size = 4 if len(values) <= MOST_MARKS else 2
        for place, colour in enumerate(given):
            low, high = intervals[:, place].T
            ax.fill_between(depth, low, high, color=colour, alpha=0.15, linewidth=0)
            marker = "os^vD<>Pp*"[place]
            marks += ax.plot(depth, values[:, place], color=colour, marker=marker, markersize=size)
    ax.grid(axis="y", linewidth=0.5, alpha=0.5)
    add_legend(
        ax,
        marks,
        shown,
        loc="center left",
        bbox_to_anchor=(1.0, 0.5),
        frameon=False,
        fontsize=8,
        title=f"{len(codes)} classes",
    )


def _draw_map(
    ax: "Axes",
    values: NDArray[np.float64],
    results: list["KStarDistribution"],
    codes: NDArray[np.int64],
    statistic: str,
    palette: Palette,
    *,
    marked: bool,
) -> None:
    """Draw classes by layers, each cell coloured, and marked by its pattern."""
    marks = None
    if marked:
        marks = np.array([[one.pattern[code][0].upper() for one in results] for code in codes])
        marks[marks == "U"] = ""
    draw_cells(
        ax, values, palette, label_of(statistic), signed=statistic == "skewness", texts=marks
    )
    if len(codes) > FEW_CLASSES:
        ax.set_ylabel(f"{len(codes)} classes, by their {statistic} at the last layer")
