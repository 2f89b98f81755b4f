"""Stages: the parts of a model that are alike, wherever in it they are; what never runs is none."""

import pytest
from torch import nn

from kstar_gpu.networks.stages import stages


def block():
    return nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4), nn.ReLU())


class Named(nn.Module):
    """Parts by their names."""

    def __init__(self, **parts):
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, x):
        return x


class Dense(nn.ModuleDict):
    """A list that runs, as the blocks of a DenseNet do."""

    def forward(self, x):
        return x


def resnet():
    stem = dict(conv=nn.Conv2d(3, 4, 3), norm=nn.BatchNorm2d(4), pool=nn.MaxPool2d(2))
    deep = nn.Sequential(*(block() for _ in range(9)))  # holds most of all
    return Named(**stem, layer1=block(), layer2=nn.Sequential(block()), layer3=deep, fc=block())


def transformer(container):
    blocks = container([block() for _ in range(4)])
    encoder = Named(layer=blocks, norm=nn.LayerNorm(4))
    return Named(embeddings=nn.Embedding(9, 4), encoder=encoder, head=nn.Linear(4, 2))


BLOCKS = [f"encoder.layer.{number}" for number in range(4)]


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (resnet, ["conv", "layer1", "layer2", "layer3", "fc"]),
        (lambda: transformer(nn.ModuleList), ["embeddings", *BLOCKS, "head"]),
        (lambda: transformer(lambda parts: nn.Sequential(*parts)), ["embeddings", *BLOCKS, "head"]),
        (lambda: nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2)), ["0", "2"]),
        (lambda: Named(a=nn.ModuleList([block()]), b=block()), ["a.0", "b"]),
        (lambda: Named(a=Dense({"x": block()}), b=block(), c=block()), ["a", "b", "c"]),
        (lambda: nn.Linear(2, 2), [""]),
        (nn.ReLU, [""]),
    ],
)
def test_stages(model, names):
    assert stages(model()) == names
