"""Which pattern a class has, and by which skewness."""

import numpy as np
import pytest
import scipy.stats
from helpers.made_result import made

from kstar_gpu import kstar_distribution


def test_patterns():
    right, left, level = [1, 1, 1, 1, 5], [5, 5, 5, 5, 1], [1, 2, 3, 4, 5]
    result = made([*right, *left, *level, 1, *[3] * 3, *[1] * 3], [5, 5, 5, 1, 3, 3])
    assert result.pattern == (
        "fractured",
        "clustered",
        "overlapped",
        "undefined",
        "clustered",
        "undefined",
    )
    at_threshold = made(right, [5], threshold=float(scipy.stats.skew(np.array(right) / 5)))
    assert at_threshold.pattern == ("overlapped",)
    # The two conventions can disagree, and the one asked for decides.
    values = [1, 1, 2, 2, 3, 20]
    plain, augmented = (made(values, [6], skewness=s) for s in ("plain", "augmented"))
    assert plain.skewness_plain == augmented.skewness_plain
    assert plain.skewness_plain != plain.skewness_augmented


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(skewness="odd"), "skewness: plain or augmented is wanted, got 'odd'"),
        (dict(threshold=-1), "threshold: a finite number of at least 0 is wanted, got -1"),
    ],
)
def test_rules_that_are_none(arguments, words):
    with pytest.raises(ValueError, match=words):
        kstar_distribution([[0.0], [1.0]], [0, 1], **arguments)
    with pytest.raises(ValueError, match=words):
        made([1, 2], [2], **arguments)
