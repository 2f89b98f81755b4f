"""k* distributions of classes: violins, quantiles, means, and a table beside them."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..stats.choice import check_kind, check_top, codes_of, striking
from ..stats.comparison import shared_classes
from ..stats.distribution import KStarDistribution, check_result
from .colours import Palette, colours, pattern_colours
from .common import FEW_CLASSES, MOST_ROWS, drawn_into, room_for
from .overview import draw_overview, overview_height
from .rows import draw_rows, name_results

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INCHES_PER_CLASS = 0.34
FINE_INCHES = 0.15  # of many classes
INCHES_PER_RESULT = 0.22  # where there are several: room for a line of the table
FINE_INCHES_PER_RESULT = 0.13


def plot_distributions(
    result: KStarDistribution | Mapping[Any, KStarDistribution],
    ax: "Axes | None" = None,
    *,
    sort: str = "class",
    kind: str | None = None,
    classes: Iterable[Any] | None = None,
    top: int | None = None,
    palette: Palette = None,
) -> "Axes":
    """Draw the k* distribution of every class: a horizontal violin, its quantiles and its mean.

    Violin: density of the normalised k* values, between their least and their largest, at equal
    width for every class. Boxes inside it: quantiles (letter values). Diamond: the mean. At the
    right: number of samples, skewness (of the convention that the result uses) and pattern, which
    is also the colour. Where the values of a class do not vary there is the diamond alone.

    Of more than a hundred classes there is an overview instead: how the means and the skewness of
    all classes are distributed, how many have each pattern, and the violins of those that are most
    fractured, overlapped and clustered.

    Several results are drawn below one another within each class, each in a colour of its own; two
    as the halves of one violin, with quartiles for boxes.

    Parameters
    ----------
    result : KStarDistribution, or mapping from a name to such
        As `Sweep.results` is one, too. Of several, the classes are those of the first; others are
        found by their labels.
    ax : matplotlib.axes.Axes, optional
        By default new axes in a figure of their own, as high as the classes need. In axes given,
        the text at the right needs room: use a figure with ``layout="constrained"``. An overview
        takes the place of the axes given in their figure's grid.
    sort : {"class", "mean"}
        From top to bottom in the order of the classes (or of `classes`), or from the largest mean
        (of the first result) to the smallest (undefined ones last).
    kind : {"overview", "all"}, optional
        By default "all", a row per class, of up to a hundred classes.
    classes : sequence of labels or names, optional
        The picture is of these alone.
    top : int, optional
        How many classes of each pattern the overview shows (by default ten). Without kind
        "overview": the picture has a row for each of these, and no others.
    palette : name of a colormap of matplotlib, or sequence of colours, optional
        Of the three patterns, from fractured to clustered; of several results, one for each.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn into. Of an overview these are empty; its parts are the figure's axes after
        them. Nothing is shown or written to a file.

    Raises
    ------
    TypeError
        For what is no result, no axes, no sequence of classes, no palette.
    ValueError
        For an unknown `sort` or `kind`, an empty mapping, or a result that shares no class with the
        first; classes that the first result does not have; more than 1000 rows; too few colours;
        axes that are in no grid, for an overview.
    ImportError
        Without matplotlib.

    Examples
    --------
    >>> plot_distributions(result, sort="mean").figure.savefig("distributions.pdf")
    """
    if sort not in ("class", "mean"):
        raise ValueError(f"sort: class or mean is wanted, got {sort!r}")
    check_kind(kind)
    number = check_top(top)
    results = _by_name(result)
    first = results[0][1]
    codes = codes_of(classes, first.classes.tolist(), first.class_names)
    # What is refused is refused before there is a figure.
    pattern_colours(palette) if len(results) == 1 else colours(len(results), palette)
    if top is not None and kind != "overview":
        codes = striking(first, number, codes)
    if kind is None:
        kind = "all" if len(codes) <= FEW_CLASSES else "overview"
    names, several = [name for name, _ in results], [one for _, one in results]
    if kind == "overview":
        width = 7.5 + room_for(first.class_names)
        ax = drawn_into(ax, width, overview_height(number, len(results)))
        draw_overview(ax, several, names, codes, number, palette)
        return ax
    if len(codes) > MOST_ROWS:
        raise ValueError(
            f"kind: overview is wanted of {len(codes)} classes, or some of them by classes= or "
            f"top=; 'all' has room for {MOST_ROWS}"
        )
    if sort == "mean":
        codes = codes[np.argsort(-first.mean[codes], kind="stable")]
    fine = len(codes) > FEW_CLASSES
    inches = FINE_INCHES if fine else INCHES_PER_CLASS
    if len(results) > 1:
        inches = 0.1 + (FINE_INCHES_PER_RESULT if fine else INCHES_PER_RESULT) * len(results)
    shown = [first.class_names[code] for code in codes]
    ax = drawn_into(ax, 7.5 + room_for(shown), 1.2 + inches * len(codes))
    draw_rows(ax, several, codes, palette, fine=fine)
    ax.set_xlabel("k* / class size")
    if len(results) > 1:
        name_results(ax, names, palette)
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
