"""The look of a printed page."""

from contextlib import AbstractContextManager
from typing import Any

from .common import check_installed

PAGE = {
    "font.family": "serif",
    "mathtext.fontset": "cm",
    "savefig.dpi": 300,
    "savefig.bbox": "tight",
    "pdf.fonttype": 42,  # fonts that publishers accept
}


def theme() -> AbstractContextManager[Any]:
    """Return a context in which pictures look as on the page of a paper.

    Serif type, thin lines on white, 300 dots per inch when saved.

    Examples
    --------
    >>> with theme():
    ...     plot_distributions(result).figure.savefig("figure.pdf")

    Raises
    ------
    ImportError
        Without matplotlib or seaborn.
    """
    check_installed()

    import matplotlib as mpl
    import seaborn

    look = {**seaborn.axes_style("whitegrid"), **seaborn.plotting_context("paper"), **PAGE}
    # The font comes after the style, which names one, too.
    context: AbstractContextManager[Any] = mpl.rc_context(look)
    return context
