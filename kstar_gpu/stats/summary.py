"""A result as lines of plain text, for a terminal."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .distribution import KStarDistribution


def title_of(result: "KStarDistribution") -> str:
    """Return in a few words what a result is of."""
    form = ", among references" if result.query_form else ""
    samples, classes = len(result.kstar), len(result.classes)
    return f"{samples} samples, {classes} classes, {result.metric}{form}"


def summary_of(result: "KStarDistribution") -> str:
    """Return a title, a table with a line per class, and the rule for the pattern."""
    columns = (
        ("class", *result.class_names),
        ("n", *map(str, result.sizes)),
        ("mean", *map(_decimals, result.mean)),
        ("std", *map(_decimals, result.std)),
        ("skew plain", *map(_decimals, result.skewness_plain)),
        ("skew augmented", *map(_decimals, result.skewness_augmented)),
        ("pattern", *result.pattern),
    )
    widths = [max(map(len, column)) for column in columns]
    lines = [f"k* distribution: {title_of(result)}"]
    for name, *figures, pattern in zip(*columns, strict=True):
        cells = (cell.rjust(width) for cell, width in zip(figures, widths[1:-1], strict=True))
        lines.append("  ".join((name.ljust(widths[0]), *cells, pattern)))
    lines.append(f"pattern: {result.skewness} skewness, threshold {result.threshold:g}")
    return "\n".join(lines)


def _decimals(number: float) -> str:
    return "-" if np.isnan(number) else f"{number:.3f}"
