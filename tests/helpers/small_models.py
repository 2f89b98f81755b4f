"""Seven samples, and models that give what they are told to."""

import torch
from torch import nn

INPUTS = torch.randn(7, 3, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([2, 0, 1, 1, 0, 2, 0])


class Gives(nn.Module):
    """A module that gives what it is told to."""

    def __init__(self, output) -> None:
        super().__init__()
        self.output = output

    def forward(self, *_, **__):
        return self.output


def count_hooks(model: nn.Module) -> int:
    return sum(len(module._forward_hooks) for module in model.modules())
