"""Batches: pairs of inputs and labels, and nothing else."""

import pytest
from helpers.small_models import INPUTS, LABELS

from kstar_gpu import activations


@pytest.mark.parametrize(
    ("batch", "described"),
    [
        (INPUTS, r"batch 0 is a tensor of shape \(7, 3\)"),
        ((INPUTS,), r"batch 0 is \(a tensor of shape \(7, 3\)\)"),
        ((INPUTS, LABELS[:4]), r"shape \(7, 3\), a tensor of shape \(4,\)"),
        ((INPUTS, LABELS[:, None]), r"a tensor of shape \(7, 1\)"),
        ((INPUTS, ["a"] * 7), r"a tensor of shape \(7, 3\), a list\)"),
        ({"inputs": INPUTS, "labels": LABELS}, "batch 0 is a dict"),
    ],
)
def test_batches_that_are_not_pairs(model, batch, described):
    with pytest.raises(ValueError, match=f"pairs .inputs, labels. of tensors.*{described}"):
        activations(model, [batch], ["0"])
