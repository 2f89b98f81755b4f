"""The picture: what is drawn and written, and what is left alone."""

from itertools import combinations

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from helpers.families import labels
from helpers.made_result import many
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex

from kstar_gpu import kstar_distribution, plot_distributions
from kstar_gpu.networks.sweep import Key


def diamonds(ax):
    """Return where the means are drawn."""
    lines = [line for line in ax.lines if line.get_marker() == "D"]
    return [point for line in lines for point in zip(*line.get_data(), strict=True)]


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
    assert [mean for mean, _ in diamonds(ax)] == result.mean.tolist()


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
    places = diamonds(ax)
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
    shapes = [c for c in ax.collections if isinstance(c, PolyCollection)]
    halves = [path.vertices[:, 1] for c in shapes for path in c.get_paths()]
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


def named_rows(ax):
    """Return which classes have a row, whether by ticks or by text."""
    return [text.get_text() for text in [*ax.get_yticklabels(), *ax.texts] if text.get_text()]


def test_a_hundred_classes_are_drawn_one_by_one_and_more_are_an_overview():
    assert named_rows(plot_distributions(many(100)))[:3] == ["c0", "c1", "c2"]
    ax = plot_distributions(many(101))
    assert not ax.axison
    assert len(ax.figure.axes) == 7
    assert plot_distributions(many(101), kind="all").axison
    assert not plot_distributions(many(4), kind="overview").axison


def test_classes_are_chosen_by_name_or_label():
    result = many(300)
    assert named_rows(result.plot(classes=["c7", 250, "c3"]))[:3] == ["c7", "c250", "c3"]
    shown = np.array([7, 250, 3])
    order = shown[np.argsort(-result.mean[shown], kind="stable")]
    rows = named_rows(result.plot(classes=["c7", 250, "c3"], sort="mean"))[:3]
    assert rows == [f"c{code}" for code in order]
    with pytest.raises(ValueError, match=r"classes: labels or names .* are wanted, got 'c300'"):
        result.plot(classes=["c300"])
    with pytest.raises(TypeError, match="classes: a sequence of labels or names is wanted, got"):
        result.plot(classes="c7")


def test_the_top_are_those_of_each_pattern():
    result = many(300)
    ax = result.plot(top=2)
    rows = [text.get_text() for text in ax.get_yticklabels()]
    patterns = [result.pattern[result.class_names.index(name)] for name in rows]
    assert patterns == ["fractured"] * 2 + ["overlapped"] * 2 + ["clustered"] * 2
    assert rows[0] == result.class_names[np.nanargmax(result.skewness_plain)]
    assert rows[4] == result.class_names[np.nanargmin(result.skewness_plain)]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        (dict(kind="lines"), ValueError, "kind: overview or all is wanted, got 'lines'"),
        (dict(top=0), ValueError, "top: at least 1 is wanted, got 0"),
        (dict(top="ten"), TypeError, "top: an integer is wanted, got 'ten'"),
        (dict(classes=[]), ValueError, "classes: one at least is wanted, got none"),
        (dict(classes=["c1", 1]), ValueError, "classes: each is wanted once, got 'c1' twice"),
        (dict(palette="rainbows"), ValueError, "palette: the name of one of matplotlib's"),
        (dict(palette=["red"]), ValueError, "palette: 3 colours are wanted, got 1"),
        (dict(palette=3), TypeError, "palette: a colormap's name or colours are wanted, got int"),
    ],
)
def test_what_cannot_be_drawn(options, error, words):
    with pytest.raises(error, match=f"^{words}"):
        many(5).plot(**options)
    assert not plt.get_fignums()


def test_a_picture_has_room_for_so_many_rows():
    with pytest.raises(ValueError, match="kind: overview is wanted of 1001 classes, or some"):
        many(1001).plot(kind="all")


def test_a_palette_is_of_patterns_or_of_results(three):
    given = ["#010203", "#040506", "#070809"]
    result = many(12)
    (fills, *_) = result.plot(palette=given).collections
    wanted = dict(zip(("fractured", "overlapped", "clustered"), given, strict=True))
    drawn = [to_hex(colour) for colour in fills.get_facecolors()]
    assert drawn == [wanted[pattern] for pattern in result.pattern]
    ax = plot_distributions(three, palette=given)
    assert {to_hex(text.get_color()) for text in ax.texts} == {*given, "#000000"}


def test_of_many_classes_only_a_few_shapes_are_drawn():
    """What a thousand artists cost is seconds."""
    artists = [len(many(count).plot(kind="all").collections) for count in (10, 1000)]
    assert artists[0] == artists[1] <= 4
