"""What the pictures share: colours, names, and what is said where the libraries are missing."""

import sys

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from kstar_gpu.plot.common import (
    MOST_LETTERS,
    MOST_NAMES,
    add_legend,
    drawn_into,
    grid_at,
    listed,
    name_ticks,
    plain,
    room_for,
)


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r'pip install "kstar-gpu\[plot\]"'):
        drawn_into(None, 3, 2)


def test_axes_are_new_where_none_are_given():
    ax = drawn_into(None, 3, 2)
    assert ax.figure.get_size_inches().tolist() == [3, 2]
    assert drawn_into(ax, 5, 5) is ax
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize("axis", ["x", "y"])
@pytest.mark.parametrize(
    ("count", "inches", "step"),
    [(MOST_NAMES, 12, 1), (MOST_NAMES + 1, 12, 2), (100, 12, 3), (1000, 12, 25), (40, 3, 4)],
)
def test_names_that_would_not_be_readable_are_left_out(count, inches, step, axis):
    ax = drawn_into(None, inches, inches)
    name_ticks(ax, range(count), axis)
    ticks = ax.get_xticks() if axis == "x" else ax.get_yticks()
    labels = ax.get_xticklabels() if axis == "x" else ax.get_yticklabels()
    assert ticks.tolist() == [*range(0, count, step)]  # none where there is no name
    assert [label.get_text() for label in labels] == [str(place) for place in ticks]
    assert len(ticks) <= MOST_NAMES


def test_a_grid_takes_the_place_of_axes():
    figure, (ax, other) = plt.subplots(1, 2, layout="constrained")
    parts = [figure.add_subplot(cell) for cell in (grid_at(ax, 2, 1)[row] for row in range(2))]
    figure.canvas.draw()
    left = [part.get_position() for part in parts]
    assert left[0].y0 > left[1].y1 > 0
    assert max(box.x1 for box in left) < other.get_position().x0
    assert not ax.axison
    with pytest.raises(ValueError, match=r"ax: axes in a grid, .* got axes at a place"):
        grid_at(plt.axes([0, 0, 1, 1]), 2, 1)


@pytest.mark.parametrize("ax", [3, "ax", [], np.zeros(2)])
def test_what_are_no_axes(ax):
    with pytest.raises(TypeError, match=f"ax: matplotlib axes are wanted, got {type(ax).__name__}"):
        drawn_into(ax, 3, 2)


MARKUP = ["$50-$100", "$10_$20", r"\$x\$", "$", "$$", r"a\$b$", "x^2", "100 %", "$\\frac$"]


@pytest.mark.parametrize("name", MARKUP)
def test_a_name_is_no_formula(name):
    ax = drawn_into(None, 3, 2)
    text, letters = ax.text(0, 0, plain(name)), ax.text(0, 0, name, parse_math=False)
    drawn, formula = text._preprocess_math(text.get_text())
    assert (drawn, formula) == (name, False)
    assert text.get_window_extent().bounds == letters.get_window_extent().bounds


def test_a_name_is_no_tex():
    with matplotlib.rc_context({"text.usetex": True}):
        assert plain(r"$5_%&#{}") == r"\$5\_\%\&\#\{\}"
        assert plain(r"a\b~^") == r"a\textbackslash{}b\textasciitilde{}\textasciicircum{}"


def test_a_name_is_one_line_that_is_not_too_long():
    assert plain("a\nb\tc\x1b[0m\udcff") == r"a\nb\tc\x1b[0m\udcff"
    assert plain("\N{CAT FACE} \N{HIRAGANA LETTER A}") == "\N{CAT FACE} \N{HIRAGANA LETTER A}"
    assert plain("x" * MOST_LETTERS) == "x" * MOST_LETTERS
    shortened = plain("start" + "x" * MOST_LETTERS + "end")
    assert len(shortened) < MOST_LETTERS
    assert (shortened[:5], shortened[-3:]) == ("start", "end")
    assert room_for(["x" * 20, ""]) == room_for([]) == 0
    assert 0 < room_for(["x" * 30]) < room_for(["x" * 60]) == room_for(["x" * 900])


@pytest.mark.filterwarnings("error")
def test_a_legend_names_everything():
    ax = drawn_into(None, 3, 2)
    names = ["_background_", "$a$", "plain"]
    marks = [ax.plot([0, 1])[0] for _ in names]
    legend = add_legend(ax, marks, names)
    assert [text.get_text() for text in legend.get_texts()] == ["_background_", r"\$a\$", "plain"]


@pytest.mark.parametrize("names", ["ab", 3, None])
def test_what_are_no_names(names):
    with pytest.raises(TypeError, match="names: a sequence of names is wanted, got "):
        listed(names)
