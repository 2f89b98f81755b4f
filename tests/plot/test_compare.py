"""Two results side by side, class by class."""

import dataclasses

import matplotlib.pyplot as plt
import numpy as np
import pytest
from helpers.made_result import many
from helpers.made_sweep import features
from helpers.pictures import texts_overlap

from kstar_gpu import compare, confidence_intervals, kstar_distribution, plot_compare

pytestmark = pytest.mark.filterwarnings("error:.*:UserWarning")


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


def test_draws_into_the_axes_given():
    figure, (ax, other) = plt.subplots(1, 2)
    result = kstar_distribution(*features(3, 0.5))
    assert plot_compare(result, result, ax=ax) is ax
    assert not other.has_data()
    assert plt.get_fignums() == [figure.number]


def two(classes):
    """Return two results of the same classes that differ in each."""
    first = many(classes)
    return first, dataclasses.replace(first, kstar=first.kstar[::-1])


def rows(ax):
    return [text.get_text() for text in ax.get_yticklabels()]


@pytest.mark.parametrize("statistic", ["mean", "skewness"])
def test_of_many_classes_a_point_each_and_those_that_changed_most(statistic):
    first, second = two(300)
    ax = plot_compare(first, second, ("before", "after"), statistic=statistic)
    _, points, dumbbells = ax.figure.axes
    values = [first.mean, second.mean]
    if statistic == "skewness":
        values = [first.skewness_plain, second.skewness_plain]
    np.testing.assert_array_equal(points.collections[0].get_offsets(), np.stack(values, 1))
    assert (points.get_xlabel(), points.get_ylabel()) == ("before", "after")
    order = np.argsort(values[0] - values[1], kind="stable")
    assert rows(dumbbells) == [f"c{code}" for code in [*order[:10], *order[-10:]]]
    lines = dumbbells.collections[0].get_segments()
    np.testing.assert_allclose([line[0][0] for line in lines[:10]], values[0][order[:10]])
    assert not texts_overlap(dumbbells)
    assert rows(plot_compare(first, second, top=2, statistic=statistic)) == [
        f"c{code}" for code in [*order[:2], *order[-2:]]
    ]


def test_bars_are_the_confidence_intervals():
    first, second = two(20)
    ax = plot_compare(first, second, classes=["c4", "c9"])
    assert sorted(rows(ax)) == ["c4", "c9"]
    drawn = sorted(
        tuple(segment[:, 0])
        for bars in ax.containers
        for segment in bars.lines[2][0].get_segments()
    )
    wanted = sorted(tuple(confidence_intervals(one)[code]) for one in two(20) for code in (4, 9))
    np.testing.assert_allclose(drawn, wanted)


def test_few_classes_as_an_overview_and_many_one_by_one():
    assert len(plot_compare(*two(12), kind="overview").figure.axes) == 3
    assert len(rows(plot_compare(*two(120), kind="all"))) == 120
    assert rows(plot_compare(*two(4), kind="overview").figure.axes[2]) != []


def test_classes_of_undefined_statistic_come_last_or_not_at_all():
    first, second = two(120)
    lone = dataclasses.replace(first, kstar=np.ones_like(first.kstar))
    ax = plot_compare(lone, second, statistic="skewness")
    assert rows(ax.figure.axes[2]) == []


def test_a_palette_is_of_the_two():
    ax = plot_compare(*two(5), palette=["red", "lime"])
    assert [bars.lines[0].get_color() for bars in ax.containers] == [(1, 0, 0), (0, 1, 0)]
    with pytest.raises(ValueError, match="palette: 2 colours are wanted, got 1"):
        plot_compare(*two(5), palette=["red"])
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (dict(kind="some"), "kind: overview or all is wanted, got 'some'"),
        (dict(top=0), "top: at least 1 is wanted, got 0"),
        (dict(classes=["no"]), "classes: labels or names that the result has"),
    ],
)
def test_what_cannot_be_compared(options, words):
    with pytest.raises(ValueError, match=words):
        plot_compare(*two(5), **options)


def test_a_picture_has_room_for_so_many_rows():
    with pytest.raises(ValueError, match="kind: overview is wanted of 1001 classes"):
        plot_compare(*two(1001), kind="all")
