"""Violins: densities, letter values, and where they are drawn."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from scipy.stats import gaussian_kde

from kstar_gpu.plot.violins import MOST_VALUES, Violin, density, draw_violins, letter_values

BLUE = (0.0, 0.0, 1.0)


def test_a_density_is_that_of_gaussian_kernels(rng):
    values = rng.beta(2, 5, 300)
    x, y = density(values)
    wanted = gaussian_kde(values)(x)
    assert (x[0], x[-1]) == (values.min(), values.max())
    np.testing.assert_allclose(y, wanted / wanted.max(), rtol=1e-9)


def test_of_very_many_values_the_density_is_nearly_that_of_all(rng):
    values = np.ceil(rng.beta(2, 5, 3 * MOST_VALUES) * 5000) / 5000
    x, y = density(values)
    wanted = gaussian_kde(values)(x)
    np.testing.assert_allclose(y, wanted / wanted.max(), atol=2e-3)


@pytest.mark.parametrize("values", [[0.5, 1.0], [0.1] * 99 + [1.0], [0.001, 0.0011]])
def test_values_that_hardly_vary_have_a_density(values):
    _, y = density(np.array(values))
    assert np.isfinite(y).all()
    assert y.max() == 1


def test_a_peak_between_two_points_is_not_missed():
    values = np.append(np.full(99_998, 0.505), [0.0, 1.0])
    values[:1000] += 1e-6 * np.arange(1000)
    _, y = density(values)
    assert np.argmin(y) != np.argmax(y)
    assert {*np.argsort(y)[-2:]} == {49, 50}  # of 99 steps, on both sides of the peak
    assert y[[0, -1]].max() < 1e-3


@pytest.mark.parametrize(("count", "depth"), [(2, 1), (31, 1), (32, 2), (100, 3), (5000, 9)])
def test_letter_values(count, depth):
    values = np.linspace(0, 1, count)
    ends = letter_values(values)
    assert ends.shape == (depth, 2)
    np.testing.assert_allclose(ends[0], [0.25, 0.75])
    if depth > 1:
        np.testing.assert_allclose(ends[1], [0.125, 0.875])
        assert (values < ends[-1, 0]).sum() >= 4  # samples are left beyond the outermost


def test_whole_and_half_violins_stay_within_their_rows(rng):
    values = rng.uniform(0.2, 0.8, 50)
    ax = plt.subplots()[1]
    places = ((3, 0), (1 - 0.2, -1), (1 + 0.2, 1))
    draw_violins(ax, [Violin(values, row, 0.8, BLUE, side) for row, side in places])
    shapes, boxes = (c for c in ax.collections if isinstance(c, PolyCollection))
    ends = [(p.vertices[:, 1].min(), p.vertices[:, 1].max()) for p in shapes.get_paths()]
    np.testing.assert_allclose(ends, [(2.6, 3.4), (0.6, 1), (1, 1.4)])
    tallest = max(np.ptp(path.vertices[:, 1]) for path in boxes.get_paths())
    assert tallest == pytest.approx(0.8 / 3)
    (means,) = ax.lines
    assert list(means.get_ydata()) == [3, 0.8, 1.2]
    assert set(means.get_xdata()) == {values.mean()}


def test_quartiles_of_halves_end_at_their_outline(rng):
    values = rng.uniform(0.2, 0.8, 50)
    ax = plt.subplots()[1]
    draw_violins(ax, [Violin(values, 0.2, 0.8, BLUE, 1)])
    segments = ax.collections[-1].get_segments()
    np.testing.assert_allclose([s[0][0] for s in segments], np.quantile(values, [0.25, 0.5, 0.75]))
    for (x, low), (_, high) in segments:
        assert low == pytest.approx(0)
        assert high == pytest.approx(0.4 * np.interp(x, *density(values)))


@pytest.mark.parametrize("values", [[1.0, 1.0], [0.5], [np.nan, np.nan]])
def test_what_does_not_vary_is_its_mean_alone(values):
    ax = plt.subplots()[1]
    draw_violins(ax, [Violin(np.array(values), 0, 0.9, BLUE)])
    assert not [path for shapes in ax.collections for path in shapes.get_paths()]
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [np.mean(values)])
