"""k* distributions of classes: violins, quantiles, means, and a table beside them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..stats.comparison import shared_classes
from ..stats.distribution import KStarDistribution, check_result
from .common import (
    MOST_COLOURS,
    Colour,
    add_legend,
    drawn_into,
    palette,
    plain,
    room_for,
    text_colour,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Positions in the palette. The pattern is also written beside each class.
PALETTE = {"fractured": 3, "overlapped": 4, "clustered": 0, "undefined": 7}
INCHES_PER_CLASS = 0.34
INCHES_PER_RESULT = 0.22  # where there are several: room for a line of the table
LEGEND_LETTERS = 70  # side by side above the axes
COLUMNS = ((31, "n"), (69, "skew"), (79, "pattern"))  # points right of the axes


def plot_distributions(
    result: KStarDistribution | Mapping[Any, KStarDistribution],
    ax: "Axes | None" = None,
    *,
    sort: str = "class",
) -> "Axes":
    """Draw the k* distribution of every class: a horizontal violin, its quantiles and its mean.

    Violin: density of the normalised k* values, between their least and their largest, at equal
    width for every class. Boxes inside it: quantiles (letter values). Diamond: the mean. At the
    right: number of samples, skewness (of the convention that the result uses) and pattern, which
    is also the colour. Where the values of a class do not vary there is the diamond alone.

    Several results are drawn below one another within each class, each in a colour of its own; two
    as the halves of one violin, with quartiles for boxes.

    Parameters
    ----------
    result : KStarDistribution, or mapping from a name to such
        As `Sweep.results` is one, too. Of several, the classes are those of the first; others are
        found by their labels.
    ax : matplotlib.axes.Axes, optional
        By default new axes in a figure of their own, as high as the classes need. In axes given,
        the text at the right needs room: use a figure with ``layout="constrained"``.
    sort : {"class", "mean"}
        From top to bottom in the order of the classes, or from the largest mean (of the first
        result) to the smallest (undefined ones last).

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn into. Nothing is shown or written to a file.

    Raises
    ------
    TypeError
        For what is no result, and what are no axes.
    ValueError
        For an unknown `sort`, an empty mapping, or a result that shares no class with the first.
    ImportError
        Without matplotlib or seaborn.
    """
    if sort not in ("class", "mean"):
        raise ValueError(f"sort: class or mean is wanted, got {sort!r}")
    results = _by_name(result)
    first = results[0][1]
    count = len(first.classes)
    order = np.argsort(-first.mean, kind="stable") if sort == "mean" else np.arange(count)
    several = len(results) > 1
    inches = INCHES_PER_CLASS if not several else 0.1 + INCHES_PER_RESULT * len(results)
    ax = drawn_into(ax, 7.5 + room_for(first.class_names), 1.2 + inches * count)
    ink = text_colour()
    _head_table(ax)
    colours = palette(max(MOST_COLOURS, len(results)))
    for number, (_, one) in enumerate(results):
        codes = {label: code for code, label in enumerate(one.classes.tolist())}
        for place, label in enumerate(first.classes[order].tolist()):
            if label not in codes:
                continue
            code = codes[label]
            colour = colours[number if several else PALETTE[one.pattern[code]]]
            row = place + _offset(number, len(results))
            values = one.class_values[code]
            if len(results) == 2:
                _draw_half(ax, place, values, colour, upper=number == 0)
            else:
                _draw_violin(ax, row, values, colour, 0.9 / len(results))
            _draw_mean(ax, row, values)
            _write_table(ax, row, _cells(one, code), colour if several else ink)
    ax.set_xlim(0, 1)
    ax.set_ylim(count - 0.4, -0.6)
    ax.set_yticks(range(count), [plain(first.class_names[code]) for code in order])
    ax.set_xlabel("k* / class size")
    ax.set_ylabel("")
    ax.grid(axis="x", linewidth=0.5, alpha=0.5)
    ax.set_axisbelow(True)
    if several:
        names = [name for name, _ in results]
        add_legend(
            ax,
            [ax.plot([], [], "s", color=colours[number])[0] for number in range(len(results))],
            names,
            loc="lower left",
            bbox_to_anchor=(0, 1),
            borderaxespad=2.2,  # above the table's heading
            ncols=max(1, LEGEND_LETTERS // (5 + max(len(plain(name)) for name in names))),
            frameon=False,
            fontsize=9,
        )
    return ax


def _by_name(
    result: KStarDistribution | Mapping[Any, KStarDistribution],
) -> list[tuple[str, KStarDistribution]]:
    """Return what results are called, and each; see that all share classes with the first."""
    if isinstance(result, KStarDistribution):
        return [("", result)]
    if not isinstance(result, Mapping):
        given = type(result).__name__
        raise TypeError(f"result: a KStarDistribution or a mapping of them is wanted, got {given}")
    if not result:
        raise ValueError("result: at least one is wanted, got an empty mapping")
    results = [
        ("/".join(map(str, name)) if isinstance(name, tuple) else str(name), one)
        for name, one in result.items()
    ]
    for name, one in results:
        check_result(one, f"result[{name!r}]")
    (_, first), *others = results
    for _, other in others:
        shared_classes(first, other)
    return results


def _offset(number: int, count: int) -> float:
    """Return where a result stands within its class's row, from -0.5 to 0.5."""
    return 0.9 * ((number + 0.5) / count - 0.5)


