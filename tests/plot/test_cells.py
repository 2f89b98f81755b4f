"""A matrix as cells: what has which colour, and text that can be read on it."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from kstar_gpu.plot.cells import draw_cells

VALUES = np.array([[0.0, 0.5, np.nan], [1.0, 0.25, 0.75]])


def drawn(*arguments, **options):
    ax = plt.subplots()[1]
    draw_cells(ax, *arguments, **options)
    return ax, ax.images[0]


def test_numbers_begin_at_zero_and_signed_ones_have_it_in_the_middle():
    _, image = drawn(VALUES, None, "share")
    assert image.get_clim() == (0, 1)
    assert image.get_array().mask.tolist() == [[False, False, True], [False] * 3]
    _, image = drawn(VALUES - 0.7, None, "skewness", signed=True)
    assert image.get_clim() == pytest.approx((-0.7, 0.7))


@pytest.mark.parametrize("values", [np.zeros((2, 2)), np.full((2, 2), np.nan)])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.filterwarnings("error")
def test_nothing_to_tell_apart(values, signed):
    ax, _ = drawn(values, None, "share", signed=signed)
    ax.figure.canvas.draw()


def test_text_is_white_on_dark_cells_and_left_out_where_it_is_empty():
    texts = np.array([["a", "b", ""], ["c", "d", "e"]])
    ax, image = drawn(VALUES, "gray", "share", texts=texts)
    assert [text.get_text() for text in ax.texts] == ["a", "b", "c", "d", "e"]
    for text in ax.texts:
        column, row = text.get_position()
        paper = image.cmap(image.norm(VALUES[row, column]))[0]
        assert abs(to_rgb(text.get_color())[0] - paper) >= 0.4


def test_cells_beyond_pixels_are_blended():
    assert drawn(VALUES, None, "share")[1].get_interpolation() == "nearest"
    assert drawn(np.zeros((1000, 3)), None, "share")[1].get_interpolation() != "nearest"
