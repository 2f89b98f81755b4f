"""Shapes of what layers give, with the batch as N; what does not run has none."""

import torch
from torch import nn

from kstar_gpu.networks.output_shapes import output_shapes


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 3)
        self.rnn = nn.GRU(5, 7)  # (T, N, D)
        self.unused = nn.Linear(2, 2)
        self.nothing = nn.Identity()
        self.dropout = nn.Dropout(0.5)

    def forward(self, x):
        maps = self.conv(x).flatten(2).permute(2, 0, 1)
        self.nothing(None)
        return self.dropout(self.rnn(maps)[0])


def test_each_layer():
    model = Net().train()
    x = torch.zeros(5, 3, 4, 4)
    shapes = output_shapes(model, x, 5)
    assert shapes == {
        "conv": ("N", 5, 2, 2),  # the first axis of that length
        "rnn": (4, "N", 7),
        "unused": None,
        "nothing": None,
        "dropout": (4, "N", 7),
    }
    assert model.training
    assert not any(module._forward_hooks for module in model.modules())
