"""Comparisons: a difference is found where there is one, and nowhere else."""

import numpy as np
import pytest

from kstar_gpu import KStarDistribution, compare, kstar_distribution


def test_a_difference_is_found(near, apart, labels):
    found = compare(kstar_distribution(near, labels), kstar_distribution(apart, labels))
    assert found.paired
    assert (found.difference > 0.1).all()
    assert (found.pvalue <= 0.01).all()
    frame = found.to_frame()
    assert [*frame.columns] == ["class", "difference", "pvalue"]
    assert [*frame["class"]] == ["0", "1", "2"]


def test_no_difference_is_found_where_there_is_none(rng, labels):
    results = [kstar_distribution(rng.standard_normal((300, 4)), labels) for _ in range(2)]
    for paired in (True, False):
        for statistic in ("mean", "skewness"):
            found = compare(*results, paired=paired, statistic=statistic)
            assert (found.pvalue > 0.001).all()


def test_a_lone_difference_is_not_made_significant():
    # Two classes of twenty, all but one sample at 1: most permutations have no skewness.
    results = []
    for low in (18, 10):
        kstar_values = np.full(20, 20)
        kstar_values[0] = low
        results.append(
            KStarDistribution(
                kstar_values,
                np.zeros(20, int),
                np.array([0]),
                np.array([20]),
                ("a",),
                "euclidean",
                False,
                "plain",
                0.5,
            )
        )
    found = compare(*results, statistic="skewness", paired=False)
    assert np.isnan(found.pvalue).all()


def test_a_class_of_one_sample_is_not_tested():
    result = kstar_distribution([[0.0], [1.0], [5.0]], [0, 0, 1])
    assert np.isnan(compare(result, result).pvalue[1])


def test_unpaired_results_share_classes_by_label(near, labels):
    first = kstar_distribution(near, labels, ["a", "b", "c"])
    second = kstar_distribution(near[labels != 1], labels[labels != 1])
    found = compare(first, second, paired=False)
    assert found.class_names == ("a", "c")
    with pytest.raises(ValueError, match="the same samples in the same order"):
        compare(first, second)
    with pytest.raises(ValueError, match="a class that first has, too, is wanted, got none"):
        compare(first, kstar_distribution(near, labels + 10), paired=False)
