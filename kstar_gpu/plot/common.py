"""What the pictures share: axes, colours, and names that can be read."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..extras import import_extra

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_NAMES = 40  # of classes along an axis
MOST_COLOURS = 10  # that anybody can tell apart
Colour = tuple[float, float, float]


def check_installed() -> None:
    """See that matplotlib and seaborn are there, or say what to install."""
    for module in ("matplotlib.pyplot", "seaborn"):
        import_extra(module, "plot", "pictures need matplotlib and seaborn")


def drawn_into(ax: "Axes | None", width: float, height: float) -> "Axes":
    """Return the axes given, or new ones of this size in inches."""
    check_installed()
    if ax is not None:
        return ax

    import matplotlib.pyplot as plt
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.1)  # text is wider at some resolutions
    return plt.subplots(figsize=(width, height), layout=layout)[1]


def palette(count: int = MOST_COLOURS) -> list[Colour]:
    """Return colours for the colour-blind; of more than ten, neighbours look alike."""
    import seaborn

    few = count <= MOST_COLOURS
    colours: list[Colour] = seaborn.color_palette("colorblind" if few else "husl", count)
    return colours


def some_names(names: Sequence[Any]) -> list[str]:
    """Return the names, or only every so many of them where all would not be readable."""
    step = -(-len(names) // MOST_NAMES)
    return [str(name) if place % step == 0 else "" for place, name in enumerate(names)]


def label_of(statistic: str) -> str:
    """Return what an axis of the statistic is called."""
    return f"{statistic} of k* / class size"
