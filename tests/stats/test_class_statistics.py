"""Statistics per class, and LSC against other libraries."""

import numpy as np
import problexity
import pytest
import scipy.stats
from helpers.families import labels
from helpers.made_result import made
from pymfe.complexity import MFEComplexity

from kstar_gpu import kstar, kstar_distribution


def test_statistics_by_hand():
    result = made([1, 1, 4, 2, 2, 2], [4, 2])
    assert result.normalized.tolist() == [0.25, 0.25, 1.0, 0.5, 1.0, 1.0]
    assert result.sizes.tolist() == [4, 2]
    assert result.mean.tolist() == [0.5, 1.0]
    assert result.std.tolist() == [np.std([0.25, 0.25, 1.0, 0.5]), 0.0]
    assert result.skewness_plain[0] == scipy.stats.skew([0.25, 0.25, 1.0, 0.5])
    assert np.isnan(result.skewness_plain[1])
    assert result.skewness_augmented[0] == scipy.stats.skew([0.25, 0.25, 1.0, 0.5, 0.0, 1.0])


def test_classes_of_the_query_form(rng):
    x = rng.standard_normal((60, 4))
    y = np.array([*["a"] * 20, *["b"] * 20, *["only asked"] * 20])
    result = kstar_distribution(x, y, references=x[:40], reference_labels=y[:40])
    assert result.population.tolist() == [21, 21, 0]
    assert result.pattern[2] == "undefined"
    assert np.isnan(result.normalized[40:]).all()
    assert (result.kstar[40:] == 1).all()
    with pytest.raises(ValueError, match="lsc: local sets"):
        result.lsc()


def test_lsc_agrees_with_problexity(rng):
    x, y = rng.standard_normal((90, 3)), labels(rng, 90, 2)
    result = kstar_distribution(x, y)
    assert result.lsc().total == pytest.approx(problexity.classification.lsc(x, y), abs=1e-12)
    values = kstar(x, y)
    assert result.lsc().total == 1 - values.sum() / 90**2
    np.testing.assert_array_equal(result.lsc().per_class, 1 - result.mean)


def test_lsc_agrees_with_pymfe(rng):
    x, y = rng.standard_normal((80, 4)), labels(rng, 80, 3)
    distances = np.abs(x[:, None] - x[None]).sum(2)  # any distance: both are given the same
    theirs = MFEComplexity.ft_lsc(x, y, cls_inds=None, N_scaled=x, norm_dist_mat=distances)
    ours = kstar_distribution(distances, y, metric="precomputed").lsc().total
    assert ours == pytest.approx(theirs, abs=1e-12)
