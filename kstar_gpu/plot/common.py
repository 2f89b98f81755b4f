"""What the pictures share: axes, and names that can be read."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..extras import import_extra
from ..names import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.gridspec import GridSpecFromSubplotSpec
    from matplotlib.legend import Legend
    from matplotlib.transforms import Transform

MOST_NAMES = 40  # of classes along an axis
MOST_LETTERS = 60  # of a name
USUAL_LETTERS = 20  # for which figures have room
INCHES_PER_LETTER = 0.08
INCHES_PER_NAME = 0.19  # along an axis, so that none lies on its neighbour
FEW_CLASSES = 100  # that a picture shows one by one, where nothing else is asked for
MOST_ROWS = 1000  # for which there is room in a picture

# What TeX takes for something else than the letter itself.
TEX = str.maketrans(
    {
        **{letter: rf"\{letter}" for letter in "$%&#_{}"},
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        '"': r"\textquotedbl{}",
    }
)


def check_installed() -> None:
    """See that matplotlib is there, or say what to install."""
    import_extra("matplotlib.pyplot", "plot", "pictures need matplotlib")


def drawn_into(ax: "Axes | None", width: float, height: float) -> "Axes":
    """Return the axes given, or new ones of this size in inches.

    Raises
    ------
    TypeError
        If what is given are no axes.
    """
    check_installed()

    from matplotlib.axes import Axes

    if ax is not None:
        if not isinstance(ax, Axes):
            raise TypeError(f"ax: matplotlib axes are wanted, got {type(ax).__name__}")
        return ax

    import matplotlib.pyplot as plt
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.1)  # text is wider at some resolutions
    return plt.subplots(figsize=(width, height), layout=layout)[1]


def grid_at(ax: "Axes", rows: int, columns: int, **sizes: Any) -> "GridSpecFromSubplotSpec":
    """Return a grid in the place of axes, which are left empty.

    Raises
    ------
    ValueError
        If the axes are in no grid themselves.
    """
    place = ax.get_subplotspec()
    if place is None:
        raise ValueError(
            "ax: axes in a grid, as plt.subplots makes them, are wanted for an overview, got axes "
            "at a place of their own"
        )
    ax.set_axis_off()
    return place.subgridspec(rows, columns, **sizes)


def moved(ax: "Axes", place: "Transform", right: float, up: float) -> "Transform":
    """Return a transform that goes some points further."""
    from matplotlib.transforms import ScaledTranslation

    return place + ScaledTranslation(right / 72, up / 72, ax.figure.dpi_scale_trans)


def text_colour() -> Any:
    """Return the colour of the style's text."""
    from matplotlib import rcParams

    return rcParams["text.color"]


def plain(name: object, letters: int = MOST_LETTERS) -> str:
    """Return a name of the user's so that matplotlib draws it letter by letter, on one line.

    All that is written into a picture and is not ours goes through here: matplotlib takes what
    stands between dollars for a formula, and TeX (`text.usetex`) far more. Of a long name both ends
    are left.
    """
    from matplotlib import rcParams

    line = one_line(name)
    if len(line) > letters:
        half = (letters - 1) // 2
        line = f"{line[:half]}\N{HORIZONTAL ELLIPSIS}{line[-half:]}"
    return line.translate(TEX) if rcParams["text.usetex"] else line.replace("$", r"\$")


def listed(names: Iterable[Any]) -> list[Any]:
    """Return an argument `names` as a list.

    Raises
    ------
    TypeError
        If it is no sequence of names.
    """
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise TypeError(f"names: a sequence of names is wanted, got {names!r}")
    return list(names)


def name_ticks(
    ax: "Axes", names: Sequence[object], axis: str, *, first: float = 0, **look: Any
) -> None:
    """Name places along an axis: all, or every so many where all would lie on one another.

    Ticks are only where there are names. `first` is the place of the first name.
    """
    box = ax.get_window_extent()
    pixels = box.width if axis == "x" else box.height
    fit = max(1, min(MOST_NAMES, int(pixels / ax.figure.dpi / INCHES_PER_NAME)))
    step = -(-len(names) // fit)
    places = range(0, len(names), step)
    named = [plain(names[place]) for place in places]
    set_ticks = ax.set_xticks if axis == "x" else ax.set_yticks
    set_ticks([first + place for place in places], named, **look)


def room_for(names: Iterable[object]) -> float:
    """Return how many inches the longest of these names needs beyond what figures have anyway."""
    longest = max((min(len(one_line(name)), MOST_LETTERS) for name in names), default=0)
    return INCHES_PER_LETTER * max(0, longest - USUAL_LETTERS)


def add_legend(
    ax: "Axes", marks: Sequence[Any], names: Sequence[object], **options: Any
) -> "Legend":
    """Say which mark is of what name, plain.

    Also of a name with an underscore in front, which matplotlib would leave out.
    """
    legend = ax.legend(marks, ["."] * len(names), **options)
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_text(plain(name))
    return legend


def label_of(statistic: str) -> str:
    """Return what an axis of the statistic is called."""
    return f"{statistic} of k* / class size"
