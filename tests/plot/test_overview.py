"""An overview of many classes: every class is counted, and the most striking ones are named."""

import dataclasses
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from helpers.made_result import made, many
from matplotlib.colors import to_hex

from kstar_gpu import plot_distributions
from kstar_gpu.plot.colours import PATTERNS

LONG = ["great white shark, white shark, man-eater, man-eating shark", "tench", "$10_$20"]


def named(result):
    """Return a result whose names are long."""
    names = tuple(f"{LONG[code % 3]} {code}" for code in range(len(result.classes)))
    return dataclasses.replace(result, class_names=names)


def panels(ax):
    return [part for part in ax.figure.axes if part is not ax]


def texts_of(ax):
    """Return the texts that are seen, of which ticks beyond the axes' limits have none."""
    texts = [*ax.texts, ax.title, ax._left_title, ax.xaxis.label, ax.yaxis.label]
    for axis in (ax.xaxis, ax.yaxis):
        low, high = sorted(axis.get_view_interval())
        ticks = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
        texts += [tick.label1 for tick in ticks if tick.label1.get_visible()]
    if ax.get_legend():
        texts += ax.get_legend().get_texts()
    return [text for text in texts if text.get_text()]


def test_every_class_is_counted_in_the_colour_of_its_pattern():
    result = many(300)
    means, skews, counts, *_ = panels(result.plot())
    for ax in (means, skews):
        bars = {}
        for bar in ax.patches:
            colour = to_hex(bar.get_facecolor())
            bars[colour] = bars.get(colour, 0) + bar.get_height()
        assert len({bar.get_x() for bar in ax.patches}) == 40  # on one another, not side by side
        for pattern, colour in PATTERNS.items():
            assert bars.get(colour, 0) == result.pattern.count(pattern)
    assert counts.get_title(loc="left") == "300 classes"
    shown = dict(zip([t.get_text() for t in counts.get_yticklabels()], counts.patches, strict=True))
    assert {name: bar.get_width() for name, bar in shown.items()} == {
        pattern: result.pattern.count(pattern) for pattern in PATTERNS if pattern in result.pattern
    }


def test_the_most_striking_classes_of_each_pattern_have_rows():
    result = many(300)
    for top in (None, 3):
        *_, fractured, overlapped, clustered = panels(result.plot(kind="overview", top=top))
        most_skewed = np.argsort(-result.skewness_plain)[: top or 10]
        rows = [text.get_text() for text in fractured.texts if text.get_position()[0] == 0]
        assert rows == [result.class_names[code] for code in most_skewed]
        count = result.pattern.count("clustered")
        title = f"most clustered: {top or 10} of {count}"
        assert clustered.get_title(loc="left") == title
        assert overlapped.get_title(loc="left").startswith("most overlapped")


def test_an_overview_of_chosen_classes_is_of_them_alone():
    result = many(300)
    _, _, counts, *rows = panels(result.plot(kind="overview", classes=range(40)))
    assert sum(bar.get_width() for bar in counts.patches) == 40
    names = {text.get_text() for ax in rows for text in ax.texts if text.get_position()[0] == 0}
    assert names <= {f"c{code}" for code in range(40)}


def test_several_results_in_colours_of_their_own():
    first = many(150)
    values = first.kstar[::-1]
    second = dataclasses.replace(first, kstar=values)
    means, _, counts, *_ = panels(plot_distributions({"before": first, "after": second}))
    assert [text.get_text() for text in means.get_legend().get_texts()] == ["before", "after"]
    half = len(counts.patches) // 2
    for number, one in enumerate((first, second)):
        widths = [bar.get_width() for bar in counts.patches[number * half :][:half]]
        assert [width for width in widths if width] == [
            one.pattern.count(pattern) for pattern in PATTERNS if pattern in one.pattern
        ]


@pytest.mark.filterwarnings("error")
def test_nothing_striking_and_nothing_defined(tmp_path):
    ax = made([1] * 8, [1] * 8).plot(kind="overview")
    assert len(panels(ax)) == 3
    ax.figure.savefig(tmp_path / "picture.png")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("results", [1, 2, 3])
@pytest.mark.parametrize("classes", [10, 1000])
def test_all_text_can_be_read(classes, results, tmp_path):
    one = named(many(classes))
    given = one if results == 1 else dict.fromkeys(map(str, range(results)), one)
    ax = plot_distributions(given, kind="overview")
    figure = ax.figure
    figure.savefig(tmp_path / "picture.png")
    width, height = figure.get_size_inches()
    assert width <= 12
    assert height <= 20
    boxes = [(text, text.get_window_extent()) for part in panels(ax) for text in texts_of(part)]
    assert len(boxes) > 30
    for text, box in boxes:
        assert 0 <= box.x0 < box.x1 <= figure.bbox.x1, text
        assert 0 <= box.y0 < box.y1 <= figure.bbox.y1, text
    lying = [(a[0], b[0]) for a, b in combinations(boxes, 2) if a[1].overlaps(b[1])]
    assert not lying


def test_it_takes_the_place_of_the_axes_given():
    figure, (ax, other) = plt.subplots(1, 2, layout="constrained", figsize=(16, 10))
    assert many(200).plot(ax) is ax
    assert not other.has_data()
    figure.canvas.draw()
    parts = [part for part in figure.axes if part not in (ax, other)]
    assert all(part.get_position().x1 < other.get_position().x0 for part in parts)
    with pytest.raises(ValueError, match=r"ax: axes in a grid, as plt.subplots makes them"):
        many(200).plot(plt.axes([0, 0, 1, 1]))
