"""Violins: the density of values, the quantiles inside, and the mean; all classes in a few strokes.

matplotlib draws a collection of a thousand shapes about as fast as ten artists of their own.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .colours import Colour
from .common import text_colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
POINTS = 100  # along a density
MOST_VALUES = 500  # of which a density has a kernel each; more are counted at places first
PLACES = 4  # between two points
PAPER = 0.6  # how much of the paper's white there is in the outermost box


class Violin(NamedTuple):
    """Values of a class, and where they are drawn.

    `side` is 0 for a whole violin with boxes of letter values, -1 or 1 for the upper or the lower
    half of one with quartiles. `row` is that of the mean, in the middle of what is drawn.
    """

    values: Floats
    row: float
    width: float
    colour: Colour
    side: int = 0

    @property
    def base(self) -> float:
        """The row from which the density rises."""
        return self.row - self.side * self.width / 4


def draw_violins(ax: "Axes", violins: Sequence[Violin], *, fine: bool = False) -> None:
    """Draw violins into axes; of values that do not vary only the mean."""
    from matplotlib.collections import LineCollection, PolyCollection

    varying = [violin for violin in violins if varies(violin.values)]
    shapes = PolyCollection(
        [_outline(violin) for violin in varying],
        facecolors=[(*violin.colour, 0.5 if violin.side else 0.35) for violin in varying],
        edgecolors=text_colour(),
        linewidths=0.4 if fine else 0.8,
        zorder=2,
    )
    ax.add_collection(shapes, autolim=False)
    boxes = [box for violin in varying if not violin.side for box in _boxes(violin)]
    if boxes:
        corners, fills = zip(*boxes, strict=True)
        ax.add_collection(
            PolyCollection(
                corners, facecolors=fills, edgecolors=text_colour(), linewidths=0.4, zorder=3
            ),
            autolim=False,
        )
    lines = [line for violin in varying for line in _lines(violin)]
    ax.add_collection(
        LineCollection(lines, colors=text_colour(), linewidths=0.8, zorder=4), autolim=False
    )
    ax.plot(
        [violin.values.mean() for violin in violins],
        [violin.row for violin in violins],
        marker="D",
        markersize=2.5 if fine else 4,
        color="white",
        markeredgecolor="black",
        markeredgewidth=0.8,
        zorder=10,
        clip_on=False,
        linestyle="none",
    )


def varies(values: Floats) -> bool:
    """Whether there is anything to draw but the mean; not so for a class that references lack."""
    return bool(np.ptp(values) > 0)


def density(values: Floats) -> tuple[Floats, Floats]:
    """Return where, from the least to the largest value, and how dense, at most 1.

    Gaussian kernels by Scott's rule.
    """
    x = np.linspace(values.min(), values.max(), POINTS)
    bandwidth = len(values) ** -0.2 * values.std(ddof=1)
    if len(values) > MOST_VALUES:
        y = _density_of_places(values, bandwidth)
    else:
        y = _kernel((x[:, None] - values) / bandwidth).sum(1)
    return x, y / y.max()


def _density_of_places(values: Floats, bandwidth: float) -> Floats:
    """Return the density of many values: each is shared by the two places that are next to it."""
    last = PLACES * (POINTS - 1)
    step = np.ptp(values) / last
    place = (values - values.min()) / step
    left = np.minimum(place.astype(np.int64), last - 1)
    right_share = place - left
    counts = np.bincount(left, 1 - right_share, last + 1)
    counts += np.bincount(left + 1, right_share, last + 1)
    # A peak that is narrower than points are apart is drawn as wide as that, not missed.
    width = max(bandwidth / step, PLACES / 2)
    kernel = _kernel(np.arange(-last, last + 1) / width)
    y: Floats = np.convolve(counts, kernel, "valid")[::PLACES]
    return y


def _kernel(distance: Floats) -> Floats:
    y: Floats = np.exp(-0.5 * distance**2)
    return y


def letter_values(values: Floats) -> Floats:
    """Return the ends (depth, 2) of boxes that hold a half, three quarters, 7/8, ... of the values.

    As deep as about eight values are left beyond each end (Hofmann, Wickham and Kafadar, "Letter-
    Value Plots", 2017: Tukey's rule).
    """
    depth = max(1, int(np.log2(len(values))) - 3)
    tails = 0.5 ** np.arange(2, depth + 2)
    ends: Floats = np.quantile(values, np.stack([tails, 1 - tails], 1))
    return ends


def _outline(violin: Violin) -> Floats:
    x, y = density(violin.values)
    half = violin.width / 2
    upper = violin.base - half * y * (violin.side <= 0)
    lower = violin.base + half * y * (violin.side >= 0)
    outline: Floats = np.column_stack([np.append(x, x[::-1]), np.append(upper, lower[::-1])])
    return outline


def _boxes(violin: Violin) -> list[tuple[Floats, Colour]]:
    """Return corners and colours, the outermost first: the farther out, the lower and lighter."""
    ends = letter_values(violin.values)
    boxes = []
    for level in reversed(range(len(ends))):
        inner = 1 - level / len(ends)
        (low, high), half = ends[level], violin.width / 6 * inner
        x, y = [low, high, high, low], violin.row + half * np.array([-1, -1, 1, 1])
        white = PAPER * (1 - inner)
        red, green, blue = (white + (1 - white) * part for part in violin.colour)
        boxes.append((np.column_stack([x, y]), (red, green, blue)))
    return boxes


def _lines(violin: Violin) -> list[list[tuple[float, float]]]:
    """Return the median across the boxes, or the three quartiles across half a violin."""
    if not violin.side:
        middle, half = float(np.median(violin.values)), violin.width / 6
        return [[(middle, violin.row - half), (middle, violin.row + half)]]
    quartiles = np.quantile(violin.values, [0.25, 0.5, 0.75])
    heights = violin.side * violin.width / 2 * np.interp(quartiles, *density(violin.values))
    return [
        [(float(x), violin.base), (float(x), float(violin.base + y))]
        for x, y in zip(quartiles, heights, strict=True)
    ]
