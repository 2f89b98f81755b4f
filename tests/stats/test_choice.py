"""Which classes are told of: those asked for, and those that are a pattern the most."""

import dataclasses

import numpy as np
import pytest
from helpers.made_result import made, many

from kstar_gpu.stats.choice import check_kind, check_top, codes_of, most, striking

LABELS, NAMES = [3, 5, 9], ["cat", "dog", "cat"]


def test_by_label_or_by_name_in_the_order_asked_for():
    assert codes_of(None, LABELS, NAMES).tolist() == [0, 1, 2]
    assert codes_of([9, "dog", 3], LABELS, NAMES).tolist() == [2, 1, 0]
    assert codes_of(np.array([5, 3]), LABELS, NAMES).tolist() == [1, 0]
    assert codes_of(iter(["dog"]), LABELS, NAMES).tolist() == [1]
    assert codes_of(["b", "a"], ["a", "b"], ["a", "b"]).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("classes", "error", "words"),
    [
        (["cat"], ValueError, "classes: 'cat' is 2 classes; one's label is wanted"),
        (
            [4],
            ValueError,
            "classes: labels or names that the result has, such as 'cat', 'dog', are",
        ),
        (["dog", 5], ValueError, "classes: each is wanted once, got 'dog' twice"),
        ([], ValueError, "classes: one at least is wanted, got none"),
        ("dog", TypeError, "classes: a sequence of labels or names is wanted, got 'dog'"),
        (5, TypeError, "classes: a sequence of labels or names is wanted, got 5"),
        ([[5]], TypeError, r"classes: labels or names are wanted, got \[5\]"),
    ],
)
def test_what_is_not_there(classes, error, words):
    with pytest.raises(error, match=f"^{words}"):
        codes_of(classes, LABELS, NAMES)


def test_a_name_that_is_another_ones_label_is_refused():
    with pytest.raises(ValueError, match="'a' is 2 classes"):
        codes_of(["a"], ["a", "b"], ["b", "a"])


def test_kinds_and_numbers():
    assert check_top(None) == 10
    assert check_top(np.int64(3)) == 3
    check_kind(None)
    for call, words in (
        (lambda: check_kind("some"), "kind: overview or all is wanted, got 'some'"),
        (lambda: check_top(0), "top: at least 1 is wanted, got 0"),
    ):
        with pytest.raises(ValueError, match=words):
            call()


@pytest.mark.parametrize("skewness", ["plain", "augmented"])
def test_the_most_are_those_of_the_deciding_skewness(skewness):
    result = dataclasses.replace(many(200), skewness=skewness)
    values = getattr(result, f"skewness_{skewness}")
    every = np.arange(200)
    fractured = most(result, "fractured", 5, every)
    assert fractured.tolist() == np.argsort(-values)[:5].tolist()
    clustered = most(result, "clustered", 5, every)
    assert clustered.tolist() == np.argsort(values)[:5].tolist()
    overlapped = most(result, "overlapped", 5, every)
    assert overlapped.tolist() == np.argsort(np.abs(values))[:5].tolist()
    assert striking(result, 5, every).tolist() == [*fractured, *overlapped, *clustered]
    some = np.arange(50)
    assert set(striking(result, 5, some)) <= set(some)
    assert len(most(result, "fractured", 1000, every)) == result.pattern.count("fractured")


def test_what_is_compact_throughout_is_the_most_clustered():
    result = made([1, 4, 4, 4, 3, 3, 3, 1], [4, 3, 1])
    assert result.pattern == ("clustered", "clustered", "undefined")
    assert np.isnan(result.skewness_plain[1])
    assert striking(result, 3, np.arange(3)).tolist() == [1, 0]
