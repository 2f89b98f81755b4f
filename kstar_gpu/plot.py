"""The picture of k* distributions: per class a violin with the quantiles inside it, and a table."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .distribution import KStarDistribution

# Positions in seaborn's palette "colorblind". The pattern is also written beside each class.
PALETTE = {"fractured": 3, "overlapped": 4, "clustered": 0, "undefined": 7}
INCHES_PER_CLASS = 0.34
COLUMNS = ((1.09, "n"), (1.20, "skew"), (1.23, "pattern"))  # right of the axes, in axes widths


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
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            'plot_distributions needs matplotlib and seaborn: pip install "kstar-gpu[plot]"'
        ) from error

    count = len(result.classes)
    order = np.argsort(-result.mean, kind="stable") if sort == "mean" else np.arange(count)
    if ax is None:
        size = (7.5, 1.2 + INCHES_PER_CLASS * count)
        ax = plt.subplots(figsize=size, layout="constrained")[1]
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
