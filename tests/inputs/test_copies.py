"""Whether features that came in are still the caller's."""

import numpy as np
import pandas as pd
import pytest
import torch

from kstar_gpu.inputs.arrays import to_tensor
from kstar_gpu.inputs.copies import copied_bytes
from kstar_gpu.inputs.problem import feature_matrix

N, D = 12, 5


def copied(given):
    """Return how many bytes are copied on the way in."""
    tensor = to_tensor(given, "features")
    return copied_bytes(feature_matrix(tensor, "features", len(tensor), "labels"), given)


@pytest.mark.parametrize(
    "given",
    [
        np.ones((N, D), np.float32),
        np.ones((2 * N, D))[::2],
        np.ones((N, 1, D)),
        np.asfortranarray(np.ones((N, 1))),
        torch.ones(N, D, dtype=torch.bfloat16),
        torch.ones(N, D, requires_grad=True),
        pd.DataFrame(np.ones((N, D))[:, :1]),
    ],
    ids=lambda given: type(given).__name__,
)
def test_shared_memory_is_no_copy(given):
    assert copied(given) == 0


@pytest.mark.parametrize(
    ("given", "size"),
    [
        (np.asfortranarray(np.ones((N, D))), 8),
        (np.ones((N, 2 * D))[:, ::2], 8),
        (np.ones((N, D), np.float32)[::-1], 4),
        (np.ones((N, D), ">f8"), 8),
        (np.ones((N, D), np.int64), 4),
        (np.ones((N, D), ">u8"), 4),
        (np.full((N, D), 1 << 40), 8),
        (np.ones((N, D), bool), 4),
        (torch.ones(D, N).T, 4),
        (torch.ones(N, D, dtype=torch.int32), 4),
        (np.ones((N, D)).tolist(), 8),
        (pd.DataFrame({name: np.ones(N, np.int32) for name in "abcde"}), 4),
    ],
    ids=lambda value: type(value).__name__,
)
def test_copies_are_counted(given, size):
    assert copied(given) == N * D * size
