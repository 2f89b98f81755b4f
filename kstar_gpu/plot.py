"""Pictures: distributions of classes, layers of a sweep, two results, and who ends whose runs.

All draw into axes, given or new, and return them. Colours tell apart for the colour-blind.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .inference import confidence_intervals, shared_classes, statistic_named

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .distribution import KStarDistribution
    from .sweeps import Key, Sweep

# Positions in seaborn's palette "colorblind". The pattern is also written beside each class.
PALETTE = {"fractured": 3, "overlapped": 4, "clustered": 0, "undefined": 7}
INCHES_PER_CLASS = 0.34
COLUMNS = ((1.09, "n"), (1.20, "skew"), (1.23, "pattern"))  # right of the axes, in axes widths
MOST_LINES = 10  # classes that get a line of their own: as many as there are colours
MOST_MARKS = 32  # classes whose cells are marked
MOST_NUMBERS = 16  # classes between which shares are written out
MOST_NAMES = 40  # of classes along an axis


def plot_distributions(
    result: "KStarDistribution", ax: "Axes | None" = None, *, sort: str = "class"
) -> "Axes":
    """Draw the k* distribution of every class: a horizontal violin, its quantiles and its mean.

    Violin: density of the normalised k* values, between their least and their largest, at equal
    width for every class. Boxes inside it: quantiles (letter values). Diamond: the mean. At the
    right: number of samples, skewness (of the convention that the result uses) and pattern, which
    is also the colour. Where the values of a class do not vary there is the diamond alone.

    Parameters
    ----------
    result : KStarDistribution
    ax : matplotlib.axes.Axes, optional
        By default new axes in a figure of their own, as high as the classes need. In axes given,
        the text at the right needs room: use a figure with ``layout="constrained"``.
    sort : {"class", "mean"}
        From top to bottom in the order of the classes, or from the largest mean to the smallest
        (undefined ones last).

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn into. Nothing is shown or written to a file.

    Raises
    ------
    ValueError
        For an unknown `sort`.
    ImportError
        Without matplotlib or seaborn.
    """
    if sort not in ("class", "mean"):
        raise ValueError(f"sort: class or mean is wanted, got {sort!r}")
    count = len(result.classes)
    order = np.argsort(-result.mean, kind="stable") if sort == "mean" else np.arange(count)
    ax = _axes(ax, 7.5, 1.2 + INCHES_PER_CLASS * count)
    for place, code in enumerate(order):
        _draw_class(ax, place, result.class_values[code], result.pattern[code])
    _write_table(ax, result, [int(code) for code in order])
    ax.set_xlim(0, 1)
    ax.set_ylim(count - 0.4, -0.6)
    ax.set_yticks(range(count), [result.class_names[code] for code in order])
    ax.set_xlabel("k* / class size")
    ax.set_ylabel("")
    ax.grid(axis="x", linewidth=0.5, alpha=0.5)
    ax.set_axisbelow(True)
    return ax


def _draw_class(ax: "Axes", place: int, values: np.ndarray, pattern: str) -> None:
    """Draw violin, letter values and mean of one class in row `place`."""
    import seaborn

    if np.isnan(values).any():  # a class that the references lack
        return
    colour = seaborn.color_palette("colorblind")[PALETTE[pattern]]
    if np.ptp(values) > 0:
        rows = np.full(len(values), place)
        shared = {"x": values, "y": rows, "ax": ax, "orient": "h", "native_scale": True}
        # cut=0: no density beyond the values themselves, which lie in (0, 1].
        seaborn.violinplot(
            **shared, cut=0, inner=None, color=colour, alpha=0.35, linewidth=0.8, width=0.9
        )
        seaborn.boxenplot(
            **shared,
            color=colour,
            width=0.3,
            linewidth=0.4,
            showfliers=False,
            width_method="linear",
        )
    ax.plot(
        values.mean(),
        place,
        marker="D",
        markersize=4,
        color="white",
        markeredgecolor="black",
        markeredgewidth=0.8,
        zorder=10,
        clip_on=False,
        linestyle="none",
    )


def _write_table(ax: "Axes", result: "KStarDistribution", order: list[int]) -> None:
    """Write n, skewness and pattern at the right of each class, under a heading."""
    skewness = result.skewness_plain if result.skewness == "plain" else result.skewness_augmented
    transform = ax.get_yaxis_transform()  # x in axes widths, y in rows
    rows = [(-0.85, ("n", "skew", "pattern"))]
    for place, code in enumerate(order):
        skew = "-" if np.isnan(skewness[code]) else f"{skewness[code]:+.2f}"
        rows.append((place, (str(result.sizes[code]), skew, result.pattern[code])))
    for y, cells in rows:
        for (x, name), cell in zip(COLUMNS, cells, strict=True):
            side = "left" if name == "pattern" else "right"
            ax.text(x, y, cell, transform=transform, ha=side, va="center", fontsize=8)


def plot_layers(
    sweep: "Sweep",
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
    ValueError
        For an unknown statistic or kind; if the sweep has no result of that model and data set, or
        its layers have different classes.
    ImportError
        Without matplotlib or seaborn.
    """
    statistic_named(statistic)
    if kind not in ("lines", "map"):
        raise ValueError(f"kind: lines or map is wanted, got {kind!r}")
    chosen = _layers_of(sweep, model, data)
    results = [sweep.results[key] for key in chosen]
    names = results[0].class_names
    if any(result.class_names != names for result in results):
        raise ValueError("sweep: the same classes in every layer are wanted, got different ones")
    values = np.array([_values(result, statistic) for result in results])  # (layers, classes)
    if kind == "map":
        ax = _axes(ax, 2.5 + 0.5 * len(chosen), 1.6 + 0.26 * min(len(names), MOST_NAMES))
        _draw_map(ax, values.T, results, names, statistic)
    else:
        ax = _axes(ax, 6.5, 3.6)
        _draw_lines(ax, values, results, names, statistic)
        ax.set_ylabel(_label(statistic))
        if statistic == "mean":
            ax.set_ylim(bottom=0)
    ax.set_xticks(np.arange(len(chosen)) + (0.5 if kind == "map" else 0))
    ax.set_xticklabels([key.layer or "(model)" for key in chosen], rotation=40, ha="right")
    ax.set_xlabel("layer")
    title = f"{chosen[0].model}, {chosen[0].data}: n = {len(results[0].kstar)}"
    if kind == "map" and len(names) <= MOST_MARKS:
        title += "\nF fractured, O overlapped, C clustered"
    ax.set_title(title, fontsize=10)
    return ax


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
    ValueError
        For an unknown statistic; if the two share no class.
    ImportError
        Without matplotlib or seaborn.
    """
    intervals = [confidence_intervals(result, statistic) for result in (first, second)]
    values = [_values(result, statistic) for result in (first, second)]
    shared = shared_classes(first, second)
    pick = [[pair[side] for pair in shared] for side in (0, 1)]
    gains = values[1][pick[1]] - values[0][pick[0]]
    order = np.argsort(-np.nan_to_num(gains, nan=-np.inf), kind="stable")
    many = len(shared) > MOST_NAMES
    ax = _axes(ax, 6.5, 1.3 + (0.13 if many else 0.26) * len(shared))

    import seaborn

    colours = seaborn.color_palette("colorblind")
    for row, number in enumerate(order):
        ends = [values[side][pick[side][number]] for side in (0, 1)]
        ax.plot(ends, [row, row], color="0.6", linewidth=1.5, zorder=1)
    for side, (marker, colour) in enumerate((("o", colours[0]), ("s", colours[3]))):
        chosen = [pick[side][number] for number in order]
        middle, span = values[side][chosen], intervals[side][chosen]
        rows = np.arange(len(chosen)) + (0.12 if side else -0.12)
        widths = np.abs(np.nan_to_num(span.T - middle, nan=0.0))
        ax.errorbar(
            middle,
            rows,
            xerr=widths,
            fmt=marker,
            color=colour,
            markersize=3 if many else 5,
            elinewidth=0.9,
            label=names[side],
            zorder=2,
        )
    ax.set_yticks(range(len(order)), [first.class_names[pick[0][number]] for number in order])
    ax.tick_params(axis="y", labelsize=6 if many else 9)
    ax.set_ylim(len(order) - 0.4, -0.6)
    ax.set_xlabel(_label(statistic))
    if statistic == "mean":
        ax.set_xlim(0, 1.02)
    ax.grid(axis="x", linewidth=0.5, alpha=0.5)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
    return ax


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
    ValueError
        If there is not one name per class.
    ImportError
        Without matplotlib or seaborn.
    """
    count = len(names)
    if counts.shape != (count, count):
        raise ValueError(
            f"counts: shape ({count}, {count}) is wanted for {count} names, got {counts.shape}"
        )
    size = 2.4 + 0.34 * min(count, MOST_NAMES // 2)
    ax = _axes(ax, size + 1.2, size)

    import seaborn

    with np.errstate(invalid="ignore"):
        shares = 100 * counts / counts.sum(1, keepdims=True)
    written = count <= MOST_NUMBERS
    shown = _some_names(names)
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
        cbar_kws={"label": "% of the class's runs"},
    )
    ax.set_xticklabels(ax.get_xticklabels(), rotation=40, ha="right")
    ax.set_yticklabels(ax.get_yticklabels(), rotation=0)
    ax.set_xlabel("ended by a sample of")
    ax.set_ylabel(f"runs of (n = {int(counts.sum())})")
    return ax


