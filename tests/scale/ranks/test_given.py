"""What ranks were given is checked alone, and then beside what the others were given."""

import numpy as np
import pytest
from helpers.families import labels, lattice

from kstar_gpu.scale.ranks.given import Facts, checked_sides, classes_of_all, codes_among


def test_labels_of_all_ranks_and_sides_are_one_code():
    ours = checked_sides(np.ones((3, 2)), ["b", "d", "b"], None, np.ones((1, 2)), ["c"], None)
    theirs = checked_sides(np.ones((0, 2)), [], None, np.ones((2, 2)), ["a", "b"], None)
    classes = classes_of_all([Facts.of(sides, ()) for sides in (ours, theirs)])
    np.testing.assert_array_equal(classes, ["a", "b", "c", "d"])
    np.testing.assert_array_equal(codes_among(classes, ours[0]), [1, 3, 1])
    np.testing.assert_array_equal(codes_among(classes, theirs[1]), [0, 1])
    assert codes_among(classes, theirs[0]).shape == (0,)


def test_references_are_refused_by_their_names(rng):
    x, y = lattice(rng, 40, 3), labels(rng, 40, 3)
    for references, message in [
        ((None, y, None), "references: references and reference_labels go together"),
        ((x[:, :2], y, None), "references: as many features"),
        ((x, y[1:], None), "reference_labels: one label per sample"),
        ((x, y, y[1:]), "reference_index: one id per sample"),
        ((x, y, y - 1), "reference_index: ids from 0"),
        ((None, None, y), "reference_index: goes with references"),
    ]:
        with pytest.raises(ValueError, match=message):
            checked_sides(x, y, None, *references)
