"""What classes are called: by sequence, by label, or as their labels are."""

import numpy as np
import pytest
import torch

from kstar_gpu import kstar_distribution
from kstar_gpu.stats.class_names import name_classes

LABELS = np.array([2, 5])


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (None, ["2", "5"]),
        (["a", "b"], ["a", "b"]),
        (np.array([7, 8]), ["7", "8"]),
        ({5: "five", 2: "two", 9: "nine"}, ["two", "five"]),
        (torch.tensor([7, 8]), ["7", "8"]),
        ([b"caf\xc3\xa9", np.str_("b")], ["café", "b"]),
        (np.array([b"a", b"b"]), ["a", "b"]),
        ({5: b"five", 2: 2}, ["2", "five"]),
        ([torch.tensor(7), np.array("b")], ["7", "b"]),
        (["nan", "None"], ["nan", "None"]),
        (iter("ab"), ["a", "b"]),
    ],
)
def test_a_name_for_each(names, wanted):
    assert name_classes(names, LABELS) == wanted


@pytest.mark.parametrize("names", ["ab", b"ab", 7, {"a", "b"}, frozenset("ab"), np.array("ab")])
def test_what_is_no_names(names):
    with pytest.raises(TypeError, match="class_names: a sequence or a mapping of names is wanted"):
        name_classes(names, LABELS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(class_names=["a"]), r"class_names: one name per class is wanted \(2\), got 1"),
        (dict(class_names={0: "a"}), "class_names: a name for every label is wanted, got none"),
    ],
)
def test_too_few_names(arguments, words):
    with pytest.raises(ValueError, match=words):
        kstar_distribution([[0.0], [1.0]], [0, 1], **arguments)


@pytest.mark.parametrize(
    ("names", "error"),
    [
        ([None, "b"], ValueError),
        (["a", float("nan")], ValueError),
        (["a", np.datetime64("NaT")], ValueError),
        ({2: "two", 5: None}, ValueError),
        ([["a"], ["b"]], TypeError),
        (np.array([["a"], ["b"]]), TypeError),
        ([{"a"}, "b"], TypeError),
    ],
)
def test_what_is_no_name(names, error):
    with pytest.raises(error, match="class_names: a name for every class is wanted, got "):
        name_classes(names, LABELS)
