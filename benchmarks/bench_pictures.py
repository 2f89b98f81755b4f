"""The pictures of docs/benchmarks.md."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from cases import SERIES, Series

NAME_HEIGHT = 1 / 30  # of the axes
PALETTES = {"tab10": 10, "Dark2": 8}  # colours that can be told apart, dark enough for words


def draw_growth(frame: pd.DataFrame, path: Path) -> None:
    """Draw time against samples and against dimensions, each method named at its line's end."""
    timed = frame[frame["why"] == ""]
    colours = _colours(frame["method"].unique())
    drawn = [series for series in SERIES if timed["set"].isin(series.names()).any()]
    figure, axes = plt.subplots(
        1, len(drawn), figsize=(6.5 * len(drawn), 6.5), layout="constrained", squeeze=False
    )
    for ax, series in zip(axes[0], drawn, strict=True):
        _draw_series(ax, series, timed[timed["set"].isin(series.names())], colours)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _colours(methods: Iterable[str]) -> dict[str, Any]:
    """Return a colour for each method, black for ours."""
    others = (plt.colormaps[name](i) for name, n in PALETTES.items() for i in range(n))
    return {name: "black" if name.startswith("kstar") else next(others) for name in methods}


def _draw_series(ax: Any, series: Series, points: pd.DataFrame, colours: dict[str, Any]) -> None:
    """Draw a line for each method."""
    axis = series.growing
    ends = []
    for name, part in points.groupby("method", sort=False):
        line = part.sort_values(axis)
        width = 2.5 if colours[name] == "black" else 1
        ax.loglog(line[axis], line["median_s"], "o-", color=colours[name], lw=width, ms=3)
        ends.append((*line[[axis, "median_s"]].iloc[-1], str(name), colours[name]))
    ax.margins(y=0.08)
    ax.autoscale_view()  # names are placed by the limits, which are otherwise set when drawn
    for x in {end[0] for end in ends}:
        _name_lines(ax, x, [end[1:] for end in ends if end[0] == x], x == points[axis].max())
    ax.set(xlabel=axis, ylabel="seconds, median", title=f"{series.kind}, growing {axis}")
    values = sorted(points[axis].unique())
    ax.set_xticks(values, [f"{int(value):,}" for value in values])
    ax.minorticks_off()
    ax.grid(alpha=0.3)


def _name_lines(ax: Any, x: float, ends: list[tuple[float, str, Any]], last: bool) -> None:
    """Write the names of lines that end at x, pushed apart; beside the axes at the last x."""
    height = -np.inf
    for y, name, colour in sorted(ends, key=lambda end: end[0]):
        across, up = ax.transAxes.inverted().transform(ax.transData.transform((x, y)))
        height = max(up, height + NAME_HEIGHT)
        ax.annotate(
            name,
            (x, y),
            xytext=(1.03 if last else across + 0.02, height),
            textcoords="axes fraction",
            color=colour,
            va="center",
            fontsize=8,
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.5, "alpha": 0.6},
        )


def draw_wrong(table: pd.DataFrame, path: Path) -> None:
    """Draw the shares of wrong k* as bars."""
    shown = table[[name for name in table if table[name].max() > 0]] * 100
    ax = shown.plot.bar(figsize=(9, 3.6), width=0.8, rot=20)
    ax.set(ylabel="% of k* wrong", xlabel="", ylim=(0, 100))
    ax.set_yscale("symlog", linthresh=0.01)
    ticks = [0, 0.01, 0.1, 1, 10, 100]
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=5, fontsize=8, frameon=False)
    plt.tight_layout()
    plt.savefig(path, dpi=110)
    plt.close()
