"""Lines of text: where matplotlib would draw them, whatever draws the picture."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.text import Text

from kstar_gpu.plot import text_line
from kstar_gpu.plot.text_line import TextLine, _drawn


def written(kind, text="class gxH", **look):
    figure = plt.figure(figsize=(3, 0.5), dpi=100)
    look = {"fontsize": 8, **look}
    if kind is TextLine:
        line = TextLine(0.5, 0.52, text, {}, transform=figure.transFigure)
    else:
        line = Text(0.5, 0.52, text, transform=figure.transFigure, va="center", clip_on=False)
    line.set(**look)
    figure.add_artist(line)
    return figure, line


def ink(kind, text="class gxH", **look):
    """Return how dark each pixel is, in each colour."""
    figure, _ = written(kind, text, **look)
    figure.canvas.draw()
    return 255 - np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(float)


def middle(dark):
    """Return in the middle of which row and column ink is."""
    ends = [np.flatnonzero(dark.any(axis))[[0, -1]] for axis in ((1, 2), (0, 2))]
    return [np.mean(end) for end in ends]


@pytest.mark.parametrize("side", ["left", "center", "right"])
@pytest.mark.parametrize(
    "text", ["class gxH", "+1.23", "\u0141\u00f3d\u017a", "\u043a\u043b\u0430"]
)
def test_it_stands_where_matplotlib_draws_it(text, side):
    own, wanted = (ink(kind, text, ha=side) for kind in (TextLine, Text))
    assert own.sum() == pytest.approx(wanted.sum(), rel=1e-2)
    (row, column), (wanted_row, wanted_column) = middle(own), middle(wanted)
    assert abs(row - wanted_row) <= 1
    assert abs(column - wanted_column) <= 2  # letters stand at whole pixels


def test_it_stands_upright():
    rows = [dark for dark in ink(TextLine, "LLL", fontsize=20).sum((1, 2)) if dark]
    assert rows[-2] > 2 * rows[1]
    assert rows[-2] > rows[0]


def test_it_is_drawn_at_one_go(monkeypatch):
    monkeypatch.setattr(RendererAgg, "draw_text", None)  # which draws letter by letter
    assert ink(TextLine).any()


def test_it_is_drawn_where_matplotlib_cannot_do_that_any_more(monkeypatch):
    wanted = middle(ink(Text))
    monkeypatch.setattr(text_line, "AT_ONE_GO", False)
    np.testing.assert_allclose(middle(ink(TextLine)), wanted, atol=2)  # pixels


def test_lines_that_say_the_same_are_drawn_once(monkeypatch):
    drawn, known = [], {}

    def noted(text, *how):
        drawn.append(text)
        return _drawn(text, *how)

    monkeypatch.setattr(text_line, "_drawn", noted)
    figure = plt.figure()
    for place, text in enumerate(["a", "b", "a", "a"]):
        figure.add_artist(TextLine(0.1, place / 4, text, known, transform=figure.transFigure))
    figure.canvas.draw()
    figure.canvas.draw()
    assert drawn == ["a", "b"]


def test_it_has_its_colour():
    dark = ink(TextLine, color=(1, 0, 0), alpha=0.5)
    assert not dark[..., 0].any()
    assert 120 < dark[..., 1].max() <= 128
    assert np.array_equal(dark[..., 1], dark[..., 2])


def test_it_is_measured_as_it_is_drawn():
    figure, line = written(TextLine, ha="right")
    dark = ink(TextLine, ha="right")
    renderer = figure.canvas.get_renderer()
    rows, columns = (np.flatnonzero(dark.any(axis)) for axis in ((1, 2), (0, 2)))
    box = line.get_window_extent(renderer)
    np.testing.assert_allclose((box.x0, box.x1), (columns[0], columns[-1] + 1), atol=1.5)
    np.testing.assert_allclose((box.y0, box.y1), (50 - rows[-1] - 1, 50 - rows[0]), atol=1.5)
    line.set_text("class gxH and more")
    assert line.get_window_extent(renderer).width > 1.5 * box.width
    line.set_fontsize(16)
    assert line.get_window_extent(renderer).height > 1.5 * box.height


@pytest.mark.parametrize(
    ("text", "look"),
    [
        *(("$x^2$", {}), (r"5 \$", {}), ("two\nlines", {}), ("", {})),
        *(("a", {"rotation": 90}), ("a", {"bbox": {}}), ("a", {"clip_on": True})),
    ],
)
def test_what_is_no_plain_line_is_left_to_matplotlib(text, look):
    np.testing.assert_array_equal(ink(TextLine, text, **look), ink(Text, text, **look))


def test_settings_of_matplotlib_hold():
    figure, line = written(TextLine)
    line.set_visible(False)
    figure.canvas.draw()
    assert np.asarray(figure.canvas.buffer_rgba()).min() == 255
    with mpl.rc_context({"text.antialiased": False}):
        assert {*ink(TextLine).ravel()} == {0, 255}
    with mpl.rc_context({"font.family": ["no such family", "monospace"]}):
        assert not np.array_equal(ink(TextLine), ink(TextLine, family="serif"))
    with mpl.rc_context({"font.family": ["no such family"]}):
        assert ink(TextLine).any()


@pytest.mark.parametrize("ending", ["pdf", "svg", "ps"])
def test_elsewhere_it_stays_text(ending, tmp_path):
    sizes = []
    for kind in (TextLine, Text):
        with mpl.rc_context({"svg.fonttype": "none", "pdf.compression": 0}):
            figure, _ = written(kind, "class abc")
            figure.savefig(tmp_path / f"{kind.__name__}.{ending}")
        sizes.append((tmp_path / f"{kind.__name__}.{ending}").stat().st_size)
    assert sizes[0] == pytest.approx(sizes[1], rel=0.02)
    if ending == "svg":
        assert ">class abc</text>" in (tmp_path / "TextLine.svg").read_text()
