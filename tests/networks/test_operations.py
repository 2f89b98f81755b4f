"""Operations by name: torch has them, and axes of a reshape belong together."""

import pytest
import torch
from torch import Size, Tensor
from torch.nn import functional

from kstar_gpu.networks import operations
from kstar_gpu.networks.operations import axes_taken, regrouped


@pytest.mark.parametrize(
    "table",
    [
        "CONVOLUTIONS",
        "SECOND",
        "RECURRENT",
        "VIEWS",
        "RESHAPES",
        "REDUCTIONS",
        "RESIZES",
        "UNCLEAR",
    ],
)
def test_torch_has_operations_of_these_names(table):
    homes = (torch, functional, Tensor)
    missing = [n for n in getattr(operations, table) if not any(hasattr(h, n) for h in homes)]
    assert missing == []


def test_axes_that_an_operation_takes():
    assert axes_taken("conv2d", 3) == 4
    assert axes_taken("max_pool1d", 2) == 3
    assert axes_taken("batch_norm", 4) == 4


@pytest.mark.parametrize(
    ("before", "after", "groups"),
    [
        ((2, 3, 4), (2, 12), [([0], 1), ([1, 2], 1)]),
        ((2, 12), (2, 3, 4), [([0], 1), ([1], 2)]),
        ((2, 3, 4), (6, 4), [([0, 1], 1), ([2], 1)]),
        ((4, 6), (3, 8), [([0, 1], 2)]),
        ((4, 4, 4), (4, 16), [([0], 1), ([1, 2], 1)]),
    ],
)
def test_axes_of_a_reshape(before, after, groups):
    assert [*regrouped(Size(before), Size(after))] == groups
