"""Labelled samples whose classes overlap, and the same with classes pulled apart."""

import numpy as np
import pytest


@pytest.fixture
def labels(rng):
    return rng.permutation(np.arange(300) % 3)


@pytest.fixture
def near(rng, labels):
    """Samples whose classes overlap."""
    return rng.standard_normal((300, 4)) + labels[:, None]


@pytest.fixture
def apart(rng, labels):
    """The same, with classes pulled apart."""
    return rng.standard_normal((300, 4)) + 3 * labels[:, None]
