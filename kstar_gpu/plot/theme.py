"""The look of a printed page."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from .colours import Palette, check_palette, usual
from .common import check_installed

INK, GRID = "0.15", "0.8"
PAGE: dict[Any, Any] = {
    "font.family": "serif",
    "mathtext.fontset": "cm",
    "font.size": 9.6,
    "axes.titlesize": 9.6,
    "axes.labelsize": 9.6,
    "xtick.labelsize": 8.8,
    "ytick.labelsize": 8.8,
    "legend.fontsize": 8.8,
    "legend.title_fontsize": 9.6,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "axes.edgecolor": GRID,
    "axes.linewidth": 1.0,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "lines.linewidth": 1.2,
    "lines.markersize": 4.8,
    "savefig.dpi": 300,
    "savefig.bbox": "tight",
    "pdf.fonttype": 42,  # fonts that publishers accept
}


def theme(palette: Palette = None) -> AbstractContextManager[Any]:
    """Return a context in which pictures look as on the page of a paper.

    Serif type, thin lines on white, 300 dots per inch when saved.

    Parameters
    ----------
    palette : name of a colormap of matplotlib, or sequence of colours, optional
        Of classes and of several results, in all pictures of the context that name none. Patterns
        and maps keep their colours, which pictures take as their own `palette`.

    Examples
    --------
    >>> with theme():
    ...     kstar_gpu.plot_distributions(result).figure.savefig("figure.pdf")

    Raises
    ------
    TypeError, ValueError
        For what is no palette.
    ImportError
        Without matplotlib.
    """
    check_installed()
    check_palette(palette)
    return _page(palette)


@contextmanager
def _page(palette: Palette) -> Iterator[None]:
    import matplotlib as mpl

    before = usual.set(palette)
    try:
        with mpl.rc_context(PAGE):
            yield
    finally:
        usual.reset(before)
