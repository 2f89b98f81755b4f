"""Colours: none of a class is that of a pattern, for whatever eyes; and palettes that are given."""

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb

from kstar_gpu.plot.colours import (
    CLASSES,
    NUMBERS,
    PATTERNS,
    colormap,
    colours,
    pattern_colours,
)
from kstar_gpu.plot.theme import theme

# How linear RGB is seen (Machado, Oliveira and Fernandes, 2009; severity 1).
EYES = {
    "all cones": np.eye(3),
    "no red": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no green": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no blue": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def lab(given, seen_by):
    """Return CIELAB coordinates, in which distances are about what one sees."""
    rgb = np.array([to_rgb(colour) for colour in given])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ np.array(EYES[seen_by]).T, 0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = linear @ np.array(to_xyz).T / [0.9505, 1, 1.089]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


@pytest.mark.parametrize("eyes", EYES)
def test_no_class_looks_like_a_pattern(eyes):
    patterns = lab([PATTERNS[name] for name in ("fractured", "overlapped", "clustered")], eyes)
    classes = lab(CLASSES, eyes)
    between = np.linalg.norm(patterns[:, None] - classes[None], axis=-1)
    assert between.min() > 30  # 2 can just be told apart; of two classes it is 11
    among = np.linalg.norm(patterns[:, None] - patterns[None], axis=-1)
    assert among[~np.eye(3, dtype=bool)].min() > 30


@pytest.mark.parametrize("count", [1, 10, 11, 100, 1000])
def test_every_class_has_a_colour_of_its_own(count):
    assert len(set(colours(count))) == count
    assert all(0 <= part <= 1 for colour in colours(count) for part in colour)


def test_a_palette_is_a_name_or_colours():
    assert colours(2, ["red", "#00ff00"]) == [(1, 0, 0), (0, 1, 0)]
    assert colours(1, ["red", "#00ff00"]) == [(1, 0, 0)]
    tab10 = matplotlib.colormaps["tab10"]
    assert colours(3, "tab10") == [tab10(number)[:3] for number in range(3)]
    assert len({*colours(30, "viridis")}) == 30
    given = pattern_colours(["red", "lime", "blue"])
    assert [to_hex(given[name]) for name in PATTERNS][:3] == ["#ff0000", "#00ff00", "#0000ff"]
    assert to_hex(given["undefined"]) == PATTERNS["undefined"]


def test_a_palette_of_numbers():
    assert colormap(None, NUMBERS).name == NUMBERS
    assert colormap("magma", NUMBERS).name == "magma"
    assert colormap(matplotlib.colormaps["magma"], NUMBERS).name == "magma"
    ours = colormap(["white", "gray", "black"], NUMBERS)
    assert [round(ours(x)[0], 2) for x in (0.0, 1.0)] == [1, 0]


@pytest.mark.parametrize("take", [colours, lambda count, given: pattern_colours(given)])
@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ("rainbows", ValueError, "palette: the name of one of matplotlib's colormaps, .* got 'rai"),
        (["red", "lime"], ValueError, "palette: 3 colours are wanted, got 2"),
        (["red", "lime", "no colour"], ValueError, "palette: colours .* are wanted, got 'no col"),
        (7, TypeError, "palette: a colormap's name or colours are wanted, got int"),
    ],
)
def test_what_is_no_palette(take, given, error, words):
    with pytest.raises(error, match=words):
        take(3, given)
    if given != ["red", "lime"]:
        with pytest.raises(error, match=words):
            colormap(given, NUMBERS)


def test_a_theme_has_a_palette_for_all_pictures_that_name_none():
    usual = colours(2)
    with theme(palette=["red", "lime"]):
        assert colours(2) == [(1, 0, 0), (0, 1, 0)]
        assert colours(1, ["blue"]) == [(0, 0, 1)]
        assert pattern_colours() == pattern_colours()
    assert colours(2) == usual
