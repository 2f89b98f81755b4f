"""Intervals, comparisons, the null, and who ends the runs."""

import numpy as np
import pytest
import torch

from kstar_gpu import (
    KStarDistribution,
    compare,
    confidence_intervals,
    foreign_confusion,
    kstar,
    kstar_distribution,
    label_null,
    resampled_intervals,
)


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


@pytest.mark.parametrize("statistic", ["mean", "skewness"])
def test_intervals_hold_the_statistic(statistic, near, labels):
    result = kstar_distribution(near, labels)
    found = confidence_intervals(result, statistic)
    value = result.mean if statistic == "mean" else result.skewness_plain
    assert found.shape == (3, 2)
    assert (found[:, 0] < value).all()
    assert (value < found[:, 1]).all()
    np.testing.assert_array_equal(found, confidence_intervals(result, statistic))
    narrower = confidence_intervals(result, statistic, level=0.5)
    assert (np.diff(narrower) < np.diff(found)).all()


def test_the_interval_of_a_mean_is_that_of_its_standard_error(near, labels):
    result = kstar_distribution(near, labels)
    found = confidence_intervals(result, resamples=4999)
    error = result.std / np.sqrt(result.sizes)
    np.testing.assert_allclose(np.diff(found).ravel(), 2 * 1.96 * error, rtol=0.1)


def test_what_does_not_vary_has_no_interval():
    result = kstar_distribution([[0.0], [1.0], [2.0], [3.0], [90.0], [91.0]], [0, 0, 0, 0, 1, 1])
    assert np.isnan(confidence_intervals(result)[1]).all()
    with pytest.raises(ValueError, match="statistic: mean or skewness is wanted, got 'median'"):
        confidence_intervals(result, "median")


@pytest.mark.parametrize("statistic", ["mean", "skewness"])
def test_resampled_intervals_are_of_samples_drawn_anew(statistic, near, labels):
    def value(rows):
        result = kstar_distribution(near[rows], labels[rows])
        return result.mean if statistic == "mean" else result.skewness_plain

    rng = np.random.default_rng(3)
    own = [np.flatnonzero(labels == label) for label in range(3)]
    drawn = [np.concatenate([rng.choice(o, len(o)) for o in own]) for _ in range(40)]
    values = np.array([value(rows) for rows in drawn])
    ends = np.quantile(values, [0.05, 0.95], axis=0) - values.mean(0)
    given = torch.from_numpy(near), labels
    found = resampled_intervals(*given, statistic, resamples=40, level=0.9, seed=3)
    np.testing.assert_allclose(found.T, value(slice(None)) + ends)


def test_resampled_intervals_are_as_wide_as_other_samples_ask(rng, labels):
    """Those of k* values alone are not: neighbours share neighbours."""

    def means(x):
        return kstar_distribution(x, labels).mean

    def drawn():
        return rng.standard_normal((300, 4)) + labels[:, None]

    spread = np.std([means(drawn()) for _ in range(200)], axis=0)
    x = [drawn() for _ in range(10)]
    width = np.mean([np.diff(resampled_intervals(each, labels)) for each in x], axis=0).ravel()
    alone = [np.diff(confidence_intervals(kstar_distribution(each, labels))) for each in x]
    assert (width > 0.8 * 2 * 1.96 * spread).all()
    assert (width < 1.9 * 2 * 1.96 * spread).all()
    assert (np.mean(alone, axis=0).ravel() < 0.7 * width).all()


def test_one_class_is_resampled_apart_from_the_others(rng):
    x = np.concatenate([rng.standard_normal(3), 10 + rng.standard_normal(30), [100.0]])[:, None]
    y = np.repeat([0, 1, 2], [3, 30, 1])
    found = resampled_intervals(x, y, resamples=20)
    assert np.isfinite(found).all()  # each class keeps its size, so none is ever empty
    np.testing.assert_array_equal(found[2], [1, 1])
    for wrong in (dict(level=1.0), dict(resamples=1), dict(statistic="median")):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            resampled_intervals(x, y, **wrong)
    with pytest.raises(TypeError, match="resampled_intervals: no option references"):
        resampled_intervals(x, y, references=x)
    with pytest.raises(ValueError, match="metric: euclidean or cosine is wanted, got 'precomp"):
        resampled_intervals(np.abs(x - x.T), y, metric="precomputed")
    with pytest.raises(ValueError, match="labels: "):
        resampled_intervals(x, y[:-2])


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
    with pytest.raises(ValueError, match="level: a number between 0 and 1 is wanted, got 95"):
        confidence_intervals(kstar_distribution(near, labels), level=95)


def test_who_ends_the_runs(near, labels):
    result = kstar(near, labels, return_foreign=True)
    counts, classes = foreign_confusion(labels, result.index)
    assert [*classes] == [0, 1, 2]
    assert (np.diag(counts) == 0).all()
    np.testing.assert_array_equal(counts.sum(1), [100, 100, 100])
    assert counts[0, 1] > counts[0, 2]  # the class between the two others is met first
    named, names = foreign_confusion(np.array(["a", "b", "c"])[labels], torch.tensor(result.index))
    np.testing.assert_array_equal(named, counts)
    assert [*names] == ["a", "b", "c"]


def test_who_ends_the_runs_among_references():
    counts, classes = foreign_confusion([0, 1], [2, 0], [0, 1, 5])
    assert [*classes] == [0, 1, 5]
    assert counts.tolist() == [[0, 0, 1], [1, 0, 0], [0, 0, 0]]
    with pytest.raises(ValueError, match="index: rows from 0 to 2 are wanted, got 0 to 3"):
        foreign_confusion([0, 1], [0, 3], [0, 1, 5])
    with pytest.raises(ValueError, match=r"index: one row per label is wanted \(2\)"):
        foreign_confusion([0, 1], [0])


def test_confusion_takes_what_kstar_gives_for_a_frame(near, labels):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(near, index=np.arange(300) + 7)
    index = kstar(frame, labels, return_foreign=True).index
    counts, _ = foreign_confusion(labels, index)
    wanted, _ = foreign_confusion(labels, kstar(near, labels, return_foreign=True).index)
    np.testing.assert_array_equal(counts, wanted)
    with pytest.raises(ValueError, match=r"index: integers, .* are wanted, got 0\.5"):
        foreign_confusion(labels, np.zeros(300) + 0.5)

    class Elsewhere:
        """As a cupy array: no conversion unless it is asked for."""

        def __init__(self, tensor):
            self.__dlpack__ = tensor.__dlpack__
            self.__dlpack_device__ = tensor.__dlpack_device__

        def __array__(self, *_):
            raise TypeError("implicit conversion")

    counts, _ = foreign_confusion(labels, Elsewhere(torch.from_numpy(np.array(index))))
    np.testing.assert_array_equal(counts, wanted)
