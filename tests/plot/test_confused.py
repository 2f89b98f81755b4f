"""The most confused samples beside those that they meet."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from helpers.pictures import texts_overlap
from matplotlib.colors import to_rgb

from kstar_gpu import kstar_distribution, plot_confused, theme
from kstar_gpu.plot.colours import colours

pytestmark = pytest.mark.filterwarnings("error:.*:UserWarning")


@pytest.fixture
def data(rng):
    return rng.standard_normal((60, 4)), np.arange(60) % 3


@pytest.fixture
def result(data):
    return kstar_distribution(*data, ["a", "b", "c"], return_foreign=True)


@pytest.fixture
def images():
    """Each sample's image says which one it is: its first pixel is its number."""
    return np.arange(60.0)[:, None, None] / 60 * np.ones((60, 6, 4)) + np.eye(6)[:, :4] / 600


def numbers_of(ax):
    """Return which samples are drawn, in the order of drawing: from pixels that tell."""
    return [round(float(image.get_array()[-1, 0]) * 60) for image in ax.images]


def texts_of(ax):
    return [text.get_text() for text in ax.texts]


@pytest.mark.parametrize("by", [None, "class"])
def test_pairs_in_the_order_of_the_table(by, result, images):
    ax = plot_confused(result, images, n=5, by=by)
    table = result.confused(5, by=by)
    wanted = [*zip(table["sample"], table["foreign_sample"], strict=True)]
    drawn = numbers_of(ax)
    assert [*zip(drawn[::2], drawn[1::2], strict=True)] == wanted
    texts = [text.split(" of")[0] for text in texts_of(ax)]
    assert texts[::5] == [f"$k^*$ = {value}" for value in table["kstar"]]
    assert texts_of(ax)[::5] == [f"$k^*$ = {value} of 20" for value in table["kstar"]]
    assert texts[1::5] == [*table["class"]]
    assert texts[2::5] == [f"#{sample}" for sample in table["sample"]]
    assert texts[3::5] == [*table["foreign_class"]]
    assert texts[4::5] == [f"#{sample}" for sample in table["foreign_sample"]]
    if by == "class":  # a class begins a row: so many as fit, then the fifth
        lefts = [round(text.get_position()[0], 3) for text in ax.texts[::5]]
        assert lefts[:5] == lefts[5:10] == lefts[10:]
        assert lefts[4] == lefts[0] != lefts[3]


def frames_of(ax):
    return [patch.get_edgecolor()[:3] for patch in ax.patches]


@pytest.mark.parametrize("palette", [None, ["red", "lime", "blue"], "viridis"])
def test_frames_have_the_colours_of_classes(palette, result, images):
    ax = plot_confused(result, images, n=9, palette=palette)
    table = result.confused(9)
    own = dict(zip("abc", colours(3, palette), strict=True))
    for place, side in enumerate(("class", "foreign_class")):
        wanted = [own[name] for name in table[side]]
        np.testing.assert_allclose(frames_of(ax)[place::2], wanted)
    with theme(palette=["red", "lime", "blue"]):
        assert {*frames_of(plot_confused(result, images))} <= {(1, 0, 0), (0, 1, 0), (0, 0, 1)}


def test_of_many_classes_frames_have_colours_where_a_palette_is_given(rng):
    result = kstar_distribution(rng.random((60, 4)), np.arange(60) % 12, return_foreign=True)
    ink = to_rgb(mpl.rcParams["text.color"])
    assert {*frames_of(plot_confused(result, ["text"] * 60))} == {ink}
    assert len({*frames_of(plot_confused(result, ["text"] * 60, n=60, palette="hsv"))}) == 12
    with pytest.raises(ValueError, match="palette: 12 colours are wanted, got 1"):
        plot_confused(result, ["text"] * 60, palette=["red"])
    assert len(plt.get_fignums()) == 2  # none for what is refused


def test_references_of_other_classes_have_colours_too(rng):
    x, names = rng.random((60, 4)), np.array(["a", "b", "c", "d"])
    result = kstar_distribution(
        x[:30],
        names[1:][np.arange(30) % 3],
        references=x[30:],
        reference_labels=names[np.arange(30) % 4],
        return_foreign=True,
    )
    ax = plot_confused(result, ["text"] * 30, n=30, reference_images=["text"] * 30)
    table = result.confused(30)
    pairs = zip(table["foreign_class"], frames_of(ax)[1::2], strict=True)
    assert len({*pairs}) == len({*table["foreign_class"]}) == len({*frames_of(ax)[1::2]}) == 4


