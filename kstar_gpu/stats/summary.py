"""Statistics as lines of plain text, for a terminal."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def text_table(columns: Sequence[Sequence[str]]) -> list[str]:
    """Return a line per row of cells: the first and the last column at the left, others right."""
    widths = [max(map(len, column)) for column in columns]
    lines = []
    for name, *figures, last in zip(*columns, strict=True):
        cells = (cell.rjust(width) for cell, width in zip(figures, widths[1:-1], strict=True))
        lines.append("  ".join((name.ljust(widths[0]), *cells, last)))
    return lines


def decimals(numbers: NDArray[np.float64]) -> list[str]:
    """Return numbers with three decimals, and "-" where one is undefined."""
    return ["-" if np.isnan(number) else f"{number:.3f}" for number in numbers]