def _varies(values: NDArray[np.float64]) -> bool:
    """Whether there is anything to draw but the mean; not so for a class that references lack."""
    return bool(np.ptp(values) > 0)


def _draw_violin(
    ax: "Axes", row: float, values: NDArray[np.float64], colour: Colour, width: float
) -> None:
    """Draw the density and the letter values of one class."""
    import seaborn

    if not _varies(values):
        return
    shared = {"x": values, "y": np.full(len(values), row), "ax": ax, "color": colour}
    shared |= {"orient": "h", "native_scale": True}
    # cut=0: no density beyond the values themselves, which lie in (0, 1].
    seaborn.violinplot(**shared, cut=0, inner=None, alpha=0.35, linewidth=0.8, width=width)
    seaborn.boxenplot(
        **shared, width=width / 3, linewidth=0.4, showfliers=False, width_method="linear"
    )


def _draw_half(
    ax: "Axes", place: int, values: NDArray[np.float64], colour: Colour, *, upper: bool
) -> None:
    """Draw the density of one class above or below the middle of its row, and its quartiles."""
    import seaborn

    if not _varies(values):
        return
    halves = [0, 1] if upper else [1, 0]
    seaborn.violinplot(
        x=values,
        y=np.full(len(values), place),
        hue=np.zeros(len(values), int),
        hue_order=halves,
        palette={0: colour, 1: colour},
        split=True,
        dodge=True,
        legend=False,
        ax=ax,
        orient="h",
        native_scale=True,
        cut=0,
        inner="quart",
        alpha=0.5,
        linewidth=0.8,
        width=0.9,
    )


def _draw_mean(ax: "Axes", row: float, values: NDArray[np.float64]) -> None:
    ax.plot(
        values.mean(),
        row,
        marker="D",
        markersize=4,
        color="white",
        markeredgecolor="black",
        markeredgewidth=0.8,
        zorder=10,
        clip_on=False,
        linestyle="none",
    )


def _cells(result: KStarDistribution, code: int) -> tuple[str, str, str]:
    """Return number of samples, skewness and pattern of a class."""
    plain = result.skewness == "plain"
    skewness = (result.skewness_plain if plain else result.skewness_augmented)[code]
    skew = "-" if np.isnan(skewness) else f"{skewness:+.2f}"
    return str(result.sizes[code]), skew, result.pattern[code]


def _head_table(ax: "Axes") -> None:
    """Write the heading of the table at the right, just above the axes."""
    for x, name in COLUMNS:
        ax.annotate(
            name,
            (1, 1),
            xycoords="axes fraction",
            xytext=(x, 4),
            textcoords="offset points",
            ha=_side(name),
            fontsize=8,
        )


def _write_table(
    ax: "Axes", row: float, cells: tuple[str, str, str], colour: "Colour | str"
) -> None:
    """Write a line of the table."""
    place = ax.get_yaxis_transform()  # x in axes widths, y in rows
    for (x, name), cell in zip(COLUMNS, cells, strict=True):
        ax.annotate(
            cell,
            (1, row),
            xycoords=place,
            xytext=(x, 0),
            textcoords="offset points",
            ha=_side(name),
            va="center",
            fontsize=8,
            color=colour,
        )


def _side(name: str) -> str:
    return "left" if name == "pattern" else "right"
