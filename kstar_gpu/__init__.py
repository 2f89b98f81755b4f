"""Exact k* values and k* distributions of latent spaces, without sorting distances.

The rooms of the house, in the order in which data flows through them; what stands lower imports
from what stands higher, never the other way::

    definition      what every engine must return, integer for integer, in float64
    distance        the canonical distance in torch: the same numbers, many at a time
      |
    inputs          arrays, labels, metrics -> a checked problem: samples in class order
      |
    engines         nearest foreign sample, then a count within its distance: cpu, cuda, portable
      |
    scale           the same in shards that meet pair by pair, where the whole does not fit
      |
    api             kstar(): from arrays to k* values, in the family of the input
      |
    stats           per-class distributions, intervals, comparisons, who ends whose runs; files
      |
    networks        layers of a network -> features; sweeps over layers, saved as they go
      |
    plot            pictures of distributions, layers, comparisons, maps
      |
    report          a sweep as one page of HTML
      |
    integrations    k* inside other libraries
    commands        those of kstar-gpu, a module for each
    cli             the command kstar-gpu; terminal: what it says, on any console

`names`, `known`, `files`, `checked_json`, `npy_header`, `extras`, `user_code` and `user_files`
serve all of them: names as they are printed and as they are files, files that are there whole or
not at all and that tell when they are damaged, packages that are imported where they are used, code
of others.
`python tests/helpers/house.py` draws the house from its imports.
"""

from .api import kstar
from .engines.registry import available_backends
from .files import DamagedFileError
from .inputs.arrays import KStarForeign
from .networks.activations import Activations, activations, read_activations
from .networks.hooks import LayerError
from .networks.sweep import Sweep, sweep
from .plot import (
    KStarDisplay,
    plot_compare,
    plot_confused,
    plot_confusion,
    plot_distributions,
    plot_embedding,
    plot_layers,
    theme,
)
from .stats.comparison import Comparison, compare
from .stats.confusion import foreign_confusion
from .stats.distribution import KStarDistribution
from .stats.from_features import kstar_distribution
from .stats.intervals import confidence_intervals, resampled_intervals
from .stats.label_null import LabelNull, label_null
from .stats.scores import kstar_samples, kstar_score
from .version import __version__

__all__ = [
    "Activations",
    "Comparison",
    "DamagedFileError",
    "KStarDisplay",
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
    "kstar_samples",
    "kstar_score",
    "label_null",
    "plot_compare",
    "plot_confused",
    "plot_confusion",
    "plot_distributions",
    "plot_embedding",
    "plot_layers",
    "read_activations",
    "resampled_intervals",
    "sweep",
    "theme",
]