def _values(result: "KStarDistribution", statistic: str) -> NDArray[np.float64]:
    """Return the statistic of each class."""
    return result.mean if statistic == "mean" else result.skewness_plain


def _label(statistic: str) -> str:
    return f"{statistic} of k* / class size"


def _axes(ax: "Axes | None", width: float, height: float) -> "Axes":
    """Return the axes given, or new ones of this size in inches."""
    try:
        import matplotlib.pyplot as plt
        import seaborn  # noqa: F401
    except ImportError as error:
        raise ImportError(
            'pictures need matplotlib and seaborn: pip install "kstar-gpu[plot]"'
        ) from error
    return plt.subplots(figsize=(width, height), layout="constrained")[1] if ax is None else ax


def _layers_of(sweep: "Sweep", model: str | None, data: str | None) -> list["Key"]:
    keys = [
        key
        for key in sweep.results
        if (model is None or key.model == model) and (data is None or key.data == data)
    ]
    if not keys:
        known = sorted({key[:2] for key in sweep.results})
        raise ValueError(f"sweep: no result of model {model!r} and data {data!r}; it has {known}")
    return [key for key in keys if key[:2] == keys[0][:2]]


def _some_names(names: Sequence[Any]) -> list[str]:
    """Return the names, or only every so many of them where all would not be readable."""
    step = -(-len(names) // MOST_NAMES)
    return [str(name) if place % step == 0 else "" for place, name in enumerate(names)]


def _draw_lines(
    ax: "Axes",
    values: NDArray[np.float64],
    results: list["KStarDistribution"],
    names: Sequence[str],
    statistic: str,
) -> None:
    """Draw a line per class with its interval, or, of many classes, their quantiles."""
    import seaborn

    depth = np.arange(len(values))
    colours = seaborn.color_palette("colorblind")
    if len(names) > MOST_LINES:
        low, quarter, middle, three, high = np.nanquantile(values, [0, 0.25, 0.5, 0.75, 1], axis=1)
        ax.fill_between(depth, low, high, color=colours[0], alpha=0.15, label="all classes")
        ax.fill_between(depth, quarter, three, color=colours[0], alpha=0.35, label="half of them")
        ax.plot(depth, middle, color=colours[0], marker="o", markersize=4, label="median")
    else:
        intervals = np.array([confidence_intervals(result, statistic) for result in results])
        for code, name in enumerate(names):
            colour = colours[code]
            low, high = intervals[:, code].T
            ax.fill_between(depth, low, high, color=colour, alpha=0.15, linewidth=0)
            marker = "os^vD<>Pp*"[code]
            ax.plot(depth, values[:, code], color=colour, marker=marker, markersize=4, label=name)
    ax.grid(axis="y", linewidth=0.5, alpha=0.5)
    title = f"{len(names)} classes"
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=8, title=title)


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
        yticklabels=_some_names(names),
        cbar_kws={"label": _label(statistic)},
    )
    ax.set_yticklabels(ax.get_yticklabels(), rotation=0)
    ax.set_ylabel("")
