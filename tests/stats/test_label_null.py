"""The null: labels that mean something, and labels that do not."""

import numpy as np
import pytest

from kstar_gpu import kstar_distribution, label_null


def test_labels_that_mean_something_beat_the_null(apart, labels, rng):
    found = label_null(apart, labels, permutations=19)
    assert found.permuted.shape == (19, 3)
    np.testing.assert_allclose(found.observed, kstar_distribution(apart, labels).mean)
    assert (found.pvalue == 0.05).all()
    idle = label_null(rng.standard_normal((300, 4)), labels, permutations=19)
    assert (idle.pvalue > 0.05).any()


def test_options_of_the_null(near, labels):
    with pytest.raises(TypeError, match="label_null: no option normalize"):
        label_null(near, labels, normalize=True)