@pytest.mark.parametrize("name", ["W", "i", "\u0416"])
def test_names_and_ids_are_as_wide_as_their_tile_at_most(name, data, images):
    names = [name * 100 + letter for letter in "abc"]
    ids = [f"{name * 100}{number}" for number in range(60)]
    ax = plot_confused(kstar_distribution(*data, names, return_foreign=True, ids=ids), images)
    ax.figure.canvas.draw()
    tile = ax.patches[0].get_window_extent().width
    texts = [text for text in ax.texts if "\N{HORIZONTAL ELLIPSIS}" in text.get_text()]
    assert len(texts) == 48
    for text in texts:
        assert (
            0.7 * tile < text.get_window_extent().width < 1.1 * tile
        )  # the next one begins at 1.12


def test_images_keep_their_shape_and_place(result, images):
    ax = plot_confused(result, images, n=3)
    assert ax.get_aspect() == 1
    for image in ax.images:
        left, right, bottom, top = image.get_extent()
        assert (right - left, top - bottom) == pytest.approx((4 / 6, 1))
        assert ax.get_xlim()[0] < left < right < ax.get_xlim()[1]
        assert ax.get_ylim()[0] < bottom < top < ax.get_ylim()[1]
    assert not texts_overlap(ax)


def test_texts_and_names_are_drawn_letter_by_letter(data):
    names = ["$50-$100", "a\nb", "a long name " * 9]
    ids = [f"/data/$x$/{number}.txt" for number in range(60)]
    result = kstar_distribution(*data, names, return_foreign=True, ids=ids)
    ax = plot_confused(result, ["$a$ b\n\x07 " * 400] * 60, n=20)
    texts = texts_of(ax)
    assert {r"\$50-\$100", "a\\nb"} <= {*texts}
    assert any(text.startswith("a long name a") and text.endswith("\u2026") for text in texts)
    long = [text for text in texts if text.startswith(r"\$a\$ b \x07 \$a\$")]
    assert len(long) == 40
    assert {text.count("\n") for text in long} == {5}
    assert long[0].endswith("\u2026")
    assert sum(".txt" in text for text in texts) == 40
    ax.figure.canvas.draw()


def test_the_query_form(data):
    x, y = data
    references = dict(references=x[:30], reference_labels=y[:30])
    result = kstar_distribution(x[30:], y[30:], return_foreign=True, **references)
    texts = [f"text {number}" for number in range(60)]
    ax = plot_confused(result, texts[30:], n=4, reference_images=texts[:30])
    drawn = [text for text in texts_of(ax) if text.startswith("text")]
    table = result.confused(4)
    assert drawn[::2] == [f"text {30 + sample}" for sample in table["sample"]]
    assert drawn[1::2] == [f"text {foreign}" for foreign in table["foreign_sample"]]
    with pytest.raises(ValueError, match="reference_images: those of the references are wanted"):
        plot_confused(result, texts[30:])
    with pytest.raises(ValueError, match=r"reference_images: more than .* are wanted, got 1"):
        plot_confused(result, texts[30:], reference_images=texts[:1])
    with pytest.raises(TypeError, match=r"reference_images: an image .* got int"):
        plot_confused(result, texts[30:], reference_images=3)


def test_no_class_of_the_references(data):
    x, y = data
    result = kstar_distribution(x, y + 5, references=x, reference_labels=y, return_foreign=True)
    with pytest.raises(ValueError, match="result: samples of a class that the references have"):
        plot_confused(result, x, reference_images=x)


def test_draws_into_the_axes_given(result, images):
    figure, (ax, other) = plt.subplots(1, 2)
    assert plot_confused(result, images, ax) is ax
    assert not other.has_data()
    assert plt.get_fignums() == [figure.number]


def test_arguments_that_are_none(data, result, images):
    with pytest.raises(ValueError, match="images: one per sample is wanted"):
        plot_confused(result, images[:59])
    with pytest.raises(ValueError, match="result: one that knows"):
        plot_confused(kstar_distribution(*data), images)
    with pytest.raises(TypeError, match="result: a KStarDistribution is wanted, got int"):
        plot_confused(3, images)
    with pytest.raises(ValueError, match="by: 'class' or None"):
        plot_confused(result, images, by="label")
    with pytest.raises(ValueError, match="n: at least 1"):
        plot_confused(result, images, n=0)
    with pytest.raises(ValueError, match="reference_images: None is wanted for a result without"):
        plot_confused(result, images, reference_images=images)
    with pytest.raises(TypeError, match="ax: matplotlib axes"):
        plot_confused(result, images, 3)
    assert plt.get_fignums() == []
