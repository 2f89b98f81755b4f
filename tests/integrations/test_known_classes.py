"""Places and names go with labels, whichever of them come."""

import numpy as np
import pytest

from kstar_gpu.integrations.known_classes import MOST_INDICES, KnownClasses, known_classes


def test_a_place_for_each_that_is_known():
    values = np.array([0.5, 0.25])
    for known in (
        known_classes(["a", "b", "c", "d"], None),
        known_classes(None, 4),
        known_classes(np.array(["a", "b", "c", "d"]), 4),
    ):
        np.testing.assert_array_equal(
            known.spread(np.array([1, 3]), values), [np.nan, 0.5, np.nan, 0.25]
        )
    known = known_classes({7: "seven", -1: "minus one", 3: "three"}, None)
    np.testing.assert_array_equal(known.spread(np.array([-1, 7]), values), [0.5, np.nan, 0.25])
    assert known.names == {7: "seven", -1: "minus one", 3: "three"}


def test_labels_alone_are_indices():
    known = known_classes(None, None)
    np.testing.assert_array_equal(
        known.spread(np.array([1, 3]), np.array([0.5, 0.25])), [np.nan, 0.5, np.nan, 0.25]
    )
    # Not one: torchmetrics makes a scalar of that.
    assert len(known.spread(np.array([0]), np.array([1.0]))) == 2
    assert len(known.spread(np.empty(0, np.int64), np.empty(0))) == 2
    assert known.places(np.array([MOST_INDICES - 1]))[1] == MOST_INDICES
    for wrong in (-1, MOST_INDICES):
        with pytest.raises(ValueError, match=rf"labels: .* from 0 to 1048575 .*; got {wrong}"):
            known.places(np.array(sorted([2, wrong])))


@pytest.mark.parametrize(
    ("known", "source"),
    [(known_classes(["a", "b"], None), "class_names"), (known_classes(None, 2), "num_classes")],
)
def test_labels_without_a_place(known: KnownClasses, source):
    for wrong in (-1, 2):
        labels = np.array(sorted([1, wrong]))
        message = f"labels: one of the 2 that {source} has, from 0 to 1, is wanted, got {wrong}"
        with pytest.raises(ValueError, match=message):
            known.places(labels)


@pytest.mark.parametrize(
    ("names", "count", "error", "message"),
    [
        (
            "ab",
            None,
            TypeError,
            "class_names: a sequence or a mapping .* wanted, got 'ab'",
        ),
        (3, None, TypeError, "class_names: a sequence or a mapping .* wanted, got 3"),
        ({"a": "b"}, None, TypeError, "class_names: integer labels .* as keys, got 'a'"),
        (["a"], None, ValueError, "class_names: at least two classes are wanted, got 1"),
        (None, 1, ValueError, "num_classes: at least two classes are wanted, got 1"),
        (None, -3, ValueError, "num_classes: at least two classes are wanted, got -3"),
        (None, 2.0, TypeError, r"num_classes: a number of classes is wanted, got 2\.0"),
        (["a", "b"], 3, ValueError, r"num_classes: as many as class_names .* \(2\), got 3"),
    ],
)
def test_what_says_nothing_of_classes(names, count, error, message):
    with pytest.raises(error, match=message):
        known_classes(names, count)
