"""Samples by themselves: whom they meet, which are confused the most, what they are called."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import polars
import pytest
import torch
from helpers.made_result import made

from kstar_gpu import KStarDistribution, definition, kstar, kstar_distribution
from kstar_gpu.stats.samples import compact

FOREIGN = ["foreign_sample", "foreign_class", "foreign_distance"]


@pytest.fixture
def data(rng):
    """Two dozen samples on a lattice: ties everywhere, and samples of other classes at 0."""
    return rng.integers(0, 4, (48, 2)).astype(float), rng.integers(0, 3, 48)


def test_a_frame_of_samples(data):
    x, y = data
    found = kstar(x, y, return_foreign=True)
    result = kstar_distribution(x, y, ["a", "b", "c"], return_foreign=True)
    frame = result.to_frame(samples=True)
    assert frame.columns.tolist() == ["sample", "class", "kstar", "normalized", *FOREIGN]
    assert frame["sample"].tolist() == [*range(48)]
    assert frame["class"].tolist() == ["abc"[label] for label in y]
    np.testing.assert_array_equal(frame["kstar"], definition.kstar(x, y))
    np.testing.assert_array_equal(frame["normalized"], result.normalized)
    np.testing.assert_array_equal(frame["foreign_sample"], found.index)
    np.testing.assert_array_equal(frame["foreign_distance"], found.distance.astype(np.float32))
    assert frame["foreign_class"].tolist() == ["abc"[label] for label in y[found.index]]


def test_a_frame_of_samples_without_foreign_ones(data):
    frame = kstar_distribution(*data, ids=range(100, 148)).to_frame(samples=True)
    assert frame.columns.tolist() == ["sample", "id", "class", "kstar", "normalized"]
    assert frame["id"].tolist() == [*range(100, 148)]


def test_the_most_confused_come_first(data):
    result = kstar_distribution(*data, return_foreign=True)
    every = result.to_frame(samples=True)
    wanted = every.sort_values(["kstar", "foreign_distance", "sample"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(result.confused(48), wanted)
    pd.testing.assert_frame_equal(result.confused(1000), wanted)
    pd.testing.assert_frame_equal(result.confused(7), wanted[:7])
    assert len(result.confused()) == 10
    assert result.confused(1)["kstar"].item() == 1


def test_so_many_of_each_class():
    values = [3, 1, 2, 2, 1, 1, 2, 1]
    result = dataclasses.replace(
        made(values, [3, 4, 1]),
        foreign_index=[3, 3, 3, 0, 0, 0, 0, 0],
        foreign_distance=np.array([1, 1, 1, 4, 3, 2, 1, 9], np.float32),
    )
    assert result.confused(2, by="class")["sample"].tolist() == [1, 2, 5, 4, 7]
    assert result.confused(5)["sample"].tolist() == [1, 5, 4, 7, 2]


def test_ids_of_every_kind(data):
    names = [f"{number}.png" for number in range(48)]
    for ids in (
        *(names, [Path(name) for name in names], tuple(names), np.array(names)),
        *(pd.Series(names, index=range(48)[::-1]), polars.Series(names)),
    ):
        result = kstar_distribution(*data, return_foreign=True, ids=ids)
        frame = result.to_frame(samples=True)
        assert frame["id"].tolist() == names
        assert frame["foreign_id"].tolist() == [names[i] for i in result.foreign_index]
    for ids in (torch.arange(48), np.arange(48, dtype=np.uint8), [*range(48)]):
        assert kstar_distribution(*data, ids=ids).ids.tolist() == [*range(48)]
    named = dataclasses.replace(kstar_distribution(*data), ids=[Path(name) for name in names])
    assert named.ids.tolist() == names


@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        (["a"] * 47, ValueError, r"ids: one per sample is wanted \(48\), got 47"),
        ([True] * 48, TypeError, "ids: integers, strings or paths are wanted, got booleans"),
        ([0.5] * 48, ValueError, "ids: .* are wanted, got 0.5"),
        ([None] * 48, (TypeError, ValueError), "ids: "),
        (np.zeros((48, 2), int), ValueError, r"ids: .* got \(48, 2\)"),
        (3, (TypeError, ValueError), "ids: "),
    ],
)
def test_ids_that_are_none(ids, error, message, data, monkeypatch):
    monkeypatch.setattr("kstar_gpu.stats.from_features.answer", None)  # refused before the search
    with pytest.raises(error, match=message):
        kstar_distribution(*data, ids=ids)


def test_the_query_form(data):
    x, y = data
    names = {0: "a", 1: "b", 2: "c", 7: "only a reference", 8: "only asked"}
    y = np.where(np.arange(48) < 3, 8, y)
    others, other_labels = x + 0.1, np.where(np.arange(48) < 30, 7, np.arange(48) % 3)
    result = kstar_distribution(
        x, y, names, references=others, reference_labels=other_labels, return_foreign=True,
        ids=range(48),
    )  # fmt: skip
    found = kstar(x, y, references=others, reference_labels=other_labels, return_foreign=True)
    frame = result.to_frame(samples=True)
    assert frame.columns.tolist() == ["sample", "id", "class", "kstar", "normalized", *FOREIGN]
    np.testing.assert_array_equal(frame["foreign_sample"], found.index)
    met = [names[label] for label in other_labels[found.index].tolist()]
    assert frame["foreign_class"].tolist() == met
    assert "only a reference" in met
    confused = result.confused(1000)
    assert sorted(confused["sample"]) == [*range(3, 48)]  # k* of the others says nothing
    assert confused["kstar"].is_monotonic_increasing


def test_arguments_that_are_none(data):
    result = kstar_distribution(*data, return_foreign=True)
    with pytest.raises(ValueError, match="by: 'class' or None is wanted, got 'label'"):
        result.confused(by="label")
    with pytest.raises(ValueError, match="n: at least 1 is wanted, got 0"):
        result.confused(0)
    with pytest.raises(TypeError, match="n: an integer is wanted, got 'class'"):
        result.confused("class")
    with pytest.raises(ValueError, match=r"result: one that knows .* return_foreign=True"):
        kstar_distribution(*data).confused()


def test_arrays_cannot_be_changed(data):
    result = kstar_distribution(*data, return_foreign=True, ids=range(48))
    for name in ("foreign_index", "foreign_distance", "ids"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(result, name)[0] = 0


def test_other_names_and_rules_keep_the_foreign_samples(data):
    result = kstar_distribution(*data, return_foreign=True)
    other = dataclasses.replace(result, class_names=("x", "y", "z"), threshold=0.1)
    assert set(other.confused()["foreign_class"]) <= {"x", "y", "z"}


@pytest.mark.parametrize("scale", [1e-60, 1e60])
def test_distances_beyond_float32(scale, tmp_path):
    x, y = np.array([[0.0], [1.0], [3.0], [7.0]]) * scale, [0, 0, 1, 1]
    result = kstar_distribution(x, y, return_foreign=True)
    assert result.foreign_distance.dtype == np.float64
    np.testing.assert_array_equal(
        result.foreign_distance, kstar(x, y, return_foreign=True).distance
    )
    result.save(tmp_path / "x.npz")
    again = KStarDistribution.load(tmp_path / "x.npz").foreign_distance
    np.testing.assert_array_equal(again, result.foreign_distance)


def test_what_is_compact():
    assert compact(np.array([0.0, 1.0, -2.5])).dtype == np.float32
    assert compact(np.array([0.0, 1e-45])).dtype == np.float64
    assert compact(np.array([-1e39])).dtype == np.float64
