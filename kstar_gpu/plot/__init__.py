"""Pictures: distributions, layers of a sweep, two results, who ends whose runs, samples, maps.

Those of axes draw into axes, given or new, and return them; `plot_embedding` returns a figure.
Colours tell apart for the colour-blind, up to ten. `theme` is the look of a printed page.
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
