"""Numbers of a matrix as coloured cells."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .colours import NUMBERS, SIGNED_NUMBERS, Palette, colormap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_CELLS = 250  # of which each has a pixel; where it has not, neighbours are blended
DARK = 0.4  # luminance below which white text is read better


def draw_cells(
    ax: "Axes",
    values: NDArray[np.float64],
    palette: Palette,
    label: str,
    *,
    signed: bool = False,
    texts: NDArray[np.str_] | None = None,
) -> None:
    """Draw a matrix from its first row at the top, a colour bar beside it, and text in cells.

    Cells are centred on whole numbers; where a number is undefined the paper is seen.

    Parameters
    ----------
    signed : whether 0 has the colour in the middle; otherwise it is the first one
    """
    from matplotlib.colors import CenteredNorm, Normalize

    colours = colormap(palette, SIGNED_NUMBERS if signed else NUMBERS)
    defined = values[~np.isnan(values)]
    largest = float(np.abs(defined).max(initial=0)) or 1.0
    norm = CenteredNorm(0, largest) if signed else Normalize(0, largest)
    image = ax.imshow(
        np.ma.masked_invalid(values),
        cmap=colours,
        norm=norm,
        aspect="auto",
        interpolation="nearest" if max(values.shape) <= MOST_CELLS else None,
    )
    ax.figure.colorbar(image, ax=ax, label=label)
    ax.tick_params(length=2)
    if texts is None:
        return
    for row, column in zip(*np.nonzero(texts != ""), strict=True):
        red, green, blue, _ = colours(norm(values[row, column]))
        dark = 0.299 * red + 0.587 * green + 0.114 * blue < DARK
        ax.text(
            column,
            row,
            texts[row, column],
            ha="center",
            va="center",
            fontsize=7,
            color="white" if dark else "black",
        )
