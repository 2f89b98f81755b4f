"""Pairs by names: each model is loaded when its turn comes, and once while it is."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from kstar_gpu import activations
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

    def named_model(name, **options):
        asked.append(name)
        return plain(name, **options)

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
    with pytest.raises(ValueError, match=r"--data: a holds pictures.* not known of nets\.py:one"):
        pair.make()


@pytest.fixture
def library(monkeypatch):
    """Put a stand-in for timm, whose network tells a thousand classes apart unless it is told."""
    data = SimpleNamespace(resolve_model_data_config=lambda _: {}, create_transform=lambda **_: abs)
    made = SimpleNamespace(
        is_model=lambda _: True,
        data=data,
        create_model=lambda name, pretrained, num_classes=1000: nn.Linear(4, num_classes),
    )
    monkeypatch.setitem(sys.modules, "timm", made)


def test_a_network_of_a_library_has_the_classes_of_its_checkpoint(folder, library):
    for classes in (7, 1000):
        state = nn.Linear(4, classes).state_dict()
        torch.save(state, "my.pt")
        (pair,) = named_pairs(["timm:net"], ["a/a.npz"], 4, folder / "my.pt")
        assert torch.equal(pair.make().model.weight, state["weight"])


def test_what_else_does_not_fit_is_refused(folder, library):
    torch.save(nn.Linear(5, 7).state_dict(), "my.pt")
    for model in ("timm:net", "nets.py:one"):
        (pair,) = named_pairs([model], ["a/a.npz"], 4, folder / "my.pt")
        with pytest.raises(ValueError, match=r"of another shape: weight \(7, 5\) instead of"):
            pair.make()
    torch.save(nn.Linear(4, 7).state_dict(), "my.pt")  # a function makes what it makes
    (pair,) = named_pairs(["nets.py:one"], ["a/a.npz"], 4, folder / "my.pt")
    with pytest.raises(ValueError, match=r"weight \(7, 4\) instead of \(2, 4\)"):
        pair.make()


TEXTS = """
from types import SimpleNamespace
from torch import nn

class Texts(nn.Module):
    config = SimpleNamespace(pad_token_id=0)

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(9, 2)

    def forward(self, input_ids, attention_mask=None, **more):
        assert not more
        return self.embedding(input_ids)
"""


def test_texts_are_averaged_over_the_tokens_that_a_mask_marks(folder):
    (folder / "texts.py").write_text(TEXTS)
    ids = np.array([[3, 4, 0], [5, 0, 0], [6, 7, 8]])
    labels = np.array([0, 1, 1])
    np.savez("tokens.npz", input_ids=ids, attention_mask=ids > 0, labels=labels, ids=labels)
    np.savez("bare.npz", inputs=ids, labels=labels)
    masked, bare = (
        pair.make for pair in named_pairs(["texts.py:Texts"], ["tokens.npz", "bare.npz"], 2)
    )
    model, loader, _ = masked()
    features, found = activations(model, loader, ["embedding"])
    assert found.tolist() == [0, 1, 1]
    rows = model.embedding.weight.detach()
    wanted = [rows[[3, 4]].mean(0), rows[5], rows[[6, 7, 8]].mean(0)]
    torch.testing.assert_close(features["embedding"], torch.stack(wanted))
    with pytest.raises(ValueError, match=r"bare\.npz: inputs hold the model's padding \(token 0\)"):
        bare()
