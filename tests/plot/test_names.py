"""Names are drawn letter by letter in every picture, and can be read in a dark style, too."""

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from helpers.made_sweep import features
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from kstar_gpu import (
    Sweep,
    foreign_confusion,
    kstar,
    kstar_distribution,
    plot_compare,
    plot_confusion,
    plot_distributions,
    plot_embedding,
    plot_layers,
)
from kstar_gpu.networks.sweep import Key

CLASSES = ["$50-$100", "$10_$20", "_silence_", "two\nlines", "long, " * 20]
MODEL, DATA, LAYERS = "net $a$", "data_$1$", ["$x_1$", "_conv", "block." * 12]
SEVERAL = ["$before$", "_after", "in\nthe end"]


@pytest.fixture
def samples():
    x, y, _ = features(len(CLASSES), 0.6)
    return x, y


@pytest.fixture
def result(samples):
    return kstar_distribution(*samples, CLASSES)


def pictures(samples, result):
    """Yield every picture, with the names that are given to it."""
    sweep = Sweep({Key(MODEL, DATA, layer): result for layer in LAYERS})
    x, y = samples
    counts, _ = foreign_confusion(y, kstar(x, y, return_foreign=True).index)
    yield plot_distributions(result), CLASSES
    yield plot_distributions(dict.fromkeys(SEVERAL[:2], result)), CLASSES + SEVERAL[:2]
    yield plot_distributions(dict.fromkeys(SEVERAL, result)), CLASSES + SEVERAL
    yield plot_compare(result, result, SEVERAL[:2]), CLASSES + SEVERAL[:2]
    yield plot_confusion(counts, CLASSES), CLASSES + CLASSES
    yield plot_layers(sweep), CLASSES + LAYERS + [MODEL, DATA]
    yield plot_layers(sweep, kind="map"), CLASSES + LAYERS + [MODEL, DATA]


def shown(figure):
    """Return the texts of a figure that are seen."""
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text()]
    return [text for text in texts if text.get_window_extent().width > 0]


def spelled(name):
    """Return a name as a reader should see it, or its beginning."""
    return name.replace("\n", r"\n")[:20]


def named(text, names):
    """Whether one of these names stands in a text."""
    letters, _ = text._preprocess_math(text.get_text())
    return any(spelled(name) in letters for name in names)


@pytest.mark.filterwarnings("error::UserWarning")
def test_every_name_is_drawn_as_it_is(samples, result, tmp_path):
    for ax, names in pictures(samples, result):
        ax.figure.savefig(tmp_path / "picture.png")  # "$10_$20" was refused here
        drawn = [text._preprocess_math(text.get_text()) for text in shown(ax.figure)]
        assert not any(formula for _, formula in drawn)
        for name in names:
            seen = sum(spelled(name) in text for text, _ in drawn)
            assert seen >= names.count(name), (name, drawn)
        plt.close(ax.figure)


def test_every_name_is_inside_the_picture(samples, result):
    for ax, names in pictures(samples, result):
        ax.figure.canvas.draw()
        whole = ax.figure.bbox
        drawn = [text for text in shown(ax.figure) if named(text, names) or text in ax.texts]
        assert len(drawn) >= len(set(names)) - 1  # model and data are in one title
        for text in drawn:
            box = text.get_window_extent()
            assert whole.x0 <= box.x0 <= box.x1 <= whole.x1, text
            assert whole.y0 <= box.y0 <= box.y1 <= whole.y1, text
        assert ax.get_window_extent().width > 0.2 * whole.width
        upright = [text for text in drawn if text.get_rotation() == 0]
        boxes = [text.get_window_extent() for text in upright]
        assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
        plt.close(ax.figure)


def luminance(colour):
    """Return how bright a colour is, between 0 and 1, as WCAG 2 defines it."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize("style", ["dark_background", "Solarize_Light2"])
def test_text_can_be_told_from_the_paper(style, samples, result):
    with plt.style.context(style):
        for ax, _ in pictures(samples, result):
            ax.figure.canvas.draw()
            inside = {id(text) for text in ax.texts if text.get_transform() == ax.transData}
            paper = luminance(ax.figure.get_facecolor())
            for text in shown(ax.figure):
                if (
                    id(text) in inside
                ):  # of a map's cells, that are dark or light as their cells are
                    continue
                bright, dark = sorted([luminance(text.get_color()), paper], reverse=True)
                assert (bright + 0.05) / (dark + 0.05) > 2, text
            plt.close(ax.figure)


def test_names_beside_the_maps(samples, tmp_path):
    pytest.importorskip("umap")
    with plt.style.context("dark_background"):
        figure = plot_embedding(*samples, CLASSES, samples=30)
    figure.savefig(tmp_path / "picture.png")
    drawn = [text._preprocess_math(text.get_text())[0] for text in shown(figure)]
    for name in CLASSES:
        assert any(spelled(name) in text for text in drawn)


def test_results_of_one_name_are_all_drawn(result):
    other = kstar_distribution(*features(len(CLASSES), 2)[:2], CLASSES)
    ax = plot_distributions({1: result, "1": other})
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["1", "1"]
    means = [x for line in ax.lines if line.get_marker() == "D" for x in line.get_xdata()]
    assert sorted(means) == sorted([*result.mean, *other.mean])
