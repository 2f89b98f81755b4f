"""Results as notebooks show them: a small table of HTML, in the notebook's own colours."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from ..names import one_line
from .choice import SHOWN, deciding_skewness, striking
from .summary import decimals

if TYPE_CHECKING:
    from .distribution import KStarDistribution

MOST_ROWS = 20
MOST_OF_A_PATTERN = 5  # of many classes
CELL = "padding:.15em .7em;text-align:{};border-bottom:1px solid rgba(128,128,128,.35)"


def result_html(result: "KStarDistribution", title: str) -> str:
    """Return a result's classes; of many, those that show a pattern most."""
    codes = np.arange(len(result.classes))
    note = ""
    if len(codes) > MOST_ROWS:
        codes = striking(result, MOST_OF_A_PATTERN, codes)
        note = (
            f"The most striking {len(codes)} of {len(result.classes)} classes; all: "
            '<code>summary(kind="all")</code>, <code>to_frame()</code>.'
        )
    rows = zip(
        [result.class_names[code] for code in codes],
        result.sizes[codes],
        decimals(result.mean[codes]),
        decimals(result.std[codes]),
        decimals(deciding_skewness(result)[codes]),
        [result.pattern[code] for code in codes],
        strict=True,
    )
    head = ("class", "n", "mean", "std", f"skew {result.skewness}", "pattern")
    return html_table(f"k* distribution: {title}; {patterns(result)}", head, rows, note)


def patterns(result: "KStarDistribution") -> str:
    """Return how many classes have each pattern, in words."""
    counts = ((result.pattern.count(name), name) for name in (*SHOWN, "undefined"))
    return ", ".join(f"{count} {name}" for count, name in counts if count)


def html_table(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[object]], note: str = ""
) -> str:
    """Return a table; all texts are escaped but the note, which is ours.

    Parameters
    ----------
    caption, head : texts
    rows : of cells; the first and the last column stand at the left, others at the right
    note : HTML below it
    """
    last = len(head) - 1
    lines = [_line("th", head, last), *(_line("td", row, last) for row in rows)]
    below = f'<div style="font-size:smaller;opacity:.75">{note}</div>' if note else ""
    # No colours of text and ground: those of the notebook are light or dark.
    return (
        '<div style="overflow-x:auto"><table style="border-collapse:collapse;color:inherit;'
        'background:transparent">'
        f'<caption style="text-align:left;color:inherit">{_text(caption)}</caption>'
        f"{''.join(lines)}</table>{below}</div>"
    )


def _line(tag: str, cells: Sequence[object], last: int) -> str:
    sides = ("left" if place in (0, last) else "right" for place in range(last + 1))
    return "<tr>{}</tr>".format(
        "".join(
            f'<{tag} style="{CELL.format(side)}">{_text(cell)}</{tag}>'
            for side, cell in zip(sides, cells, strict=True)
        )
    )


def _text(text: object) -> str:
    return escape(one_line(text))
