"""Layers of a sweep: as lines, as a map, and what cannot be drawn."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from helpers.made_sweep import LAYERS, made_sweep
from helpers.pictures import texts_overlap

from kstar_gpu import plot_layers

pytestmark = pytest.mark.filterwarnings("error:.*:UserWarning")


@pytest.mark.parametrize("classes", [10, 16, 100])
@pytest.mark.parametrize("kind", ["lines", "map"])
@pytest.mark.parametrize("statistic", ["mean", "skewness"])
def test_layers(classes, kind, statistic):
    ax = plot_layers(made_sweep(classes), kind=kind, statistic=statistic)
    assert [t.get_text() for t in ax.get_xticklabels()] == LAYERS
    assert ax.get_title().startswith(f"net, test: n = {20 * classes}")
    assert not texts_overlap(ax)


def test_lines_are_the_means():
    sweep = made_sweep(3)
    ax = plot_layers(sweep)
    for code, line in enumerate(ax.lines):
        wanted = [sweep["net", "test", layer].mean[code] for layer in LAYERS]
        np.testing.assert_array_equal(line.get_ydata(), wanted)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["class 0", "class 1", "class 2"]


def test_the_map_marks_patterns():
    sweep = made_sweep(4)
    ax = plot_layers(sweep, kind="map")
    marks = [t.get_text() for t in ax.texts]
    assert ax.get_title().endswith("F fractured, O overlapped, C clustered")
    wanted = [
        sweep["net", "test", layer].pattern[c][0].upper() for c in range(4) for layer in LAYERS
    ]
    assert marks == wanted


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(statistic="median"), "statistic: mean or skewness is wanted, got 'median'"),
        (dict(kind="bars"), "kind: lines or map is wanted, got 'bars'"),
        (dict(model="other"), "no result of model 'other' and data None"),
    ],
)
def test_layers_that_cannot_be_drawn(options, message):
    with pytest.raises(ValueError, match=message):
        plot_layers(made_sweep(3), **options)


def test_draws_into_the_axes_given():
    figure, (ax, other) = plt.subplots(1, 2)
    assert plot_layers(made_sweep(3), ax=ax) is ax
    assert not other.has_data()
    assert plt.get_fignums() == [figure.number]
