"""What the pictures share: colours, names, and what is said where the libraries are missing."""

import sys

import matplotlib.pyplot as plt
import pytest

from kstar_gpu.plot.common import MOST_NAMES, drawn_into, palette, some_names


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
