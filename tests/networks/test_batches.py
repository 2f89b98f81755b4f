"""Batches: inputs and labels, however a loader holds them, and nothing else."""

from collections import UserDict

import pytest
import torch
from helpers.small_models import INPUTS, LABELS
from torch import nn

from kstar_gpu import activations

PATHS = ["a.png"] * 7


class Named(nn.Module):
    """Takes pictures by the name that transformers have for them."""

    def forward(self, pixel_values, labels=None, bool_masked=None):
        assert labels is None
        return pixel_values


class Encoding(UserDict):
    """As tokenizers give them: a mapping that is no dict."""


@pytest.mark.parametrize(
    ("batch", "described"),
    [
        (INPUTS, r"batch 0 is a tensor of shape \(7, 3\)"),
        ((INPUTS,), r"batch 0 is \(a tensor of shape \(7, 3\)\)"),
        ((INPUTS, LABELS[:4]), r"shape \(7, 3\), a tensor of shape \(4,\)"),
        ((INPUTS, LABELS[:, None]), r"a tensor of shape \(7, 1\)"),
        ((INPUTS, ["a"] * 7), r"a tensor of shape \(7, 3\), a list\)"),
        ({"inputs": INPUTS, "labels": LABELS}, "batch 0 is a dict"),
        ({"inputs": INPUTS, "targets": LABELS}, "batch 0 is a dict: .*'labels' or 'label'"),
        ({"labels": LABELS}, "batch 0 is a dict: it has no inputs beside its labels"),
        (None, "batch 0 is None"),
    ],
)
def test_batches_that_are_not_pairs(model, batch, described):
    with pytest.raises(ValueError, match=f"pairs .inputs, labels. of tensors.*{described}"):
        activations(model, [batch], ["0"])


@pytest.mark.parametrize(
    ("inputs", "entry"),
    [
        ({"pixel_values": INPUTS, "bool_masked": False}, "'bool_masked' of its inputs is a bool"),
        ({"pixel_values": INPUTS, "path": PATHS}, "'path' of its inputs is a list"),
        ({"pixel_values": INPUTS[:3]}, r"'pixel_values' of its inputs is a tensor of shape \(3, 3"),
        ({"pixel_values": torch.tensor(1.0)}, r"'pixel_values' of its inputs is a tensor of shap"),
        ({"pixel_values": None}, "'pixel_values' of its inputs is None"),
        ([INPUTS, INPUTS], "inputs are "),
    ],
)
def test_an_entry_that_is_wrong_is_named(inputs, entry):
    batches = [(inputs, LABELS)]
    if isinstance(inputs, dict):
        batches.append({**inputs, "labels": LABELS})
    for batch in batches:
        with pytest.raises(ValueError, match=f"batch 0 is .*: .*{entry}"):
            activations(Named(), [batch], [""])


@pytest.mark.parametrize("of", [dict, Encoding])
@pytest.mark.parametrize("name", ["labels", "label"])
def test_mappings_with_labels(of, name):
    found = activations(Named(), [of({"pixel_values": INPUTS, name: LABELS})], [""])
    assert torch.equal(found.features[""], INPUTS)
    assert torch.equal(found.labels, LABELS)
    pairs = activations(Named(), [(of(pixel_values=INPUTS), LABELS)], [""])
    assert torch.equal(pairs.features[""], INPUTS)


@pytest.mark.parametrize(
    "batch", [(INPUTS, LABELS, PATHS), [INPUTS, LABELS, INPUTS], (INPUTS, LABELS, {"a": 1}, None)]
)
def test_more_may_follow(batch):
    found = activations(nn.Identity(), [batch], [""])
    assert torch.equal(found.features[""], INPUTS)
    assert torch.equal(found.labels, LABELS)


def test_two_that_may_be_labels_are_not_guessed():
    batch = (INPUTS, torch.arange(7), LABELS)
    with pytest.raises(ValueError, match="any of entries 1, 2: labels= says which"):
        activations(nn.Identity(), [batch], [""])
    assert torch.equal(activations(nn.Identity(), [batch], [""], labels=2).labels, LABELS)


def test_entries_by_name_and_number():
    batch = {"image": INPUTS, "fine": LABELS, "labels": LABELS[:3], "path": PATHS}
    by_place = activations(nn.Identity(), [batch], [""], inputs="image", labels="fine")
    assert torch.equal(by_place.features[""], INPUTS)
    assert torch.equal(by_place.labels, LABELS)
    named = {"pixel_values": INPUTS, "labels": LABELS, "path": PATHS}
    by_name = activations(Named(), [named], [""], inputs=["pixel_values"])
    assert torch.equal(by_name.features[""], INPUTS)
    later = activations(nn.Identity(), [(PATHS, LABELS, INPUTS)], [""], inputs=2)
    assert torch.equal(later.features[""], INPUTS)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"inputs": "image"}, ValueError, r"has no entry 'image', but \['pixel_values', 'labels'"),
        ({"labels": "fine"}, ValueError, "has no entry 'fine', but"),
        ({"labels": 1.5}, TypeError, "labels: the name or number of an entry is wanted, got 1.5"),
        ({"labels": True}, TypeError, "labels: the name or number of an entry is wanted, got True"),
        ({"inputs": 1.5}, TypeError, "inputs: the name or number of an entry, or names"),
        ({"inputs": [0, 1]}, TypeError, "inputs: the name or number of an entry, or names"),
    ],
)
def test_entries_that_are_not_there(options, error, message):
    with pytest.raises(error, match=message):
        activations(Named(), [{"pixel_values": INPUTS, "labels": LABELS}], [""], **options)


def test_a_name_that_the_model_does_not_take():
    batch = {"pixels": INPUTS, "labels": LABELS}
    with pytest.raises(ValueError, match=r"takes no 'pixels', but pixel_values.*inputs= names"):
        activations(Named(), [batch], [""])


@pytest.mark.parametrize("loader", [None, 3, "batches", {"a": [(INPUTS, LABELS)]}])
def test_loaders_that_are_none(loader):
    with pytest.raises(TypeError, match="loader: an iterable of batches is wanted, got "):
        activations(Named(), loader, [""])
