"""Activations: the right rows in the right order."""

import pytest
import torch
from helpers.small_models import INPUTS, LABELS
from torch import nn

from kstar_gpu import activations


def test_gives_each_layers_output_in_the_loaders_order(model, loader):
    features, labels = activations(model, loader, ["0", "3", ""])
    model.eval()
    with torch.no_grad():
        batches = [(model[0](inputs), model(inputs)) for inputs, _ in loader]
    first, last = (torch.cat(parts) for parts in zip(*batches, strict=True))
    assert torch.equal(features["0"], first)  # not what the in-place ReLU after it left there
    assert torch.equal(features["3"], last)
    assert torch.equal(features[""], last)  # "" is the model itself
    assert torch.equal(labels, LABELS)
    assert list(features) == ["0", "3", ""]
    assert not any(values.requires_grad for values in features.values())


def test_keeps_shape_and_dtype_of_the_output():
    model = nn.Conv2d(1, 4, 3).to(torch.float64)
    loader = [(torch.ones(2, 1, 5, 5, dtype=torch.float64), torch.tensor([0, 1]))]
    features = activations(model, loader, [""], pool="flatten").features[""]
    assert features.shape == (2, 4 * 3 * 3)
    assert features.dtype == torch.float64


def test_a_model_without_parameters_will_do(loader):
    features = activations(nn.Sequential(nn.Flatten()), loader, ["0"]).features["0"]
    assert torch.equal(features, INPUTS)


def test_a_module_is_found_under_each_of_its_names(loader):
    model = nn.Sequential(nn.Flatten())
    model.alias = model[0]
    model.forward = lambda inputs: model[0](inputs)
    features = activations(model, loader, ["0", "alias"]).features
    assert torch.equal(features["0"], features["alias"])


def test_kept_in_another_dtype(model, loader):
    features = activations(model, loader, ["3"], dtype=torch.float16).features["3"]
    assert features.dtype == torch.float16


def test_empty_loader(model):
    with pytest.raises(ValueError, match="loader is empty"):
        activations(model, [], ["0"])
