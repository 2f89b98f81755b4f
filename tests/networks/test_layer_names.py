"""Layers by name and by glob."""

import pytest
from helpers.small_models import count_hooks
from torch import nn

from kstar_gpu import activations


def test_unknown_layer(model, loader):
    model.add_module("classifier", nn.Linear(2, 2))
    with pytest.raises(ValueError, match="no module named 'clasifier'; close names: 'classifier'"):
        activations(model, loader, ["clasifier"])
    with pytest.raises(ValueError, match="no module named 'xyz'; no name is close"):
        activations(model, loader, ["0", "xyz"])
    with pytest.raises(TypeError, match="must be a sequence of names, got the string 'classifier'"):
        activations(model, loader, "classifier")
    assert count_hooks(model) == 0


def test_globs_stand_for_names_in_the_models_order(loader):
    model = nn.Sequential()
    for name in ("stem", "stage2", "stage1", "head"):
        model.add_module(name, nn.Linear(3, 3))
    assert list(activations(model, loader, ["head", "stage?"]).features) == [
        "head",
        "stage2",
        "stage1",
    ]
    with pytest.raises(ValueError, match=r"no module named 'stege\*'; close names: "):
        activations(model, loader, ["stege*"])


def test_a_star_does_not_reach_beyond_a_dot(loader):
    model = nn.Sequential(nn.Sequential(nn.Linear(3, 3), nn.ReLU()), nn.Linear(3, 2))
    assert list(activations(model, loader, ["*"]).features) == ["0", "1"]
    assert list(activations(model, loader, ["*.*"]).features) == ["0.0", "0.1"]
