"""The picture: what is drawn and written, and what is left alone."""

from itertools import combinations

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from helpers.families import labels
from matplotlib.collections import PolyCollection

from kstar_gpu import kstar_distribution, plot_distributions
from kstar_gpu.networks.sweep import Key


@pytest.fixture
def result(rng):
    y = labels(rng, 400, 5)
    y[y == 4] = 3
    y[-1] = 4  # one sample alone
    return kstar_distribution(rng.standard_normal((400, 3)) + 2 * y[:, None], y, list("vwxyz"))


@pytest.mark.filterwarnings("error")
def test_draws_every_class_into_the_axes_given(result):
    figure, (ax, other) = plt.subplots(1, 2)
    before = dict(matplotlib.rcParams)
    assert plot_distributions(result, ax) is ax
    assert dict(matplotlib.rcParams) == before
    assert plt.get_fignums() == [figure.number]
    assert not other.lines
    assert [tick.get_text() for tick in ax.get_yticklabels()] == list("vwxyz")
    means = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "D"]
    assert means == result.mean.tolist()


def test_no_density_outside(result):
    ax = result.plot()
    shapes = [
        path for c in ax.collections if isinstance(c, PolyCollection) for path in c.get_paths()
    ]
    x = np.concatenate([path.vertices[:, 0] for path in shapes])
    assert len(shapes) >= 4
    assert x.min() >= result.normalized.min()
    assert x.max() <= 1
    assert ax.get_xlim() == (0, 1)


def test_says_n_skew_and_pattern(result):
    ax = result.plot()
    texts = [text.get_text() for text in ax.texts]
    for code in range(5):
        assert str(result.sizes[code]) in texts
        assert result.pattern[code] in texts
    assert f"{result.skewness_plain[0]:+.2f}" in texts


def test_sorted_by_mean(result):
    names = [tick.get_text() for tick in result.plot(sort="mean").get_yticklabels()]
    assert names == ["vwxyz"[code] for code in np.argsort(-result.mean, kind="stable")]
    with pytest.raises(ValueError, match="sort: class or mean is wanted, got 'size'"):
        result.plot(sort="size")


@pytest.fixture
def three(rng):
    """Results whose classes come in another order, or are fewer."""
    y = labels(rng, 300, 4)
    features = [rng.standard_normal((300, 3)) + spread * y[:, None] for spread in (0, 1, 2)]
    fewer = y != 2
    return {
        "none": kstar_distribution(features[0], y, list("abcd")),
        "some": kstar_distribution(features[1], y, list("abcd")),
        "much": kstar_distribution(features[2][fewer], y[fewer], list("abd")),
    }


@pytest.mark.filterwarnings("error")
def test_several_results_below_one_another(three):
    three["a result of a long name, such as EfficientNet-Lite0"] = three.pop("much")
    ax = plot_distributions(three)
    means = [line for line in ax.lines if line.get_marker() == "D"]
    places = [(line.get_xdata()[0], line.get_ydata()[0]) for line in means]
    assert len(places) == 4 + 4 + 3
    for number, one in enumerate(three.values()):
        for mean, label in zip(one.mean, one.classes, strict=True):
            assert (mean, pytest.approx(label + 0.3 * (number - 1))) in places
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [*three]
    colours = {text.get_color() for text in ax.texts if text.get_text() != "n"}
    assert len(colours - {"black"}) == 3  # the table's lines are those of the violins
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in [*ax.texts, *ax.get_legend().get_texts()]]
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))


@pytest.mark.filterwarnings("error")
def test_two_results_are_halves_of_one_violin(three):
    ax = plot_distributions({name: three[name] for name in ("none", "some")})
    halves = [c.get_paths()[0].vertices[:, 1] for c in ax.collections if c.get_paths()]
    assert len(halves) == 8
    for number, y in enumerate(halves):
        place = number % 4
        low, high = (place - 0.46, place) if number < 4 else (place, place + 0.46)
        assert low <= y.min() < y.max() <= high
        assert np.ptp(y) > 0.4


def test_several_results_are_sorted_by_the_first(three):
    names = [tick.get_text() for tick in plot_distributions(three, sort="mean").get_yticklabels()]
    assert names == ["abcd"[code] for code in np.argsort(-three["none"].mean, kind="stable")]
    with pytest.raises(ValueError, match="result: at least one is wanted, got an empty mapping"):
        plot_distributions({})
    with pytest.raises(TypeError, match="a mapping of them is wanted, got list"):
        plot_distributions([three["none"]])
    other = kstar_distribution([[0.0], [1.0], [2.0]], [7, 8, 8])
    with pytest.raises(ValueError, match="a class that first has, too, is wanted"):
        plot_distributions({"some": three["some"], "other": other})


def test_the_results_of_a_sweep(three):
    results = {Key("net", "test", layer): three[layer] for layer in ("none", "some")}
    legend = plot_distributions(results).get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["net/test/none", "net/test/some"]


@pytest.mark.parametrize("classes", [10, 16, 100])
@pytest.mark.parametrize("results", [1, 2, 3])
def test_no_text_lies_on_another(classes, results, rng):
    y = labels(rng, 20 * classes, classes)
    one = kstar_distribution(rng.standard_normal((len(y), 3)), y)
    ax = plot_distributions(one if results == 1 else dict.fromkeys(map(str, range(results)), one))
    ax.figure.canvas.draw()
    texts = [*ax.texts, *ax.get_yticklabels(), ax.xaxis.label]
    boxes = [text.get_window_extent() for text in texts if text.get_text()]
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
