"""Blocks of little data for tests of Dask's arrays: ways to cut them, and what comes of them."""

import numpy as np

from kstar_gpu import kstar

# Sizes of blocks of 300 samples.
LAYOUTS = {
    "one": (300,),
    "even": (75, 75, 75, 75),
    "uneven": (1, 140, 9, 100, 50),
    "with empty ones": (0, 100, 0, 150, 50),
}


def assert_as_whole(found, x, y, **options):
    """Compare k*, distance and index of all samples with those of the whole, bit for bit."""
    wanted = kstar(x, y, return_foreign=True, **options)
    for ours, theirs in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert ours.dtype == theirs.dtype
