"""What is wrong with what layers give is said of each, and hooks of others are left alone."""

import pytest
import torch
from helpers.small_models import INPUTS, LABELS, Gives, count_hooks
from torch import nn

from kstar_gpu import LayerError, activations


def test_hooks_of_others_are_left_alone(model, loader):
    calls = []
    model[0].register_forward_hook(lambda *_: calls.append(1))
    activations(model, loader, ["0"])
    assert len(calls) == 3
    assert count_hooks(model) == 1


@pytest.mark.parametrize("output", [None, (None, ()), {"loss": None}, "text"])
def test_output_without_a_tensor(output):
    model = Gives(output)
    with pytest.raises(LayerError, match=r"layer '' \(Gives\) must give a tensor, got "):
        activations(model, [(INPUTS, LABELS)], [""])
    assert count_hooks(model) == 0


@pytest.mark.parametrize(
    "wrap", [lambda x: (x, None), lambda x: [None, x], lambda x: {"loss": None, "logits": x}]
)
def test_the_first_tensor_of_an_output_is_taken(wrap):
    features = activations(Gives(wrap(INPUTS)), [(INPUTS, LABELS)], [""]).features[""]
    assert torch.equal(features, INPUTS)


def test_all_that_is_wrong_is_said_at_once():
    model = nn.ModuleDict({"a": Gives(None), "b": Gives(INPUTS[:2]), "c": nn.Identity()})
    model.forward = lambda x: [model[name](x) for name in "ab"]
    with pytest.raises(LayerError) as caught:
        activations(model, [(INPUTS, LABELS)], ["a", "b", "c"])
    assert sorted(caught.value.failed) == ["a", "b", "c"]


def test_layer_that_never_runs(model, loader):
    model[3].unused = nn.Linear(1, 1)
    with pytest.raises(ValueError, match=r"layer '3\.unused' did not run"):
        activations(model, loader, ["0", "3.unused"])


def test_layer_that_runs_twice(loader):
    shared = nn.ReLU()
    with pytest.raises(ValueError, match="layer '0' ran more than once in a batch"):
        activations(nn.Sequential(shared, nn.Linear(3, 2), shared), loader, ["0"])


def test_layer_without_one_row_per_sample():
    loader = [(torch.ones(2, 3, 4), torch.tensor([0, 1]))]
    with pytest.raises(ValueError, match=r"one row per sample, got shape \(24,\) for a batch of 2"):
        activations(nn.Flatten(0), loader, [""])


def test_layer_whose_shape_changes():
    loader = [(torch.ones(1, size), torch.tensor([0])) for size in (3, 4)]
    with pytest.raises(ValueError, match=r"one shape throughout, got \(4,\) per sample after \(3,"):
        activations(nn.Sequential(nn.ReLU()), loader, ["0"])
