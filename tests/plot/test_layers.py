"""Layers of a sweep: as lines, as a map, and what cannot be drawn."""

import dataclasses

import matplotlib.pyplot as plt
import numpy as np
import pytest
from helpers.made_result import many
from helpers.made_sweep import LAYERS, made_sweep
from helpers.pictures import texts_overlap
from matplotlib.colors import to_hex

from kstar_gpu import Sweep, plot_layers
from kstar_gpu.networks.sweep import Key
from kstar_gpu.plot import layers as layers_module

pytestmark = pytest.mark.filterwarnings("error:.*:UserWarning")


@pytest.mark.parametrize("classes", [10, 16, 100])
@pytest.mark.parametrize("kind", ["lines", "map"])
@pytest.mark.parametrize("statistic", ["mean", "skewness"])
def test_layers(classes, kind, statistic):
    ax = plot_layers(made_sweep(classes), kind=kind, statistic=statistic)
    assert [t.get_text() for t in ax.get_xticklabels()] == LAYERS
    assert ax.get_title().startswith(f"net, test: n = {20 * classes}")
    assert not texts_overlap(ax)


@pytest.mark.parametrize("statistic", ["mean", "skewness"])
def test_what_a_map_of_two_classes_means_is_not_cut_off(statistic):
    ax = plot_layers(made_sweep(2), kind="map", statistic=statistic)
    bar = ax.figure.axes[1]
    ax.figure.canvas.draw()
    box = bar.yaxis.label.get_window_extent()
    assert 0 <= box.y0 < box.y1 <= ax.figure.bbox.y1


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


def deep(classes, layers):
    """Return a sweep over so many layers, in which classes change their places."""
    result = many(classes)
    rolled = dataclasses.replace(result, kstar=np.roll(result.kstar, 20 * (classes // 2)))
    names = [f"blocks.{number}.mlp" for number in range(layers)]
    return Sweep({Key("net", "test", n): (result, rolled)[i % 2] for i, n in enumerate(names)})


def slanted_overlap(ax):
    """Return how far apart the slanted names of layers are, in heights of their letters."""
    ax.figure.canvas.draw()
    places = [ax.transData.transform((x, 0))[0] for x in ax.get_xticks()]
    apart = np.diff(places).min() * np.sin(np.radians(40))
    label = ax.get_xticklabels()[0]
    return apart / (label.get_fontsize() * ax.figure.dpi / 72)


@pytest.mark.parametrize("classes", [3, 10, 1000])
@pytest.mark.parametrize("kind", ["lines", "map"])
def test_names_of_a_hundred_layers_do_not_merge(classes, kind):
    ax = plot_layers(deep(classes, 100), kind=kind)
    names = [text.get_text() for text in ax.get_xticklabels()]
    assert names == [f"blocks.{int(place)}.mlp" for place in ax.get_xticks()]
    assert 10 < len(names) <= 40
    assert slanted_overlap(ax) > 0.85
    assert not texts_overlap(ax)
    assert max(ax.figure.get_size_inches()) < 20


def test_a_map_of_many_classes_is_sorted_by_the_last_layer():
    sweep = deep(300, 5)
    ax = plot_layers(sweep, kind="map")
    drawn = ax.images[0].get_array()
    last = [*sweep.results.values()][-1]
    order = np.argsort(-last.mean, kind="stable")
    np.testing.assert_array_equal(drawn[:, -1], last.mean[order])
    names = [last.class_names[order[int(place)]] for place in ax.get_yticks()]
    assert [text.get_text() for text in ax.get_yticklabels()] == names
    assert ax.get_ylabel() == "300 classes, by their mean at the last layer"


def test_chosen_classes_and_the_top():
    sweep = deep(300, 4)
    ax = plot_layers(sweep, classes=["c7", 3])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["c7", "c3"]
    wanted = [result.mean[7] for result in sweep.results.values()]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), wanted)
    assert ax.get_title() == "net, test: n = 6000, 2 of 300 classes"
    last = [*sweep.results.values()][-1]
    shown = [text.get_text() for text in plot_layers(sweep, top=1).get_legend().get_texts()]
    assert shown[0] == last.class_names[np.argmax(last.skewness_plain)]
    assert shown[2] == last.class_names[np.argmin(last.skewness_plain)]
    ax = plot_layers(sweep, classes=["c7", "c3"], kind="map")
    assert [text.get_text() for text in ax.get_yticklabels()] == ["c7", "c3"]
    with pytest.raises(ValueError, match=r"classes: labels or names .* got 'c300'"):
        plot_layers(sweep, classes=["c300"])
    with pytest.raises(ValueError, match="top: at least 1 is wanted, got -2"):
        plot_layers(sweep, top=-2)


def test_a_palette_of_lines_and_of_maps():
    ax = plot_layers(made_sweep(2), palette=["#010203", "#040506"])
    assert [to_hex(line.get_color()) for line in ax.lines] == ["#010203", "#040506"]
    assert plot_layers(made_sweep(2), kind="map", palette="magma").images[0].cmap.name == "magma"
    with pytest.raises(ValueError, match="palette: 2 colours are wanted, got 1"):
        plot_layers(made_sweep(2), palette=["red"])
    with pytest.raises(ValueError, match="palette: the name of one"):
        plot_layers(made_sweep(2), kind="map", palette="magna")
    assert len(plt.get_fignums()) == 2


@pytest.mark.parametrize(
    ("layers", "draws", "resamples"), [(2, 10**6, 999), (9, 10**5, 185), (9, 9, 99)]
)
def test_intervals_cost_no_more_than_so_many_draws(layers, draws, resamples, monkeypatch):
    asked = []

    def ends(result, statistic, codes, resamples):
        asked.append(resamples)
        return np.zeros((len(codes), 2))

    monkeypatch.setattr(layers_module, "intervals_of", ends)
    monkeypatch.setattr(layers_module, "MOST_DRAWS", draws)
    plot_layers(deep(3, layers))
    assert asked == [resamples] * layers


@pytest.mark.filterwarnings("error")
def test_layers_where_no_skewness_is_defined(tmp_path):
    result = many(20)
    sweep = Sweep({
        Key("net", "test", "a"): result,
        Key("net", "test", "b"): dataclasses.replace(result, kstar=np.ones_like(result.kstar)),
    })  # fmt: skip
    for kind in ("lines", "map"):
        ax = plot_layers(sweep, statistic="skewness", kind=kind)
        ax.figure.savefig(tmp_path / "picture.png")
