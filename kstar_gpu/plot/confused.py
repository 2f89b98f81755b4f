"""The most confused samples, each beside the one of another class that it meets first."""

import textwrap
from typing import TYPE_CHECKING, Any

from ..inputs.problem import Integers
from ..names import one_line
from ..stats.distribution import KStarDistribution, check_result
from ..stats.samples import most_confused, sample_columns
from .colours import MOST_COLOURS, Colour, Palette, colours
from .common import drawn_into, plain, text_colour
from .thumbnails import Thumbnail, check_images, thumbnail_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TILE = 0.95  # inches: the side of an image, the height of a text
TEXT_WIDTH = 2.6  # of a text, in heights
BETWEEN = 0.12  # the two of a pair
ASIDE, ABOVE, BELOW = 0.42, 0.24, 0.5  # of a pair
FIGURE_INCHES = 11
LETTERS, LINES = 42, 6  # of a text that fits
SMALL, LARGE = 7.5, 9  # points
MOST_LETTERS = 200  # of a name, that are tried


def plot_confused(
    result: KStarDistribution,
    images: Any,
    ax: "Axes | None" = None,
    *,
    n: int = 12,
    by: str | None = None,
    reference_images: Any = None,
    palette: Palette = None,
) -> "Axes":
    """Draw the samples of the smallest k*, each beside its nearest sample of another class.

    Above each image or text its class, whose colour its frame has; below it its number or id, and
    k* of the class size. The order is that of `KStarDistribution.confused`.

    Parameters
    ----------
    result : KStarDistribution
        Made with ``return_foreign=True``, or by a sweep.
    images : sequence of N images or texts, in the order of the samples
        Arrays or tensors (H, W), (H, W, C) or (C, H, W), bytes or floats (such as are not between 0
        and 1 are scaled by their own range); PIL images; paths of image files (`pathlib.Path`);
        strings, which are shown as text; or a data set whose items are tuples that begin with one
        of these.
    ax : matplotlib.axes.Axes, optional
        By default new axes in a figure of their own, as high as the pairs need.
    n, by
        How many pairs; with ``by="class"`` so many of each class.
    reference_images : sequence of M images or texts
        In the query form: those of the references.
    palette : name of a colormap of matplotlib, or sequence of colours, optional
        Of the classes, in their order. By default more than ten have no colours.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        For what is no result, no axes, no image or text, or no palette.
    ValueError
        If there is not one image per sample, or one of another shape; if the result was made
        without ``return_foreign=True``; if `reference_images` are missing, or not wanted; for
        too few colours.
    ImportError
        Without matplotlib.

    Examples
    --------
    >>> result = kstar_distribution(features, labels, return_foreign=True)
    >>> pictures = features.reshape(-1, 2, 2)  # of each sample
    >>> plot_confused(result, pictures, n=4).figure.savefig("confused.pdf")
    """
    check_result(result, "result")
    check_images(images, len(result.kstar), "images")
    if (reference_images is not None) != result.query_form:
        wanted = "those of the references are" if result.query_form else "None is"
        form = "of the query form" if result.query_form else "without references"
        raise ValueError(f"reference_images: {wanted} wanted for a result {form}")
    if result.query_form:
        check_images(reference_images, None, "reference_images")
    frames = _frames(result, palette)
    rows = most_confused(result, n, by)
    if len(rows) == 0:
        raise ValueError("result: samples of a class that the references have are wanted, got none")
    columns = sample_columns(result, rows)
    pairs = _pairs(columns, images, reference_images)
    width = max(_width(each) for pair in pairs for each in pair)
    stride_x, stride_y = 2 * width + BETWEEN + ASIDE, 1 + ABOVE + BELOW
    codes = result.class_index[rows]
    places = _places(codes if by else 0 * codes, int(FIGURE_INCHES // (stride_x * TILE)))
    down, across = (1 + max(place) for place in zip(*places, strict=True))
    ax = drawn_into(ax, across * stride_x * TILE, down * stride_y * TILE)
    for number, (pair, (row, column)) in enumerate(zip(pairs, places, strict=True)):
        x, y = column * stride_x, -row * stride_y
        size = result.population[codes[number]]
        mark = f"$k^*$ = {columns['kstar'][number]} of {size}"
        ax.text(x, y - 0.22, mark, va="top", fontsize=SMALL)
        for side, thumbnail in zip(("", "foreign_"), pair, strict=True):
            name = columns[f"{side}class"][number]
            _draw(ax, x, y, width, thumbnail, frames.get(name))
            called = _fit(_called(columns, side, number), width, SMALL, first=False)
            name = _fit(one_line(name), width, LARGE)
            ax.text(x, y + 1.05, plain(name), va="bottom", fontsize=LARGE)
            ax.text(x, y - 0.05, plain(called), va="top", fontsize=SMALL)
            x += width + BETWEEN
    ax.set_aspect("equal")
    ax.set_xlim(-ASIDE / 2, across * stride_x - ASIDE / 2)
    ax.set_ylim(-(down - 1) * stride_y - BELOW, 1 + ABOVE)
    ax.set_axis_off()
    return ax


def _pairs(
    columns: dict[str, Any], images: Any, reference_images: Any
) -> list[tuple[Thumbnail, Thumbnail]]:
    """Return image or text of each sample, and of the one that it meets."""
    others, name = images, "images"
    if reference_images is not None:
        others, name = reference_images, "reference_images"
    return [
        (thumbnail_of(images, int(sample), "images"), thumbnail_of(others, int(foreign), name))
        for sample, foreign in zip(columns["sample"], columns["foreign_sample"], strict=True)
    ]


def _frames(result: KStarDistribution, palette: Palette) -> dict[str, Colour]:
    """Return the colour of each class by its name; none where nobody can tell so many apart."""
    names = [*dict.fromkeys([*result.class_names, *(result.reference_names or ())])]
    if palette is None and len(names) > MOST_COLOURS:
        return {}
    return dict(zip(names, colours(len(names), palette), strict=True))


def _places(groups: Integers, most: int) -> list[tuple[int, int]]:
    """Return row and column of each pair, so many in a row at most; each group begins a row."""
    places: list[tuple[int, int]] = []
    row, column = 0, -1
    for number, group in enumerate(groups):
        column += 1
        if column == max(1, most) or (number and group != groups[number - 1]):
            row, column = row + 1, 0
        places.append((row, column))
    return places


def _width(thumbnail: Thumbnail) -> float:
    return TEXT_WIDTH if isinstance(thumbnail, str) else 1.0


def _called(columns: dict[str, Any], side: str, place: int) -> str:
    """Return what a sample is called: the end of its id, or its number."""
    if f"{side}id" in columns:
        return one_line(columns[f"{side}id"][place])
    return f"#{columns[f'{side}sample'][place]}"


def _draw(
    ax: "Axes", x: float, y: float, width: float, thumbnail: Thumbnail, colour: Colour | None
) -> None:
    """Draw an image or a text into its tile, whose lower left corner is given, and a frame."""
    from matplotlib.patches import Rectangle

    look: dict[str, Any] = dict(edgecolor=colour or text_colour(), linewidth=2 if colour else 0.5)
    frame = Rectangle((x, y), width, 1, fill=False, **look)
    ax.add_patch(frame)
    if isinstance(thumbnail, str):
        start = " ".join(thumbnail[: 2 * LETTERS * LINES].split())
        lines = textwrap.wrap(one_line(start), LETTERS)
        if len(lines) > LINES:
            lines[LINES - 1 :] = [_cut(" ".join(lines[LINES - 1 :]), LETTERS)]
        text = "\n".join(map(plain, lines))
        drawn = ax.text(x + 0.05, y + 0.95, text, va="top", fontsize=SMALL, linespacing=1.15)
        drawn.set_clip_path(frame)
    else:
        height, breadth = thumbnail.shape[:2]
        longest = max(height, breadth)
        right, top = breadth / longest, height / longest  # in the middle of its tile
        left, bottom = x + (width - right) / 2, y + (1 - top) / 2
        extent = (left, left + right, bottom, bottom + top)
        ax.imshow(thumbnail, cmap="gray", vmin=0, vmax=1, extent=extent)


def _fit(name: str, width: float, points: float, *, first: bool = True) -> str:
    """Return the first or the last letters of a name, as many as a tile is wide."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font, room = FontProperties(size=points), 0.95 * width * TILE * 72  # pixels widen letters
    letters = min(len(name), MOST_LETTERS)
    shown = _cut(name, letters, first=first)
    while (needed := text_to_path.get_text_width_height_descent(shown, font, False)[0]) > room:
        letters = min(letters - 1, int(letters * room / needed))
        shown = _cut(name, letters, first=first)
    return shown


def _cut(name: str, letters: int, *, first: bool = True) -> str:
    """Return the first or the last letters of a name."""
    dots, most = "\N{HORIZONTAL ELLIPSIS}", letters - 1
    if len(name) <= letters:
        return name
    return name[:most] + dots if first else dots + name[-most:]
