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
    listed,
    palette,
    plain,
    room_for,
    some_names,
)


@pytest.mark.parametrize("library", ["matplotlib.pyplot", "seaborn"])
def test_missing_libraries_are_named(library, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=r'pip install "kstar-gpu\[plot\]"'):
        drawn_into(None, 3, 2)


def test_axes_are_new_where_none_are_given():
    ax = drawn_into(None, 3, 2)
    assert ax.figure.get_size_inches().tolist() == [3, 2]
    assert drawn_into(ax, 5, 5) is ax
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize("count", [1, 10, 11, 100])
def test_every_class_has_a_colour_of_its_own(count):
    assert len(set(palette(count))) == count


@pytest.mark.parametrize(("count", "step"), [(MOST_NAMES, 1), (MOST_NAMES + 1, 2), (100, 3)])
def test_names_that_would_not_be_readable_are_left_out(count, step):
    shown = some_names(range(count))
    assert shown[::step] == [str(number) for number in range(0, count, step)]
    assert sum(map(bool, shown)) == len(shown[::step]) <= MOST_NAMES


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
