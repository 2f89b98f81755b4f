"""Exact k* values and k* distributions of latent spaces, without sorting distances.

The way of the data through the package:

    zoo            -> layers      networks and pictures; what their layers give: features and labels
    arrays, labels -> problem     checked input, samples in class order, one metric left
    sketch         -> balls       low-precision centres with certified radii
    backends                      nearest foreign sample, then a count within its distance
    search                        kstar(): the three above, and the result in the input's family
    distribution   -> plot        per-class statistics, patterns, pictures
    sweeps         -> report      the whole way for many layers, saved as it goes; a page of it
    inference, confusion          whether a difference is real; which class ends whose runs

`definition` says in float64 what every backend must return, integer for integer.
"""

from .api import KStarForeign, kstar
from .engines.registry import available_backends
from .networks.activations import Activations, activations, read_activations
from .networks.hooks import LayerError
from .networks.sweep import Sweep, sweep
from .plot import (
    plot_compare,
    plot_confusion,
    plot_distributions,
    plot_embedding,
    plot_layers,
    theme,
)
from .stats.confusion import foreign_confusion
from .stats.distribution import KStarDistribution, kstar_distribution
from .stats.inference import (
    Comparison,
    LabelNull,
    compare,
    confidence_intervals,
    label_null,
    resampled_intervals,
)
from .version import __version__

__all__ = [
    "Activations",
    "Comparison",
    "KStarDistribution",
    "KStarForeign",
    "LabelNull",
    "LayerError",
    "Sweep",
    "__version__",
    "activations",
    "available_backends",
    "compare",
    "confidence_intervals",
    "foreign_confusion",
    "kstar",
    "kstar_distribution",
    "label_null",
    "plot_compare",
    "plot_confusion",
    "plot_distributions",
    "plot_embedding",
    "plot_layers",
    "read_activations",
    "resampled_intervals",
    "sweep",
    "theme",
]
