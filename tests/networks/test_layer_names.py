"""Layers by name and by glob."""

import pytest
import torch
from helpers.small_models import count_hooks
from helpers.small_sweep import loader as small_loader
from helpers.small_sweep import network
from torch import nn

from kstar_gpu import activations, sweep


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


@pytest.mark.parametrize(
    ("layers", "error", "message"),
    [
        ([0], TypeError, "layers: names are wanted, got 0, a int"),
        (["0", None], TypeError, "layers: names are wanted, got None, a NoneType"),
        ([b"0"], TypeError, "layers: names are wanted, got b'0', a bytes"),
        ([], ValueError, "layers: at least one name is wanted, got none"),
        ((), ValueError, "layers: at least one name is wanted, got none"),
        (None, TypeError, "layers: a sequence of names is wanted, got NoneType"),
        (0, TypeError, "layers: a sequence of names is wanted, got int"),
        (b"0", TypeError, "layers: a sequence of names is wanted, got bytes"),
        ({"0": 1}, TypeError, "layers: a sequence of names is wanted, got dict"),
    ],
)
def test_layers_that_are_no_names(model, loader, layers, error, message):
    with pytest.raises(error, match=message):
        activations(model, loader, layers)
    if layers is not None and not isinstance(layers, dict):
        with pytest.raises(error, match=message):
            sweep(model, loader, layers)


def test_a_sweep_takes_the_stages_of_each_model_where_none_are_named():
    models = {"a": network(), "b": nn.Sequential(network(1), nn.ReLU())}
    found = sweep(models, small_loader())
    assert [(key.model, key.layer) for key in found.results] == [
        ("a", "0"),
        ("a", "2"),
        ("b", "0.0"),
        ("b", "0.2"),
    ]


@pytest.mark.parametrize("wrong", [None, 3, "resnet18", nn.Linear, lambda x: x])
def test_models_that_are_none(loader, wrong):
    with pytest.raises(TypeError, match=r"model: a torch\.nn.Module is wanted, got "):
        activations(wrong, loader, ["0"])
    with pytest.raises(TypeError, match=r"models: a torch\.nn.Module is wanted, got "):
        sweep(wrong, loader, ["0"])


class Wrapper(nn.Module):
    def __init__(self, module, name):
        super().__init__()
        self.add_module(name, module)
        self.forward = module.forward


@pytest.mark.parametrize("wrapper", ["module", "_orig_mod", "_fsdp_wrapped_module"])
def test_wrappers_are_looked_through(model, loader, wrapper):
    wanted = activations(model, loader, ["0", "3"]).features
    wrapped = Wrapper(model, wrapper)
    for layers in (["0", "3"], ["[03]"]):
        found = activations(wrapped, loader, layers).features
        assert [*found] == ["0", "3"]
        assert all(torch.equal(found[name], wanted[name]) for name in found)
    within = nn.Sequential()
    within.add_module("body", wrapped)
    assert [*activations(within, loader, ["body.?"]).features] == [f"body.{n}" for n in "0123"]
    # Whole names are taken as they are, and stay it.
    assert [*activations(wrapped, loader, [f"{wrapper}.0"]).features] == [f"{wrapper}.0"]
    assert [*activations(model, loader, ["module.0"]).features] == ["0"]
    assert [*activations(nn.DataParallel(model), loader, ["*"]).features] == [*"0123"]


def test_a_part_that_somebody_calls_module(loader):
    model = nn.Sequential()
    model.add_module("module", nn.Linear(3, 2))
    model.add_module("head", nn.Linear(2, 2))
    assert [*activations(model, loader, ["module", "head"]).features] == ["module", "head"]
    assert [*activations(model, loader, ["*"]).features] == ["module", "head"]
