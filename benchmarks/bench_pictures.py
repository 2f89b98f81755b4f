"""The pictures of docs/benchmarks.md."""

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from cases import SERIES, Series


def draw_growth(frame: pd.DataFrame, path: Path) -> None:
    """Draw time against samples and against dimensions, each method named at its line's end."""
    timed = frame[frame["why"] == ""]
    drawn = [series for series in SERIES if timed["set"].isin(series.names()).any()]
    figure, axes = plt.subplots(
        1, len(drawn), figsize=(6.5 * len(drawn), 6.5), layout="constrained", squeeze=False
    )
    for ax, series in zip(axes[0], drawn, strict=True):
        _draw_series(ax, series, timed[timed["set"].isin(series.names())])
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _draw_series(ax: Any, series: Series, points: pd.DataFrame) -> None:
    """Draw a line for each method, ours in black."""
    axis = series.growing
    ends = []
    for number, (method, part) in enumerate(points.groupby("method", sort=False)):
        line = part.sort_values(axis)
        ours = str(method).startswith("kstar")
        colour = "black" if ours else plt.colormaps["tab20"](number)
        ax.loglog(line[axis], line["median_s"], "o-", color=colour, lw=2.5 if ours else 1, ms=3)
        ends.append((line[axis].iloc[-1], line["median_s"].iloc[-1], str(method), colour))
    _name_lines(ax, ends)
    ax.set(xlabel=axis, ylabel="seconds, median", title=f"{series.kind}, growing {axis}")
    values = sorted(points[axis].unique())
    ax.set_xticks(values, [f"{int(value):,}" for value in values])
    ax.minorticks_off()
    ax.grid(alpha=0.3)


def _name_lines(ax: Any, ends: list[tuple[float, float, str, Any]]) -> None:
    """Write names beside the axes, pushed apart so that none lies on another."""
    low, high = (np.log(bound) for bound in ax.get_ylim())
    least = (high - low) / 30
    height = -np.inf
    for x, y, name, colour in sorted(ends, key=lambda end: end[1]):
        height = max(np.log(y), height + least)
        ax.annotate(
            name,
            (x, y),
            xytext=(1.03, (height - low) / (high - low)),
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
