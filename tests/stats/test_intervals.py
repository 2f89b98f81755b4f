"""Intervals: as wide as they should be, and none where nothing varies."""

import numpy as np
import pytest
import torch
from helpers.made_result import made, many
from scipy.stats import skew

from kstar_gpu import confidence_intervals, kstar_distribution, resampled_intervals
from kstar_gpu.stats.intervals import intervals_of
from kstar_gpu.stats.statistic import OF_ROWS, skewness_of, skewness_of_each, statistic_named


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


def test_a_level_is_no_percentage(near, labels):
    with pytest.raises(ValueError, match="level: a number between 0 and 1 is wanted, got 95"):
        confidence_intervals(kstar_distribution(near, labels), level=95)


@pytest.mark.parametrize("statistic", ["mean", "skewness"])
def test_intervals_of_some_classes_are_those_of_all(statistic):
    result = many(8)
    some = intervals_of(result, statistic, [5, 2])
    np.testing.assert_array_equal(some, confidence_intervals(result, statistic)[[5, 2]])
    assert intervals_of(result, statistic, []).shape == (0, 2)


@pytest.mark.parametrize("statistic", ["mean", "skewness"])
def test_a_statistic_of_rows_is_that_of_each(statistic, rng):
    rows = rng.integers(1, 4, (40, 5)) / 5  # among them such that do not vary
    rows[7] = 0.2
    wanted = [statistic_named(statistic)(row) for row in rows]
    np.testing.assert_allclose(OF_ROWS[statistic](rows), wanted, rtol=1e-12, atol=1e-12)


def test_skewness_is_that_of_scipy_whatever_the_other_classes(rng):
    samples = [np.ceil(20 * rng.beta(1, 3, size)) / 20 for size in (1, 2, 50, 50, 50, 333, 50)]
    samples.append(np.full(50, 0.4))
    for appended in ((), (0.0, 1.0)):
        found = skewness_of_each(samples, appended)
        for values, skewness in zip(samples, found, strict=True):
            whole = np.append(values, appended)
            wanted = skew(whole) if np.ptp(whole) > 0 else np.nan
            np.testing.assert_allclose(skewness, wanted, rtol=1e-12, atol=1e-14)
            np.testing.assert_array_equal(skewness, skewness_of(whole))  # to the last bit


def test_every_class_has_random_numbers_of_its_own():
    values = [1, 2, 3, 5, 7, 9, 9, 4, 2, 6]
    first, second = confidence_intervals(made(values * 2, [10, 10]), "skewness")
    assert (first != second).any()
