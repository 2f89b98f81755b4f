"""Exact k* values and k* distributions of latent spaces, without sorting distances.

The way of the data through the package:

    arrays, labels -> problem     checked input, samples in class order, one metric left
    sketch         -> balls       low-precision centres with certified radii
    backends                      nearest foreign sample, then a count within its distance
    search                        kstar(): the three above, and the result in the input's family
    distribution   -> plot        per-class statistics, patterns, pictures

`definition` says in float64 what every backend must return, integer for integer.
"""

from .backends import available_backends
from .search import KStarForeign, kstar

__all__ = ["KStarForeign", "available_backends", "kstar"]
