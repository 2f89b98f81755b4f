"""A result as lines of text."""

import dataclasses
import re

import numpy as np
import pytest
from helpers.made_result import made, many

from kstar_gpu.stats.summary import MOST_LINES, QUANTILES


def test_a_line_per_class():
    lines = made([1, 1, 4, 2, 2, 2], [4, 2]).summary().splitlines()
    assert lines[1].split()[:2] == ["class", "n"]
    assert lines[3].split() == ["c1", "2", "1.000", "0.000", "-", "-1.155", "clustered"]
    assert lines[0] == "k* distribution: 6 samples, 2 classes, euclidean"
    assert lines[-1] == "pattern: plain skewness, threshold 0.5"
    assert len({line.rindex("  ") for line in lines[1:-1]}) == 1  # columns are as wide in all


def test_a_line_per_class_whatever_it_is_called():
    result = dataclasses.replace(made([1, 1, 2], [1, 2]), class_names=("a\nb", "c\x1b[2J"))
    lines = result.summary().split("\n")
    assert [line.split()[0] for line in lines[2:4]] == [r"a\nb", r"c\x1b[2J"]
    assert len(lines) == 5


@pytest.mark.parametrize("classes", [37, 38, 1000])
def test_one_screen_whatever_the_number_of_classes(classes):
    result = dataclasses.replace(many(classes), class_names=("long name, " * 9,) * classes)
    lines = result.summary().splitlines()
    assert len(lines) <= MOST_LINES
    if classes > 37:
        assert max(map(len, lines)) <= 100
    else:
        assert len(lines) == classes + 3


def test_an_overview_has_quantiles_counts_and_the_most_striking_classes():
    result = many(300)
    lines = result.summary().splitlines()
    assert re.split("  +", lines[1]) == ["of classes", *QUANTILES]
    for line, values in ((lines[2], result.mean), (lines[3], result.skewness_plain)):
        wanted = np.quantile(values[~np.isnan(values)], [0, 0.25, 0.5, 0.75, 1])
        assert line.split()[-5:] == [f"{number:.3f}" for number in wanted]
    counts = [f"{result.pattern.count(p)} {p}" for p in ("fractured", "overlapped", "clustered")]
    assert lines[4].startswith(", ".join(counts))
    start = next(i for i, line in enumerate(lines) if line.startswith("most clustered"))
    ten = np.argsort(result.skewness_plain)[:10]
    assert [line.split()[0] for line in lines[start + 1 : start + 11]] == [f"c{c}" for c in ten]
    assert lines[-1].endswith('; all classes: summary(kind="all"), to_frame()')
    assert len(result.summary(top=2).splitlines()) == 5 + 3 * 3 + 1
    assert len(result.summary(top=0).splitlines()) == 6


def test_all_classes_or_some_where_asked_for():
    result = many(300)
    whole = result.summary(kind="all").splitlines()
    assert [line.split()[0] for line in whole[2:-1]] == [*result.class_names]
    some = result.summary(classes=["c250", 3]).splitlines()
    assert [line.split() for line in some[2:-1]] == [whole[252].split(), whole[5].split()]
    few = many(20)
    assert few.summary() == few.summary(kind="all")
    assert few.summary(kind="overview").splitlines()[1].startswith("of classes")


@pytest.mark.filterwarnings("error")
def test_an_overview_of_what_is_undefined():
    lines = made([1] * 8, [1] * 8).summary(kind="overview").splitlines()
    assert lines[3].split()[-5:] == ["-"] * 5
    assert lines[4] == "8 undefined"
    assert len(lines) == 6


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        (dict(kind="some"), ValueError, "kind: overview or all is wanted, got 'some'"),
        (dict(kind="all", top=3), ValueError, "top: is of the overview; none is wanted beside"),
        (dict(top=-1), ValueError, "top: at least 0 are wanted, got -1"),
        (dict(top=1.5), TypeError, "top: an integer is wanted, got 1.5"),
        (dict(classes=["x"]), ValueError, "classes: labels or names that the result has"),
        (dict(classes="c1"), TypeError, "classes: a sequence of labels or names is wanted"),
    ],
)
def test_what_cannot_be_told(options, error, words):
    with pytest.raises(error, match=f"^{words}"):
        many(5).summary(**options)
