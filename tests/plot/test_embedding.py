"""Maps of a latent space beside its distributions."""

import sys
from contextlib import nullcontext

import numpy as np
import pytest
import torch

pytest.importorskip("umap")

from matplotlib.colors import to_hex

from kstar_gpu import kstar_distribution, plot_embedding, theme
from kstar_gpu.plot.colours import PATTERNS

NAMES = ["PCA", "t-SNE", "Isomap", "UMAP"]


def features(classes, rng):
    y = rng.permutation(np.arange(classes * 12) % classes)
    return 3 * rng.standard_normal((classes, 5))[y] + rng.standard_normal((len(y), 5)), y


@pytest.mark.parametrize("classes", [3, 16, 100])
def test_four_maps_and_the_distributions(classes, rng):
    x, y = features(classes, rng)
    names = [f"class {label}" for label in range(classes)]
    figure = plot_embedding(x, y, names, samples=40)
    assert [ax.get_title() for ax in figure.axes[:4]] == NAMES
    shown = np.sort(np.random.default_rng(0).permutation(len(y))[:40])
    drawn = [ax.collections[0] for ax in figure.axes[:4]]
    for ax, points in zip(figure.axes, drawn, strict=False):
        assert points.get_offsets().shape == (min(40, len(y)), 2)
        assert not len(ax.get_xticks())
    colours = drawn[0].get_facecolors()
    for one, other in ((a, b) for a in range(5) for b in range(5)):
        same = y[shown][one] == y[shown][other]
        assert (colours[one] == colours[other]).all() == same
    beside = figure.axes[4]
    assert [tick.get_text() for tick in beside.get_yticklabels()] == names
    dots = beside.collections[-1].get_facecolors()
    assert (dots[y[shown]] == colours).all()  # a class has one colour, in the maps and beside
    assert figure.axes[2].get_xlabel() == f"n = {len(shown)} of {len(y)}"


def test_no_class_has_the_colour_of_a_pattern(rng):
    """Left and right mean different things."""
    x, y = features(10, rng)
    figure = plot_embedding(x, y)
    left = {to_hex(colour) for colour in figure.axes[0].collections[0].get_facecolors()}
    right = {to_hex(colour) for colour in figure.axes[4].collections[0].get_facecolors()}
    assert len(left) == 10
    assert right <= {*PATTERNS.values()}
    assert not left & right


@pytest.mark.parametrize("look", [nullcontext, theme])
def test_a_dot_stands_between_its_name_and_the_violins(look, rng):
    """Also where there are no ticks, which keep names away."""
    x, y = features(3, rng)
    with look():
        figure = plot_embedding(x, y, ["a", "b", "c"])
    figure.canvas.draw()
    beside = figure.axes[4]
    dots = beside.collections[-1]
    centre = dots.get_offset_transform().transform([(0, 0)])[0, 0]  # of no row: only how far left
    radius = np.sqrt(dots.get_sizes()[0]) / 2 * figure.dpi / 72
    names = max(text.get_window_extent().x1 for text in beside.get_yticklabels())
    assert names < centre - radius < centre + radius < beside.get_window_extent().x0


def test_of_many_classes_both_sides_show_patterns(rng):
    x, y = features(120, rng)
    figure = plot_embedding(x, y, samples=40)
    result = kstar_distribution(x, y)
    shown = np.sort(np.random.default_rng(0).permutation(len(y))[:40])
    drawn = [to_hex(colour) for colour in figure.axes[0].collections[0].get_facecolors()]
    assert drawn == [PATTERNS[result.pattern[code]] for code in y[shown]]
    counts = next(ax for ax in figure.axes if ax.get_title(loc="left") == "120 classes")
    assert {to_hex(bar.get_facecolor()) for bar in counts.patches} == {
        PATTERNS[pattern] for pattern in result.pattern
    }
    assert figure.get_size_inches()[1] < 12


def test_a_palette_is_of_the_classes(rng):
    x, y = features(3, rng)
    given = ["#010203", "#040506", "#070809"]
    figure = plot_embedding(x, y, palette=given)
    drawn = [to_hex(colour) for colour in figure.axes[0].collections[0].get_facecolors()]
    assert drawn == [given[label] for label in y]
    dots = figure.axes[4].collections[-1].get_facecolors()
    assert [to_hex(colour) for colour in dots] == given
    for palette, error in ((["red"], ValueError), ("no map", ValueError), (3, TypeError)):
        with pytest.raises(error, match=r"^palette: "):
            plot_embedding(x, y, palette=palette)


def test_shaded_by_kstar(rng):
    x, y = features(3, rng)
    figure = plot_embedding(x, y, shade=True)
    opacity = figure.axes[0].collections[0].get_facecolors()[:, 3]
    normalized = kstar_distribution(x, y).normalized
    np.testing.assert_allclose(opacity, 0.15 + 0.85 * normalized)
    assert figure.axes[2].get_xlabel().endswith("fainter where k* is small")


