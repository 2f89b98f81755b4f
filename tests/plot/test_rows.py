"""Classes as rows: names, violins and the table stand in one line."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from helpers.made_result import made, many

from kstar_gpu.plot.rows import draw_rows, name_results, offset


@pytest.mark.parametrize("fine", [False, True])
def test_a_row_has_one_line_of_the_table(fine):
    result = many(12)
    codes = np.array([7, 2, 11])
    ax = plt.subplots(layout="constrained")[1]
    draw_rows(ax, [result], codes, fine=fine)
    lines = {}
    for text in ax.texts:
        x, y = text.get_position()
        lines.setdefault(y, []).append((x, text.get_text()))
    names = {row: text for row, line in lines.items() for x, text in line if x == 0}
    if not fine:
        names = dict(enumerate(label.get_text() for label in ax.get_yticklabels()))
    assert names == {row: result.class_names[code] for row, code in enumerate(codes)}
    for row, code in enumerate(codes):
        cells = [text for x, text in lines[row] if x == 1]
        skew = f"{result.skewness_plain[code]:+.2f}"
        assert (row == 1) or cells == [str(result.sizes[code]), skew, result.pattern[code]]


def test_room_is_made_for_the_widest_pattern(tmp_path):
    """Only some texts are measured; none may be cut off."""
    ax = plt.subplots(layout="constrained")[1]
    result = many(60)
    draw_rows(ax, [result], np.arange(60), fine=True)
    ax.figure.savefig(tmp_path / "picture.png")
    assert {"fractured", "overlapped", "clustered"} <= {text.get_text() for text in ax.texts}
    for text in ax.texts:
        box = text.get_window_extent()
        assert 0 <= box.x0 < box.x1 <= ax.figure.bbox.x1, text
    measured = [text for text in ax.texts if text.get_in_layout() and text.get_position()[0] == 1]
    assert len(measured) < 10


def test_results_share_a_row():
    assert [offset(number, 3) for number in range(3)] == pytest.approx([-0.3, 0, 0.3])
    first, second = made([1, 1, 2, 1, 2], [2, 3]), made([1, 2, 2, 1, 3], [2, 3])
    ax = plt.subplots(layout="constrained")[1]
    draw_rows(ax, [first, second], np.array([1]), ["red", "blue"])
    name_results(ax, ["a", "b"], ["red", "blue"])
    colours = [text.get_color() for text in ax.texts if text.get_text() == "3"]
    assert colours == [(1, 0, 0), (0, 0, 1)]
    handles = ax.get_legend().legend_handles
    assert [handle.get_color() for handle in handles] == [(1, 0, 0), (0, 0, 1)]
