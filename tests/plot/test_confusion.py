"""Which class ends whose runs, as a map of shares."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from helpers.made_sweep import features
from helpers.pictures import texts_overlap

from kstar_gpu import foreign_confusion, kstar, plot_confusion

pytestmark = pytest.mark.filterwarnings("error:.*:UserWarning")


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
    figure, (ax, other) = plt.subplots(1, 2)
    x, y, names = features(3, 0.5)
    counts, _ = foreign_confusion(y, kstar(x, y, return_foreign=True).index)
    assert plot_confusion(counts, names, ax) is ax
    assert not other.has_data()
    assert plt.get_fignums() == [figure.number]


def confused(classes, pairs):
    """Return counts in which every class meets all others a little, and some one other often."""
    counts = np.ones((classes, classes), int)
    np.fill_diagonal(counts, 0)
    for number, (row, column) in enumerate(pairs):
        counts[row, column] = 10 * classes * (number + 1)
    return counts, [f"class {code}" for code in range(classes)]


PAIRS = [(700, 3), (0, 999), (17, 18)]


def test_of_many_classes_blocks_and_the_pairs_that_meet_most():
    counts, names = confused(1000, PAIRS)
    ax = plot_confusion(counts, names)
    _, cells, scale, bars = ax.figure.axes
    shares = 100 * counts / counts.sum(1, keepdims=True)
    drawn = cells.images[0].get_array()
    assert drawn.shape == (200, 200)
    for row, column in PAIRS:
        assert drawn[row // 5, column // 5] == shares[row, column]
    assert cells.get_ylabel() == f"runs of (n = {counts.sum()})"
    assert scale.get_ylabel().endswith("largest of 5 x 5 classes")
    labels = [text.get_text() for text in bars.get_yticklabels()]
    assert labels[:3] == [
        f"class {row} \N{RIGHTWARDS ARROW} class {column}" for row, column in PAIRS[::-1]
    ]
    assert len(labels) == 20
    assert [bar.get_width() for bar in bars.patches[:3]] == [shares[p] for p in PAIRS[::-1]]
    assert not texts_overlap(cells)
    assert not texts_overlap(bars)


def test_ticks_are_where_their_class_is():
    counts, names = confused(1000, PAIRS)
    cells = plot_confusion(counts, names).figure.axes[1]
    for places, labels in (
        (cells.get_xticks(), cells.get_xticklabels()),
        (cells.get_yticks(), cells.get_yticklabels()),
    ):
        assert 10 < len(places) <= 40
        assert [t.get_text() for t in labels] == [f"class {5 * int(place)}" for place in places]


@pytest.mark.parametrize("classes", [101, 203, 399, 401])
def test_a_number_of_classes_that_no_block_divides(classes):
    counts, names = confused(classes, [(classes - 1, 0), (0, classes - 1)])
    cells = plot_confusion(counts, names).figure.axes[1]
    drawn = cells.images[0].get_array()
    assert drawn[-1, 0] == drawn.max() or drawn[0, -1] == drawn.max()
    assert max(drawn.shape) <= 200


def test_classes_and_pairs_that_are_chosen():
    counts, names = confused(1000, PAIRS)
    ax = plot_confusion(counts, names, classes=["class 17", "class 18", "class 700"])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["class 17", "class 18", "class 700"]
    shares = 100 * counts / counts.sum(1, keepdims=True)
    assert ax.images[0].get_array()[0, 1] == shares[17, 18]  # of all runs, not of these alone
    ax = plot_confusion(counts, names, top=2)
    assert [t.get_text() for t in ax.get_yticklabels()] == [
        "class 0", "class 17", "class 18", "class 999"
    ]  # fmt: skip
    bars = plot_confusion(counts, names, kind="overview", top=5).figure.axes[3]
    assert len(bars.patches) == 5
    with pytest.raises(ValueError, match=r"classes: labels or names .* got 'class 1000'"):
        plot_confusion(counts, names, classes=["class 1000"])
    with pytest.raises(ValueError, match="kind: overview or all is wanted, got 'map'"):
        plot_confusion(counts, names, kind="map")


@pytest.mark.filterwarnings("error")
def test_classes_without_runs(tmp_path):
    counts, names = confused(120, [])
    counts[5] = 0
    for given in (counts, np.zeros_like(counts)):
        ax = plot_confusion(given, names)
        ax.figure.savefig(tmp_path / "picture.png")


def test_a_palette():
    counts, names = confused(5, [(0, 1)])
    assert plot_confusion(counts, names, palette="magma").images[0].cmap.name == "magma"
    with pytest.raises(ValueError, match="palette: the name of one of matplotlib's"):
        plot_confusion(counts, names, palette="magna")
    assert len(plt.get_fignums()) == 1
