"""On a CUDA device: the same integers, handed back where the features were."""

import numpy as np
import pytest
import torch
from families import FAMILIES, labels

from kstar_gpu import definition, kstar

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_exact_on_the_gpu(family, metric, rng):
    x = family(rng, 700, 40)
    if metric == "cosine":
        x = x[(x.astype(np.float64) ** 2).sum(1) > 0]
    y = labels(rng, len(x), 5)
    wanted = definition.table(x.astype(np.float64), y, metric=metric)
    on_gpu = torch.from_numpy(x).cuda()
    result = kstar(on_gpu, torch.from_numpy(y).cuda(), metric=metric, return_foreign=True)
    assert all(column.device == on_gpu.device for column in result)
    np.testing.assert_array_equal(result.kstar.cpu().numpy(), wanted.kstar)
    np.testing.assert_array_equal(result.index.cpu().numpy(), wanted.row)


def test_many_tiles_and_tf32_on_the_gpu(rng):
    x, y = rng.standard_normal((5000, 128)).astype(np.float32), labels(rng, 5000, 10)
    rows = np.arange(0, 5000, 10)
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        result = kstar(x, y, device="cuda")
    finally:
        torch.set_float32_matmul_precision(before)
    assert isinstance(result, np.ndarray)
    np.testing.assert_array_equal(result[rows], definition.kstar(x, y, rows=rows))


def test_cupy_in_cupy_out(rng):
    cupy = pytest.importorskip("cupy")
    x, y = rng.standard_normal((300, 10)), labels(rng, 300, 3)
    result = kstar(cupy.asarray(x), cupy.asarray(y))
    assert isinstance(result, cupy.ndarray)
    np.testing.assert_array_equal(cupy.asnumpy(result), definition.kstar(x, y))


def test_precomputed_on_the_gpu(rng):
    distances, y = rng.uniform(size=(300, 300)), labels(rng, 300, 3)
    result = kstar(torch.from_numpy(distances).cuda(), y, metric="precomputed")
    assert result.is_cuda
    np.testing.assert_array_equal(
        result.cpu().numpy(), definition.kstar(distances, y, metric="precomputed")
    )
