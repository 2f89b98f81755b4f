"""Pictures: distributions, layers of a sweep, two results, who ends whose runs, samples, maps.

Those of axes draw into axes, given or new, and return them; `plot_embedding` returns a figure. Of
more than a hundred classes they draw an overview, unless `kind`, `classes` or `top` ask for other
things. `theme` is the look of a printed page. Who calls whom:

    embedding, display --> distributions --> overview --> rows --> violins, text_line
    compare                confusion, layers --> cells
    confused --> thumbnails                                    all: colours, common

Colours of classes and results tell apart for the colour-blind, up to ten; patterns have three of
their own. matplotlib is all that is needed, imported when something is drawn.
"""

from .compare import plot_compare
from .confused import plot_confused
from .confusion import plot_confusion
from .display import KStarDisplay
from .distributions import plot_distributions
from .embedding import plot_embedding
from .layers import plot_layers
from .theme import theme

__all__ = [
    "KStarDisplay",
    "plot_compare",
    "plot_confused",
    "plot_confusion",
    "plot_distributions",
    "plot_embedding",
    "plot_layers",
    "theme",
]
