"""Many classes at one look: how they are distributed, and the most striking ones."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..stats.choice import MOST_TOP, SHOWN, deciding_skewness, most
from ..stats.distribution import KStarDistribution
from .colours import Palette, colours, pattern_colours
from .common import add_legend, grid_at, plain, text_colour
from .rows import draw_rows, offset

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Codes = NDArray[np.int64]
BARS = 40
LEGEND_LETTERS = 45  # side by side above the first panel
HEAD_INCHES, ROW_INCHES, BETWEEN_INCHES = 2.0, 0.2, 0.45
TITLE: dict[str, Any] = dict(loc="left", fontsize=9)
MOST_SKEW = 6.0  # beyond which a class is counted at the histogram's end


def overview_height(top: int = MOST_TOP, results: int = 1) -> float:
    """Return how many inches an overview needs."""
    return HEAD_INCHES + 0.4 + len(SHOWN) * (BETWEEN_INCHES + _row_inches(results) * top)


def draw_overview(
    ax: "Axes",
    results: Sequence[KStarDistribution],
    names: Sequence[str],
    codes: Codes,
    top: int,
    palette: Palette,
) -> None:
    """Draw the classes of these codes of the first result, and of others by label, into a place.

    Parameters
    ----------
    ax : an axes of a grid, whose place is taken; it is left empty
    top : how many of each pattern have a row
    """
    shown = {pattern: most(results[0], pattern, top, codes) for pattern in SHOWN}
    shown = {pattern: own for pattern, own in shown.items() if len(own)}
    inches = [BETWEEN_INCHES + _row_inches(len(results)) * len(own) for own in shown.values()]
    grid = grid_at(ax, 1 + len(shown), 1, height_ratios=[HEAD_INCHES, *inches])
    head = grid[0].subgridspec(1, 3, width_ratios=(3, 3, 1.6))
    figure = ax.figure
    chosen = [_own_codes(results[0], one, codes) for one in results]
    means, skews, counts = (figure.add_subplot(head[column]) for column in range(3))
    _draw_histogram(means, results, chosen, [one.mean for one in results], (0, 1), palette)
    means.set_xlabel("mean of k* / class size", fontsize=8)
    means.set_ylabel("classes", fontsize=8)
    skewness = [deciding_skewness(one) for one in results]
    widest = max(_widest(one[codes]) for one, codes in zip(skewness, chosen, strict=True))
    _draw_histogram(skews, results, chosen, skewness, (-widest, widest), palette)
    skews.set_xlabel(f"skewness ({results[0].skewness})", fontsize=8)
    for sign in (-1, 1):
        skews.axvline(sign * results[0].threshold, color=text_colour(), linewidth=0.6, ls=":")
    _draw_counts(counts, results, chosen, palette)
    counts.set_title(f"{len(codes)} classes", **TITLE)
    if len(results) > 1:
        marks = [
            means.plot([], [], "s", color=colour)[0] for colour in colours(len(results), palette)
        ]
        look = dict(loc="lower left", bbox_to_anchor=(0, 1), frameon=False, fontsize=8)
        look["ncols"] = max(1, LEGEND_LETTERS // (5 + max(len(plain(name)) for name in names)))
        add_legend(means, marks, names, **look)
    part = None
    for place, (pattern, own) in enumerate(shown.items(), 1):
        part = figure.add_subplot(grid[place], sharex=part)
        draw_rows(part, results, own, palette, fine=True)
        part.tick_params(labelsize=7, labelbottom=place == len(shown))
        count = sum(results[0].pattern[code] == pattern for code in codes)
        most_of = f"most {pattern}: {len(own)} of {count}"
        part.set_title(most_of if len(own) < count else f"all {count} {pattern}", **TITLE)
    if part is not None:
        part.set_xlabel("k* / class size", fontsize=8)


def _draw_histogram(
    ax: "Axes",
    results: Sequence[KStarDistribution],
    chosen: Sequence[Codes],
    values: Sequence[NDArray[np.float64]],
    ends: tuple[float, float],
    palette: Palette,
) -> None:
    """Draw how many classes have which value: by pattern of one result, or of several results."""
    edges = np.linspace(*ends, BARS + 1)
    look: dict[str, Any] = dict(bins=edges, linewidth=0)
    if len(results) == 1:
        of_patterns = pattern_colours(palette)
        patterns = np.array(results[0].pattern)[chosen[0]]
        parts = [values[0][chosen[0]][patterns == pattern] for pattern in of_patterns]
        parts = [np.clip(part[~np.isnan(part)], *ends) for part in parts]
        ax.hist(parts, color=[*of_patterns.values()], stacked=True, **look)
    else:
        look |= dict(histtype="step", linewidth=1.3)
        for each, codes, colour in zip(values, chosen, colours(len(results), palette), strict=True):
            part = each[codes]
            ax.hist(np.clip(part[~np.isnan(part)], *ends), color=colour, **look)
    ax.set_xlim(ends)
    ax.tick_params(labelsize=7)


def _draw_counts(
    ax: "Axes",
    results: Sequence[KStarDistribution],
    chosen: Sequence[Codes],
    palette: Palette,
) -> None:
    """Draw how many classes have which pattern."""
    of_patterns = pattern_colours(palette if len(results) == 1 else None)
    of_results = colours(len(results), palette) if len(results) > 1 else []
    counts = [
        [int(np.sum(np.array(one.pattern)[codes] == pattern)) for pattern in of_patterns]
        for one, codes in zip(results, chosen, strict=True)
    ]
    names = [name for name, *found in zip(of_patterns, *counts, strict=True) if any(found)]
    for number, found in enumerate(counts):
        for place, name in enumerate(names):
            count = found[[*of_patterns].index(name)]
            row = place + offset(number, len(results))
            colour = of_results[number] if of_results else of_patterns[name]
            ax.barh(row, count, 0.7 / len(results), color=colour)
            ax.annotate(f" {count}", (count, row), va="center", fontsize=7, annotation_clip=False)
    ax.set_yticks(range(len(names)), names, fontsize=8)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlim(0, 1.25 * max(map(max, counts)))
    ax.set_xticks([])
    for side in ("top", "right", "bottom"):
        ax.spines[side].set_visible(False)


def _widest(skewness: NDArray[np.float64]) -> float:
    """Return how far a histogram of skewness has to go from 0."""
    sizes = np.abs(skewness[~np.isnan(skewness)])
    return float(min(MOST_SKEW, max(1.0, sizes.max(initial=0))))


def _own_codes(first: KStarDistribution, other: KStarDistribution, codes: Codes) -> Codes:
    """Return the codes that the other result has for the first one's classes."""
    own = {label: code for code, label in enumerate(other.classes.tolist())}
    labels = first.classes[codes].tolist()
    return np.array([own[label] for label in labels if label in own])


def _row_inches(results: int) -> float:
    return ROW_INCHES if results == 1 else 0.06 + 0.14 * results
