"""How often the nearest neighbour is of the own class."""

import numpy as np
import pytest
from helpers.families import labels
from helpers.made_result import made
from sklearn.neighbors import KNeighborsClassifier

from kstar_gpu import kstar_distribution


def test_by_hand():
    total, per_class = made([1, 3, 2, 1, 1, 2], [3, 2, 1]).purity()
    assert total == 3 / 6
    assert per_class.tolist() == [2 / 3, 0, 1]
    with pytest.raises(ValueError, match="read-only"):
        per_class[0] = 0


def test_it_is_what_a_classifier_by_the_nearest_neighbour_gets_right(rng):
    x, y = rng.standard_normal((200, 3)), labels(rng, 200, 4)
    x += y[:, None] / 2
    nearest = KNeighborsClassifier(1).fit(x, y).kneighbors(return_distance=False)[:, 0]
    right = y[nearest] == y
    found = kstar_distribution(x, y).purity()
    assert found.total == right.mean()
    np.testing.assert_array_equal(found.per_class, [right[y == c].mean() for c in np.unique(y)])


def test_a_foreign_sample_that_is_as_near_counts_as_nearest():
    assert kstar_distribution([[0.0], [1.0], [2.0]], [0, 0, 1]).purity().total == 1 / 3
