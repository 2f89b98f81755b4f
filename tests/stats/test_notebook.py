"""Results in notebooks: whole, small and escaped, in the notebook's own colours."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from helpers.made_result import made

from kstar_gpu.stats.notebook import html_table


class Page(HTMLParser):
    """The cells of each row, and every tag that was left open."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.open, self.tags, self.text = [], [], set(), ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


def test_a_result():
    result = made([1, 2, 3, 1], [3, 1])
    page = Page(result._repr_html_())
    assert page.open == []
    assert page.rows[0] == ["class", "n", "mean", "std", "skew plain", "pattern"]
    assert page.rows[1][:3] == ["c0", "3", "0.667"]
    assert page.rows[2] == ["c1", "1", "1.000", "0.000", "-", result.pattern[1]]
    assert "4 samples, 2 classes" in page.text
    augmented = made([1, 2, 3, 1], [3, 1], skewness="augmented")
    assert f"{augmented.skewness_augmented[0]:.3f}" in Page(augmented._repr_html_()).rows[1]


@pytest.mark.parametrize(("classes", "rows"), [(20, 20), (21, 15), (1000, 15)])
def test_of_many_classes_some(classes, rows):
    rng = np.random.default_rng(0)
    values = rng.integers(1, 6, (classes, 5)).ravel()
    text = made(values, [5] * classes)._repr_html_()
    assert len(Page(text).rows) <= rows + 1
    assert len(text) < 20_000
    assert ("most striking" in text) == (classes > 20)


HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a\u202eb\nc", "&amp;"]


def test_names_are_escaped():
    result = made([1, 2, 1, 2, 1, 2, 1, 2], [2] * 4)
    object.__setattr__(result, "class_names", tuple(HOSTILE))
    page = Page(result._repr_html_())
    assert page.tags <= {"div", "table", "caption", "tr", "th", "td", "code"}
    assert [row[0] for row in page.rows[1:]] == [*HOSTILE[:2], r"a\u202eb\nc", HOSTILE[3]]


def test_light_and_dark():
    """No colour of text or ground is set, that would fit one of them alone."""
    text = html_table("a", ("x", "y"), [(1, 2)])
    for colour in re.findall(r"(?<![\w-])(?:color|background):([^;\"]+)", text):
        assert colour in ("inherit", "transparent")
