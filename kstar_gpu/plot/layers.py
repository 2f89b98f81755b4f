"""Statistics of classes along the layers of a network."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..networks.sweep import Key, Sweep
from ..stats.distribution import check_result
from ..stats.intervals import confidence_intervals, values_of
from ..stats.statistic import statistic_named
from .common import (
    MOST_COLOURS,
    MOST_LETTERS,
    MOST_NAMES,
    add_legend,
    drawn_into,
    label_of,
    palette,
    plain,
    room_for,
    some_names,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..stats.distribution import KStarDistribution

MOST_MARKS = 32  # classes whose cells are marked
SLANT = 0.7  # of a slanted name's length: what it needs below, and at the left


def plot_layers(
    sweep: Sweep,
    model: str | None = None,
    data: str | None = None,
    ax: "Axes | None" = None,
    *,
    statistic: str = "mean",
    kind: str = "lines",
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
        "lines": a line per class with its 95 % bootstrap interval; of more than ten classes the
        median, quartiles and extremes instead. "map": layers by classes, coloured by the
        statistic, and each cell marked as fractured (F), overlapped (O) or clustered (C).

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If `sweep` is no Sweep, or `ax` no axes.
    ValueError
        For an unknown statistic or kind; if the sweep has no result of that model and data set, or
        its layers have different classes.
    ImportError
        Without matplotlib or seaborn.
    """
    check_sweep(sweep)
    statistic_named(statistic)
    if kind not in ("lines", "map"):
        raise ValueError(f"kind: lines or map is wanted, got {kind!r}")
    chosen = _layers_of(sweep, model, data)
    results = [sweep.results[key] for key in chosen]
    names = results[0].class_names
    if any(result.class_names != names for result in results):
        raise ValueError("sweep: the same classes in every layer are wanted, got different ones")
    values = np.array([values_of(result, statistic) for result in results])  # (layers, classes)
    layers = [key.layer or "(model)" for key in chosen]
    below = SLANT * room_for(layers)
    if kind == "map":
        width = 2.5 + 0.5 * len(chosen) + room_for(names) + below
        ax = drawn_into(ax, width, 1.6 + 0.26 * min(len(names), MOST_NAMES) + below)
        _draw_map(ax, values.T, results, names, statistic)
    else:
        beside = room_for(names) if len(names) <= MOST_COLOURS else 0
        ax = drawn_into(ax, 6.5 + beside + below, 3.6 + below)
        _draw_lines(ax, values, results, names, statistic)
        ax.set_ylabel(label_of(statistic))
        if statistic == "mean":
            ax.set_ylim(bottom=0)
    ax.set_xticks(np.arange(len(chosen)) + (0.5 if kind == "map" else 0))
    ax.set_xticklabels([plain(layer) for layer in layers], rotation=40, ha="right")
    ax.set_xlabel("layer")
    model_name, data_name = plain(chosen[0].model), plain(chosen[0].data)
    between = ", " if len(model_name + data_name) <= MOST_LETTERS else ",\n"
    title = f"{model_name}{between}{data_name}: n = {len(results[0].kstar)}"
    if kind == "map" and len(names) <= MOST_MARKS:
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
    names: Sequence[str],
    statistic: str,
) -> None:
    """Draw a line per class with its interval, or, of many classes, their quantiles."""
    depth = np.arange(len(values))
    colours = palette()
    if len(names) > MOST_COLOURS:
        low, quarter, middle, three, high = np.nanquantile(values, [0, 0.25, 0.5, 0.75, 1], axis=1)
        shown = ["all classes", "half of them", "median"]
        marks = [
            ax.fill_between(depth, low, high, color=colours[0], alpha=0.15),
            ax.fill_between(depth, quarter, three, color=colours[0], alpha=0.35),
            *ax.plot(depth, middle, color=colours[0], marker="o", markersize=4),
        ]
    else:
        intervals = np.array([confidence_intervals(result, statistic) for result in results])
        shown, marks = [*names], []
        for code in range(len(names)):
            colour = colours[code]
            low, high = intervals[:, code].T
            ax.fill_between(depth, low, high, color=colour, alpha=0.15, linewidth=0)
            marker = "os^vD<>Pp*"[code]
            marks += ax.plot(depth, values[:, code], color=colour, marker=marker, markersize=4)
    ax.grid(axis="y", linewidth=0.5, alpha=0.5)
    add_legend(
        ax,
        marks,
        shown,
        loc="center left",
        bbox_to_anchor=(1.0, 0.5),
        frameon=False,
        fontsize=8,
        title=f"{len(names)} classes",
    )


def _draw_map(
    ax: "Axes",
    values: NDArray[np.float64],
    results: list["KStarDistribution"],
    names: Sequence[str],
    statistic: str,
) -> None:
    """Draw classes by layers, each cell coloured and marked by its pattern."""
    import seaborn

    marks = np.array([[pattern[0].upper() for pattern in r.pattern] for r in results]).T
    marks[marks == "U"] = ""
    seaborn.heatmap(
        values,
        ax=ax,
        cmap="crest" if statistic == "mean" else "vlag",
        center=None if statistic == "mean" else 0,
        annot=marks if len(names) <= MOST_MARKS else False,
        fmt="",
        annot_kws={"fontsize": 7},
        yticklabels=some_names(names),
        cbar_kws={"label": label_of(statistic)},
    )
    ax.set_yticklabels(ax.get_yticklabels(), rotation=0)
    ax.set_ylabel("")
