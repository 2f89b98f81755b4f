"""Pairs by names: each model is loaded when its turn comes, and once while it is."""

import numpy as np
import pytest

from kstar_gpu.networks import named_pairs as named
from kstar_gpu.networks.named_pairs import named_pairs

MODEL = """
from torch import nn

made = []

def one():
    made.append("one")
    return nn.Linear(4, 2)

def two():
    made.append("two")
    return nn.Linear(4, 3).double()
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets.py").write_text(MODEL)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        labels = np.arange(6) % 2
        np.savez(
            f"{name}/{name}.npz", inputs=np.ones((6, 4)), labels=labels, class_names=["x", "y"]
        )
    return tmp_path


def test_each_model_with_each_data_set(folder, monkeypatch):
    asked = []
    plain = named.named_model

    def named_model(name, weights):
        asked.append(name)
        return plain(name, weights)

    monkeypatch.setattr(named, "named_model", named_model)
    pairs = named_pairs(["nets.py:one", "nets.py:two"], ["a/a.npz", "b/b.npz"], 4)
    assert [pair[:2] for pair in pairs] == [
        ("nets.one", "a"),
        ("nets.one", "b"),
        ("nets.two", "a"),
        ("nets.two", "b"),
    ]
    assert asked == []
    made = [pair.make() for pair in pairs]
    assert asked == ["nets.py:one", "nets.py:two"]
    assert made[0].model is made[1].model
    for one in made:
        (first, _), *_ = one.loader
        assert first.shape == (4, 4)
        assert first.dtype == next(one.model.parameters()).dtype
        assert one.class_names == ["x", "y"]


@pytest.mark.parametrize(
    ("models", "data", "message"),
    [
        (["nets.py:one", "./nets.py:one"], ["a/a.npz"], "--model: names that differ are wanted"),
        (["nets.py:one"], ["a/a.npz", "b/../a/a.npz"], "--data: names that differ .* 2 times 'a'"),
        (["nets.py:one"], ["a", "a/a.npz"], "--data: names that differ"),
    ],
)
def test_names_that_results_could_not_tell_apart(models, data, message, folder):
    with pytest.raises(ValueError, match=message):
        named_pairs(models, data, 4)


def test_data_that_are_not_there_are_told_before_a_model_is_made(folder):
    with pytest.raises(FileNotFoundError, match=r"--data: none\.npz: there is no such file"):
        named_pairs(["nets.py:one"], ["a/a.npz", "none.npz"], 4)


def test_pictures_want_a_transform(folder):
    (pair,) = named_pairs(["nets.py:one"], ["a"], 4)
    with pytest.raises(ValueError, match=r"--data: a folder of pictures.*nets\.py:one has none"):
        pair.make()