def test_seeded(rng, monkeypatch):
    """The choice of samples, and all methods that draw at random; what they draw is theirs."""
    seeds, chosen = [], []

    class Method:
        def __init__(self, *_, random_state, **__):
            seeds.append(random_state)

        def fit_transform(self, rows):
            chosen.append(rows)
            return rows[:, :2]

    for name in ("sklearn.decomposition.PCA", "sklearn.manifold.TSNE", "umap.UMAP"):
        monkeypatch.setattr(name, Method)
    x, y = features(3, rng)
    for seed in (1, 1, 2):
        plot_embedding(x, y, samples=20, seed=seed)
    assert seeds == [1] * 6 + [2] * 3
    np.testing.assert_array_equal(chosen[0], chosen[3])
    assert (chosen[0] != chosen[6]).any()


def test_what_is_missing_is_told(rng, monkeypatch):
    x, y = features(3, rng)
    with pytest.raises(ValueError, match="samples: at least 4 are wanted, got 3"):
        plot_embedding(x, y, samples=3)
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(ImportError, match=r'pip install "kstar-gpu\[embedding\]"'):
        plot_embedding(x, y)


@pytest.mark.parametrize(("scale", "offset"), [(1e40, 0), (1e-30, 0), (1e-2, 1e4)])
def test_features_that_float32_does_not_bear(scale, offset, rng):
    x, y = features(3, rng)
    figures = [plot_embedding(each, y) for each in (x, offset + scale * x)]
    points, others = (figure.axes[0].collections[0].get_offsets() for figure in figures)
    np.testing.assert_allclose(points, others, rtol=1e-3, atol=1e-4)


def test_half_precision(rng):
    x, y = features(3, rng)
    tensor = torch.from_numpy(x).bfloat16()
    assert plot_embedding(tensor, y).axes[1].collections[0].get_offsets().shape == (36, 2)


@pytest.mark.filterwarnings("error")
def test_classes_that_lie_apart_raise_no_alarm(rng):
    x, y = features(3, rng)
    plot_embedding(x + 1000 * y[:, None], y)


def test_features_that_cannot_be_mapped(rng):
    x, y = features(3, rng)
    with pytest.raises(ValueError, match="that vary, are wanted, got 5 that deviate"):
        plot_embedding(np.ones_like(x), y)
    with pytest.raises(ValueError, match="features: at least 2 per sample"):
        plot_embedding(x[:, :1], y)
    with pytest.raises(ValueError, match="metric: euclidean or cosine is wanted"):
        plot_embedding(np.abs(x @ x.T), y, metric="precomputed")


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_maps_that_are_given(count, rng, monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)  # which is then not needed
    x, y = features(3, rng)
    maps = {f"map $1$ {n}": x[:, [n, n + 1]] for n in range(count)}
    figure = plot_embedding(x, y, maps=maps, samples=20)
    shown = np.sort(np.random.default_rng(0).permutation(len(y))[:20])
    for ax, (name, points) in zip(figure.axes, maps.items(), strict=False):
        assert ax.get_title() == name.replace("$", r"\$")
        np.testing.assert_array_equal(ax.collections[0].get_offsets(), points[shown])
    assert len(figure.axes) == count + 1
    assert any(ax.get_xlabel() == "n = 20 of 36" for ax in figure.axes)
    with pytest.raises(ValueError, match=r"maps\['a'\]: a point per sample, shape \(36, 2\)"):
        plot_embedding(x, y, maps={"a": x[:20, :2]}, samples=20)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("letters", [1, 60])
def test_maps_fill_their_side(count, letters, rng):
    """No room is left for maps that are not there, and long names take none of what is."""
    x, y = rng.standard_normal((60, 8)), np.arange(60) % 3
    maps = {f"map {n}": x[:, n : n + 2] for n in range(count)}
    figure = plot_embedding(x, y, [letter * letters for letter in "abc"], maps=maps)
    figure.canvas.draw()
    *drawn, beside = figure.axes
    boxes = [ax.get_window_extent() for ax in drawn]
    assert {(round(box.width), round(box.height)) for box in boxes[1:]} <= {
        (round(boxes[0].width), round(boxes[0].height))
    }
    assert 0.65 < boxes[0].width / boxes[0].height < 1.5
    assert max(box.y1 for box in boxes) == pytest.approx(beside.get_window_extent().y1, abs=2)
    left = min(box.x0 for box in boxes)
    assert left < 0.05 * figure.bbox.width
    assert drawn[2 if count > 2 else 0].get_xlabel() == "n = 60 of 60"


def test_a_result_in_the_place_of_labels(rng, monkeypatch):
    x, y = features(3, rng)
    result = kstar_distribution(x, y, ["a", "b", "c"], metric="cosine")
    maps = {"m": x[:, :2]}
    figure = plot_embedding(x, result, maps=maps)
    wanted = plot_embedding(x, y, ["a", "b", "c"], maps=maps, metric="cosine")
    for ax, other in zip(figure.axes, wanted.axes, strict=True):
        assert [t.get_text() for t in ax.texts] == [t.get_text() for t in other.texts]
        found, expected = ax.collections[0], other.collections[0]
        np.testing.assert_array_equal(found.get_facecolors(), expected.get_facecolors())
    with pytest.raises(ValueError, match="labels: a result of these 35 samples is wanted, got on"):
        plot_embedding(x[1:], result)
    for more in ({"class_names": "abc"}, {"metric": "cosine"}):
        with pytest.raises(TypeError, match=f"none are wanted beside it, got {next(iter(more))}"):
            plot_embedding(x, result, **more)
