"""The picture of k* distributions: per class a violin with the quantiles inside it, and a table."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .distribution import KStarDistribution

# Positions in seaborn's palette "colorblind". The pattern is also written beside each class.
PALETTE = {"fractured": 3, "overlapped": 4, "clustered": 0, "undefined": 7}
LARGEST_FONT = 9.0  # points
LEAST_PITCH = 13.0  # points from class to class: room for a line of LARGEST_FONT
MOST_PITCH = 30.0
PLOT_WIDTH = 290.0  # points, without the text on either side
CHARACTER = 0.64  # width of an average character in units of the font size
POINTS_PER_INCH = 72.0


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
        By default new axes in a figure of their own, as large as the classes and their names need.
        In axes given, the text beside the plot needs room: use a figure with
        ``layout="constrained"``.
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
        import seaborn  # noqa: F401
    except ImportError as error:
        raise ImportError(
            'plot_distributions needs matplotlib and seaborn: pip install "kstar-gpu[plot]"'
        ) from error

    count = len(result.classes)
    order = np.argsort(-result.mean, kind="stable") if sort == "mean" else np.arange(count)
    cells = _table(result, order)
    if ax is None:
        size = _figure_size(result, cells)
        ax = plt.subplots(figsize=size, layout="constrained")[1]
    return ax
