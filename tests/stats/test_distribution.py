"""A result as a whole: what cannot be changed of it, and its frame."""

import dataclasses

import numpy as np
import pytest
from helpers.families import labels
from helpers.made_result import made

from kstar_gpu import kstar

FIELDS = ("kstar", "class_index", "classes", "population")


def test_it_cannot_be_changed():
    result = made([1, 2], [2])
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.metric = "cosine"
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.remark = "no field"
    for name in (*FIELDS, "normalized", "mean"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(result, name)[0] = 0


def test_a_frame_has_a_row_per_class():
    frame = made([1, 1, 4, 2, 2, 2], [4, 2]).to_frame()
    assert frame.columns.tolist() == [
        "class",
        "n",
        "mean",
        "std",
        "skewness_plain",
        "skewness_augmented",
        "pattern",
    ]
    assert frame["n"].tolist() == [4, 2]


def test_kstar_agrees_with_sorting_where_there_are_no_ties(rng):
    x, y = rng.standard_normal((150, 5)), labels(rng, 150, 4)
    distances = np.sqrt(((x[:, None] - x[None]) ** 2).sum(2))
    order = np.argsort(distances, axis=1)
    wanted = (y[order] != y[:, None]).argmax(axis=1)  # the first is the sample itself
    np.testing.assert_array_equal(kstar(x, y), wanted)
