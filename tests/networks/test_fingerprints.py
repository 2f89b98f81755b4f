"""What is the same data, whatever its batches, and what is not."""

import pytest
import torch
from helpers.small_sweep import INPUTS, LABELS, network, same
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from kstar_gpu import Sweep, sweep


def test_batches_of_another_size_are_the_same_data(tmp_path):
    samples = TensorDataset(INPUTS, LABELS)
    whole = sweep(network(), DataLoader(samples, batch_size=60), ["0", "2"])
    sweep(network(), DataLoader(samples, batch_size=16), ["0"], out=tmp_path)
    sweep(network(), DataLoader(samples, batch_size=7), ["0", "2"], out=tmp_path)
    loaded = Sweep.load(tmp_path)
    for key, result in whole.results.items():
        assert same(loaded[key], result)
    moved = TensorDataset(INPUTS.flip(0), LABELS)
    with pytest.raises(ValueError, match="made with other inputs or labels"):
        sweep(network(), DataLoader(moved, batch_size=16), ["0", "2"], out=tmp_path)


def test_inputs_that_are_padded_otherwise_are_other_inputs(tmp_path):
    class Tokens(nn.Module):
        def forward(self, ids, attention_mask):
            return ids[:, :, None].float()

    def padded(size):
        """Yield batches of 1, 2, 3, 1, 2, ... tokens, padded to their longest."""
        lengths = 1 + torch.arange(60) % 3
        for rows in torch.arange(60).split(size):
            mask = torch.arange(lengths[rows].max()) < lengths[rows, None]
            inputs = {"ids": (rows[:, None] + 1) * mask, "attention_mask": mask.long()}
            yield inputs, LABELS[rows]

    sweep(Tokens(), [*padded(3)], [""], out=tmp_path)
    sweep(Tokens(), [*padded(6)], [""], out=tmp_path)  # as long
    with pytest.raises(ValueError, match="was made with other inputs or labels"):
        sweep(Tokens(), [*padded(1)], [""], out=tmp_path)
