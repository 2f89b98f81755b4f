"""Colours: of classes and results, of patterns, and of numbers. No two of them share one.

Each picture takes `palette=`: the name of one of matplotlib's colormaps, or colours.
"""

import colorsys
from collections.abc import Iterable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

Colour = tuple[float, float, float]
Palette = Any  # a colormap's name, or colours as matplotlib takes them

# Of classes and results: told apart by the colour-blind.
CLASSES = (
    *("#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc"),
    *("#ca9161", "#fbafe4", "#949494", "#ece133", "#56b4e9"),
)
MOST_COLOURS = len(CLASSES)  # that anybody can tell apart
# Of patterns: dark, and far from all of the above, for the colour-blind too. Also written out.
PATTERNS = {
    "fractured": "#722c13",
    "overlapped": "#8a1be0",
    "clustered": "#0d2a50",
    "undefined": "#c8c8c8",
}
NUMBERS, SIGNED_NUMBERS = "YlGnBu", "BrBG_r"
GOLDEN = 0.618034  # of a turn: hues in this step never come back, and neighbours differ

usual: ContextVar[Palette] = ContextVar("usual", default=None)


def colours(count: int, palette: Palette = None) -> list[Colour]:
    """Return colours of classes or results: of `palette`, of `theme`'s, or our own.

    Raises
    ------
    TypeError, ValueError
        If that is no palette, or has too few colours.
    """
    palette = usual.get() if palette is None else palette
    if palette is not None:
        return checked(palette, count)
    if count <= MOST_COLOURS:
        return checked(CLASSES, count)
    return [
        colorsys.hsv_to_rgb(number * GOLDEN % 1, 0.75, (0.9, 0.7, 0.5)[number % 3])
        for number in range(count)
    ]


def pattern_colours(palette: Palette = None) -> dict[str, Colour]:
    """Return the colour of each pattern; `palette` has those of the first three.

    Raises
    ------
    TypeError, ValueError
        If that is no palette, or has fewer than three colours.
    """
    names = [*PATTERNS]
    given = checked([*PATTERNS.values()], len(names))
    if palette is not None:
        given[:3] = checked(palette, 3)
    return dict(zip(names, given, strict=True))


def colormap(palette: Palette, default: str) -> "Colormap":
    """Return the colours of numbers, from the smallest to the largest.

    Raises
    ------
    TypeError, ValueError
        If `palette` is none, or has fewer than two colours.
    """
    from matplotlib import colormaps
    from matplotlib.colors import Colormap, LinearSegmentedColormap

    if isinstance(palette, Colormap):
        return palette
    if palette is None or isinstance(palette, str):
        return colormaps[default if palette is None else _known(palette)]
    found = checked(palette, 2)
    return LinearSegmentedColormap.from_list("palette", [*map(_rgb, palette)] if found else [])


def checked(palette: Palette, count: int) -> list[Colour]:
    """Return so many colours of a palette: the first ones, or evenly along a colormap.

    Raises
    ------
    TypeError, ValueError
        If it is none, or has too few.
    """
    from matplotlib import colormaps
    from matplotlib.colors import Colormap, ListedColormap

    if isinstance(palette, str):
        palette = colormaps[_known(palette)]
    if isinstance(palette, ListedColormap) and count <= palette.N <= 20:  # made to tell apart
        found = [palette(number) for number in range(count)]
    elif isinstance(palette, Colormap):
        found = [palette((number + 0.5) / count) for number in range(count)]
    elif isinstance(palette, Iterable):
        found = [*palette][:count]
    else:
        raise TypeError(
            f"palette: a colormap's name or colours are wanted, got {type(palette).__name__}"
        )
    if len(found) < count:
        raise ValueError(f"palette: {count} colours are wanted, got {len(found)}")
    return [_rgb(colour) for colour in found]


def check_palette(palette: Palette) -> None:
    """Refuse what is no palette, before anything is drawn."""
    if palette is not None:
        checked(palette, 1)


def _known(name: str) -> str:
    from matplotlib import colormaps

    if name not in colormaps:
        raise ValueError(
            f"palette: the name of one of matplotlib's colormaps, such as 'viridis', or a sequence "
            f"of colours is wanted, got {name!r}"
        )
    return name


def _rgb(colour: Any) -> Colour:
    from matplotlib.colors import to_rgb

    try:
        return to_rgb(colour)
    except (ValueError, TypeError) as error:
        raise ValueError(f"palette: colours of matplotlib's are wanted, got {colour!r}") from error
