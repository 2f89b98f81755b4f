"""Pictures of sweeps and comparisons: what they say, and that their text does not overlap."""

from itertools import combinations

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from helpers.made_sweep import LAYERS, features, made_sweep

from kstar_gpu import (
    compare,
    foreign_confusion,
    kstar,
    kstar_distribution,
    plot_compare,
    plot_confusion,
    plot_layers,
)

pytestmark = pytest.mark.filterwarnings("error:.*:UserWarning")


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def texts_overlap(ax):
    """Return the pairs of tick labels and texts that lie on each other."""
    ax.figure.canvas.draw()
    texts = [*ax.get_xticklabels(), *ax.get_yticklabels()]
    boxes = [(t.get_text(), t.get_window_extent()) for t in texts if t.get_text()]
    # Slanted labels have boxes larger than themselves: look at upright ones.
    upright = [
        (text, box)
        for (text, box), t in zip(boxes, [t for t in texts if t.get_text()], strict=True)
        if t.get_rotation() == 0
    ]
    return [(a, b) for (a, x), (b, y) in combinations(upright, 2) if x.overlaps(y)]


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


@pytest.mark.parametrize("classes", [10, 16, 100])
def test_compare(classes):
    first, second = (kstar_distribution(*features(classes, spread)) for spread in (0.3, 0.9))
    ax = plot_compare(first, second, ("before", "after"))
    gains = second.mean - first.mean
    shown = [t.get_text() for t in ax.get_yticklabels()]
    assert shown == [f"class {c}" for c in np.argsort(-gains, kind="stable")]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["before", "after"]
    assert not texts_overlap(ax)
    assert len(compare(first, second, resamples=19).difference) == classes


def test_compare_pairs_classes_by_label():
    x, y, names = features(4, 0.5)
    part = y != 1
    first = kstar_distribution(x, y, names)
    ax = plot_compare(first, kstar_distribution(x[part], y[part]))
    assert {t.get_text() for t in ax.get_yticklabels()} == {"class 0", "class 2", "class 3"}
    with pytest.raises(ValueError, match="second: a class that first has, too, is wanted"):
        plot_compare(first, kstar_distribution(x, y + 10))


@pytest.mark.parametrize("classes", [2, 10, 16, 100])
def test_confusion(classes):
    x, y, names = features(classes, 0.5)
    counts, _ = foreign_confusion(y, kstar(x, y, return_foreign=True).index)
    ax = plot_confusion(counts, names)
    assert ax.get_ylabel() == f"runs of (n = {len(y)})"
    if classes <= 16:
        shares = 100 * counts / counts.sum(1, keepdims=True)
        assert [t.get_text() for t in ax.texts] == [f"{share:.0f}" for share in shares.ravel()]
    assert not texts_overlap(ax)
    with pytest.raises(ValueError, match=r"counts: shape \(1, 1\) is wanted for 1 names"):
        plot_confusion(counts, ["one"])


def test_draws_into_the_axes_given():
    figure, axes = plt.subplots(1, 3)
    x, y, names = features(3, 0.5)
    result = kstar_distribution(x, y, names)
    counts, _ = foreign_confusion(y, kstar(x, y, return_foreign=True).index)
    assert plot_layers(made_sweep(3), ax=axes[0]) is axes[0]
    assert plot_compare(result, result, ax=axes[1]) is axes[1]
    assert plot_confusion(counts, names, axes[2]) is axes[2]
    assert plt.get_fignums() == [figure.number]
