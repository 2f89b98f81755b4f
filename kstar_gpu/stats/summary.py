"""Statistics as lines of plain text, for a terminal: all classes, or one screen."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..names import one_line
from .choice import SHOWN, Codes, check_kind, check_top, codes_of, deciding_skewness, most

if TYPE_CHECKING:
    from .distribution import KStarDistribution

MOST_LINES = 40  # of one screen
MOST_LETTERS = 31  # of a name in the overview
QUANTILES = {"least": 0.0, "quarter": 0.25, "median": 0.5, "three quarters": 0.75, "largest": 1.0}
Column = tuple[str, ...]


def summary_of(
    result: "KStarDistribution",
    title: str,
    kind: str | None,
    classes: Iterable[Any] | None,
    top: int | None,
) -> str:
    """Return a result as text; see `KStarDistribution.summary`."""
    check_kind(kind)
    count = check_top(top, least=0)
    if kind == "all" and top is not None:
        raise ValueError(f"top: is of the overview; none is wanted beside kind 'all', got {top}")
    codes = codes_of(classes, result.classes.tolist(), result.class_names)
    rule = f"pattern: {result.skewness} skewness, threshold {result.threshold:g}"
    if kind is None:
        fits = len(codes) + 3 <= MOST_LINES  # beside title, head and rule
        kind = "all" if top is None and (fits or classes is not None) else "overview"
    if kind == "all":
        names = [one_line(result.class_names[code]) for code in codes]
        lines = text_table(_columns(result, codes, names, "class"))
    else:
        lines = _overview(result, codes, count)
        rule += '; all classes: summary(kind="all"), to_frame()'
    return "\n".join([f"k* distribution: {title}", *lines, rule])


def _overview(result: "KStarDistribution", codes: Codes, top: int) -> list[str]:
    """Return quantiles over classes, how many have each pattern, and the most striking ones."""
    statistics = {
        "mean": result.mean[codes],
        f"skew {result.skewness}": deciding_skewness(result)[codes],
    }
    figures = [_quantiles(values) for values in statistics.values()]
    across = zip(QUANTILES, *figures, strict=True)
    lines = text_table([("of classes", *statistics), *across])
    patterns = [result.pattern[code] for code in codes]
    counts = [(patterns.count(pattern), pattern) for pattern in (*SHOWN, "undefined")]
    lines.append(", ".join(f"{number} {pattern}" for number, pattern in counts if number))
    parts = []
    for pattern in SHOWN:
        shown = most(result, pattern, top, codes)
        if len(shown):
            names = [_short(one_line(result.class_names[code])) for code in shown]
            parts.append(_columns(result, shown, names, f"most {pattern}"))
    return lines + text_table([sum(same, ()) for same in zip(*parts, strict=True)])


def _quantiles(values: NDArray[np.float64]) -> list[str]:
    defined = values[~np.isnan(values)]
    if not len(defined):
        return ["-"] * len(QUANTILES)
    return decimals(np.quantile(defined, [*QUANTILES.values()]))


def _columns(
    result: "KStarDistribution", codes: Codes, names: Sequence[str], head: str
) -> list[Column]:
    return [
        (head, *names),
        ("n", *map(str, result.sizes[codes])),
        ("mean", *decimals(result.mean[codes])),
        ("std", *decimals(result.std[codes])),
        ("skew plain", *decimals(result.skewness_plain[codes])),
        ("skew augmented", *decimals(result.skewness_augmented[codes])),
        ("pattern", *(result.pattern[code] for code in codes)),
    ]


def _short(name: str) -> str:
    """Return a name that fits beside the figures: of a long one both ends."""
    half = (MOST_LETTERS - 3) // 2
    return name if len(name) <= MOST_LETTERS else f"{name[:half]}...{name[-half:]}"


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
