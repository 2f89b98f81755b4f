"""A result as lines of text."""

import dataclasses

from helpers.made_result import made


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
