"""Classes as rows: their violins, one below another, and a table beside them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..stats.choice import deciding_skewness
from ..stats.distribution import KStarDistribution
from .colours import Colour, Palette, colours, pattern_colours
from .common import add_legend, moved, plain, text_colour
from .violins import Violin, draw_violins

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text
    from matplotlib.transforms import Transform

COLUMNS = ((31, "n"), (69, "skew"), (79, "pattern"))  # points right of the axes
LEGEND_LETTERS = 70  # side by side above the axes
LETTERS, FINE_LETTERS = 8, 6.5  # points, of the table


def draw_rows(
    ax: "Axes",
    results: Sequence[KStarDistribution],
    codes: NDArray[np.int64],
    palette: Palette = None,
    *,
    fine: bool = False,
) -> None:
    """Draw some classes of one result in the colours of patterns, or of several in their own.

    Parameters
    ----------
    codes : of the first result's classes, from top to bottom; others have them by label
    fine : small type, for rows that are near to one another
    """
    several = len(results) > 1
    first = results[0]
    of_results = colours(len(results), palette) if several else []
    of_patterns = {} if several else pattern_colours(palette)
    table, violins = _Table(ax, FINE_LETTERS if fine else LETTERS), []
    for number, one in enumerate(results):
        own = {label: code for code, label in enumerate(one.classes.tolist())}
        skewness = deciding_skewness(one)
        for place, label in enumerate(first.classes[codes].tolist()):
            if label not in own:
                continue
            code = own[label]
            colour = of_results[number] if several else of_patterns[one.pattern[code]]
            row = place + offset(number, len(results))
            values = one.class_values[code]
            if len(results) == 2:  # halves of one violin
                violins.append(Violin(values, row, 0.9, colour, 2 * number - 1))
            else:
                violins.append(Violin(values, row, 0.9 / len(results), colour))
            skew = "-" if np.isnan(skewness[code]) else f"{skewness[code]:+.2f}"
            cells = str(one.sizes[code]), skew, one.pattern[code]
            table.write(row, cells, colour if several else text_colour())
    draw_violins(ax, violins, fine=fine)
    ax.set_xlim(0, 1)
    ax.set_ylim(len(codes) - 0.4, -0.6)
    names = [plain(first.class_names[code]) for code in codes]
    if fine:  # a tick costs three times what a text does
        ax.set_yticks([])
        table.name_rows(names)
    else:
        ax.set_yticks(range(len(codes)), names)
    ax.set_ylabel("")
    ax.grid(axis="x", linewidth=0.5, alpha=0.5)
    ax.set_axisbelow(True)


def offset(number: int, count: int) -> float:
    """Return where a result stands within its class's row, from -0.5 to 0.5."""
    return 0.9 * ((number + 0.5) / count - 0.5)


class _Table:
    """Text beside axes, at rows of these."""

    def __init__(self, ax: "Axes", letters: float) -> None:
        from matplotlib.transforms import TransformedPatchPath

        self._ax, self._letters = ax, letters
        self._patch = TransformedPatchPath(ax.patch)
        self._known: dict[Any, Any] = {}
        place = ax.get_yaxis_transform()  # x in axes widths, y in rows
        self._places = [moved(ax, place, x, 0) for x, _ in COLUMNS]
        self._seen: set[str] = set()
        for x, name in COLUMNS:
            place = moved(ax, ax.transAxes, x, 4)
            look: dict[str, Any] = dict(ha=_side(name), va="bottom", fontsize=letters)
            ax.text(1, 1, name, transform=place, **look)

    def write(self, row: float, cells: tuple[str, str, str], colour: "Colour | str") -> None:
        """Write a line."""
        for (_, name), place, cell in zip(COLUMNS, self._places, cells, strict=True):
            written = self._text(1, row, cell, place, _side(name), colour)
            # Room is made once for each width, instead of asking a thousand times.
            written.set_in_layout(name == "pattern" and cell not in self._seen)
            self._seen.add(cell)

    def name_rows(self, names: Sequence[str]) -> None:
        """Write names at the left."""
        place = moved(self._ax, self._ax.get_yaxis_transform(), -5, 0)
        for row, name in enumerate(names):
            self._text(0, row, name, place, "right", text_colour())

    def _text(
        self, x: float, y: float, text: str, place: "Transform", side: str, colour: "Colour | str"
    ) -> "Text":
        from .text_line import TextLine

        look: dict[str, Any] = dict(ha=side, fontsize=self._letters, color=colour)
        line = TextLine(x, y, text, self._known, transform=place, **look)
        line.set_clip_path(self._patch)  # or each gets its own
        self._ax.add_artist(line)
        return line


def _side(column: str) -> str:
    return "left" if column == "pattern" else "right"


def name_results(ax: "Axes", names: Sequence[str], palette: Palette = None) -> None:
    """Say above a table which colour is of which result."""
    marks = [ax.plot([], [], "s", color=colour)[0] for colour in colours(len(names), palette)]
    add_legend(
        ax,
        marks,
        names,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        borderaxespad=2.2,  # above the table's heading
        ncols=max(1, LEGEND_LETTERS // (5 + max(len(plain(name)) for name in names))),
        frameon=False,
        fontsize=9,
    )
