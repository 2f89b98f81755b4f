"""Axes keep their names through what is computed."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from kstar_gpu.networks.axes import AxisTracker

MAPS = torch.randn(4, 4, 4, 4)  # shapes tell nothing
WEIGHT = torch.randn(4, 4, 1, 1)


def followed(compute, tensor):
    """Return where batch and channels are at the end, and whether their order was changed."""
    with AxisTracker([tensor]) as tracker:
        axes = tracker.known[compute(tensor)]
    return tracker.batch_axis(axes), tracker.channel_axis(axes), axes.moved


@pytest.mark.parametrize(
    ("compute", "batch", "channels"),
    [
        (lambda x: F.conv2d(x, WEIGHT), 0, 1),
        (lambda x: F.linear(x, WEIGHT[:, :, 0, 0]), 0, 3),
        (lambda x: F.linear(x, WEIGHT[:, :, 0, 0]).mT, 0, 2),
        (lambda x: x @ WEIGHT[:, :, 0, 0], 0, 3),
        (lambda x: F.conv2d(x, WEIGHT).permute(2, 0, 3, 1), 1, 3),
        (lambda x: torch.permute(F.conv2d(x, WEIGHT), dims=(0, 2, 3, 1)), 0, 3),
        (lambda x: torch.transpose(F.conv2d(x, WEIGHT), 1, -1).contiguous(), 0, 3),
        (lambda x: F.conv2d(x, WEIGHT).movedim(1, -1).relu_() + 1, 0, 3),
        (lambda x: F.layer_norm(x, (4,)), 0, 3),
        (lambda x: F.batch_norm(x, torch.zeros(4), torch.ones(4)), 0, 1),
        (lambda x: F.group_norm(x, 2), 0, 1),
        (lambda x: F.max_pool2d(F.conv2d(x, WEIGHT), 2), 0, 1),
        (lambda x: F.interpolate(F.conv2d(x, WEIGHT), scale_factor=2.0), 0, 1),
        (lambda x: F.conv2d(x, WEIGHT).flatten(2), 0, 1),
        (lambda x: F.conv2d(x, WEIGHT).flatten(2).transpose(1, 2), 0, 2),
        (lambda x: F.layer_norm(x, (4,)).reshape(4, 16, 4), 0, 2),
        (lambda x: F.layer_norm(x, (4,)).view(4, 4, 4, 2, 2).flatten(3), 0, 3),
        (lambda x: F.conv2d(x, WEIGHT)[:, :, 0], 0, 1),
        (lambda x: F.conv2d(x, WEIGHT)[:, :, 1:, None], 0, 1),
        (lambda x: F.conv2d(x, WEIGHT).unbind(2)[1], 0, 1),
        (lambda x: F.layer_norm(x, (4,)).chunk(2, 3)[0], 0, 3),
        (lambda x: F.conv2d(x, WEIGHT).mean(dim=3), 0, 1),
        (lambda x: F.layer_norm(x, (4,)).sum(1), 0, 2),
        (lambda x: torch.cat([x, F.conv2d(x, WEIGHT)], 1), 0, 1),
        (lambda x: torch.randn(4, 4, 4, 4) * F.conv2d(x, WEIGHT), 0, 1),
        (lambda x: F.linear(x.flatten(0, 1), WEIGHT[..., 0, 0]).view_as(x) + x.relu(), 0, 3),
        (lambda x: F.scaled_dot_product_attention(x, x, F.layer_norm(x, (4,))), 0, 3),
    ],
)
def test_batch_and_channels(compute, batch, channels):
    found = followed(compute, MAPS)
    assert found[:2] == (batch, channels)


def test_modules_of_sequences():
    for module, batch in ((nn.LSTM(4, 4), 1), (nn.GRU(4, 4, batch_first=True), 0)):
        found = followed(lambda x, m=module, b=batch: m(x.transpose(0, b))[0], MAPS[0])
        assert found[:2] == (batch, 2)
    attention = nn.MultiheadAttention(4, 2)
    assert followed(lambda x: attention(x, x, x)[0].transpose(0, 1), MAPS[0])[:2] == (1, 2)
    embedding = nn.Embedding(9, 4)
    assert followed(embedding, torch.ones(4, 4, dtype=torch.long))[:2] == (0, 2)


@pytest.mark.parametrize(
    ("compute", "moved"),
    [
        (lambda x: x.relu(), False),
        (lambda x: x.reshape(4, 16, 4), False),
        (lambda x: x.permute(0, 2, 3, 1), True),
        (lambda x: torch.einsum("bchw->bhwc", x), True),
        (lambda x: (y := F.conv2d(x, WEIGHT)) + y.transpose(1, 3), True),  # they disagree
        (lambda x: F.conv2d(x, WEIGHT)[torch.tensor([0, 1])], True),
    ],
)
def test_what_is_not_understood_is_not_guessed(compute, moved):
    assert followed(compute, MAPS)[1:] == (None, moved)


def test_results_are_those_of_the_operations():
    with AxisTracker([MAPS]):
        found = F.conv2d(MAPS, WEIGHT).permute(0, 2, 3, 1).amax(1)
    assert torch.equal(found, F.conv2d(MAPS, WEIGHT).permute(0, 2, 3, 1).amax(1))


def test_errors_are_those_of_the_operations():
    with AxisTracker([MAPS]), pytest.raises(RuntimeError, match="shape"):
        MAPS.reshape(3, -1)
