"""Local sets: LSC is what other libraries say, wherever samples of several classes coincide."""

import dataclasses

import numpy as np
import problexity
import pytest
from helpers.families import FAMILIES, labels
from pymfe.complexity import MFEComplexity
from scipy.spatial.distance import cdist

from kstar_gpu import KStarDistribution, definition, kstar_distribution
from kstar_gpu.stats.local_sets import lsc_of


def by_definition(table, y):
    """Count local sets: d < d(nearest foreign), the sample itself at distance 0."""
    sizes = np.where(table.squared_distance > 0, table.kstar, table.kstar - 1)
    own = [sizes[y == label] for label in np.unique(y)]
    return 1 - sizes.sum() / len(y) ** 2, [1 - part.sum() / len(part) ** 2 for part in own]


@pytest.mark.parametrize(
    ("x", "y", "total", "per_class"),
    [
        ([0, 0], [0, 1], 1.0, [1.0, 1.0]),
        ([0, 0, 1, 5], [0, 1, 0, 1], 0.875, [0.75, 0.75]),
        ([0, 0, 0, 7], [0, 0, 1, 1], 15 / 16, [1.0, 0.75]),
        ([0, 1, 5, 6], [0, 0, 1, 1], 0.5, [0.0, 0.0]),
    ],
)
def test_by_hand(x, y, total, per_class):
    found = kstar_distribution(np.array(x, float)[:, None], y).lsc()
    assert found.total == total
    assert found.per_class.tolist() == per_class


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("largest", [2, 9, 40])
def test_other_libraries_agree_on_duplicates(classes, largest, rng, backend):
    x = rng.integers(0, largest, (150, 2)).astype(float)
    y = labels(rng, 150, classes)
    result = kstar_distribution(x, y, backend=backend)
    found = result.lsc()
    assert result.foreign_at_zero.any()
    distances = cdist(x, x)
    theirs = MFEComplexity.ft_lsc(x, y, cls_inds=None, N_scaled=x, norm_dist_mat=distances)
    assert found.total == pytest.approx(theirs, abs=1e-12)
    if classes == 2:
        assert found.total == pytest.approx(problexity.classification.lsc(x, y), abs=1e-12)
    total, per_class = by_definition(definition.table(x, y), y)
    assert found.total == total
    np.testing.assert_allclose(found.per_class, per_class, atol=1e-12)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_the_definition_says_what_is_at_distance_zero(family, rng, backend):
    x, y = family(rng, 60, 4), labels(rng, 60, 3)
    found = kstar_distribution(x, y, backend=backend).foreign_at_zero
    np.testing.assert_array_equal(found, definition.table(x, y).squared_distance == 0)


def test_nearly_zero_is_not_zero(backend):
    # Half of the least float64, as one minus the cosine is, would be 0.
    x = np.array([[1.0, 0.0], [1.0, 2.2e-162], [0.0, 1.0]])
    y = [0, 1, 1]
    assert definition.table(x, y, metric="cosine").squared_distance[0] == 5e-324
    assert not kstar_distribution(x, y, metric="cosine", backend=backend).foreign_at_zero.any()
    parallel = np.array([[1.0, 2.0], [2.0, 4.0], [-1.0, 1.0]])
    found = kstar_distribution(parallel, y, metric="cosine", backend=backend)
    assert found.foreign_at_zero.tolist() == [True, True, False]
    assert found.lsc().total == 1 - 1 / 9


def test_distances_that_are_given():
    # Less than 0 there is no room for the sample itself, whatever stands on the diagonal.
    distances = np.array([[9.0, -2.0, -1.0], [-2.0, 9.0, 0.0], [-1.0, 3.0, 9.0]])
    result = kstar_distribution(distances, [0, 0, 1], metric="precomputed")
    assert result.kstar.tolist() == [2, 2, 1]
    assert result.foreign_at_zero.tolist() == [True, True, True]
    assert result.lsc().total == 1 - 2 / 9


def test_references_at_distance_zero_are_told_too():
    x, y = np.array([[0.0], [1.0]]), [0, 1]
    found = kstar_distribution(x, y, references=[[0.0], [0.0], [2.0]], reference_labels=[0, 1, 0])
    assert found.foreign_at_zero.tolist() == [True, False]


def test_a_changed_copy_keeps_it():
    result = kstar_distribution(np.zeros((2, 1)), [0, 1])
    assert dataclasses.replace(result, threshold=0.3).lsc().total == 1.0
    with pytest.raises(ValueError, match="read-only"):
        result.foreign_at_zero[0] = False


def test_of_a_result_that_does_not_tell_it_is_refused(tmp_path):
    result = kstar_distribution(np.zeros((2, 1)), [0, 1])
    unknown = dataclasses.replace(result, foreign_at_zero=None)
    with pytest.raises(ValueError, match="lsc: a result that knows where foreign samples are at"):
        unknown.lsc()
    unknown.save(tmp_path / "old.npz")
    again = KStarDistribution.load(tmp_path / "old.npz")
    assert again.foreign_at_zero is None
    with pytest.raises(ValueError, match="compute it anew"):
        again.lsc()


def test_all_local_sets_empty_is_exactly_one():
    ones, codes = np.ones(49, int), np.arange(49) % 7
    found = lsc_of(ones, ones.astype(bool), codes, np.bincount(codes))
    assert found.total == 1.0
    assert (found.per_class == 1.0).all()
