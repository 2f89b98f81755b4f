"""What numpy does with tensors on the CPU is what torch would do, for every type of them."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from kstar_gpu.cpu_tensors import (
    as_numpy,
    as_tensor,
    contiguous,
    converted,
    extremes,
    flattened,
    in_float64,
    row_bytes,
    side_by_side,
    taken,
)
from kstar_gpu.inputs.torch_tensors import FLOAT_DTYPES

EVERY = [*FLOAT_DTYPES, torch.int64]


def table(dtype, rng):
    return torch.from_numpy(rng.standard_normal((7, 10)) * 100).to(dtype)


@pytest.mark.parametrize("dtype", EVERY)
def test_memory_is_shared_there_and_back(dtype, rng):
    tensor = table(dtype, rng)
    back = as_tensor(as_numpy(tensor), tensor)
    assert back.dtype == dtype
    assert back.data_ptr() == tensor.data_ptr()


@pytest.mark.parametrize("dtype", EVERY)
def test_entries_are_taken(dtype, rng):
    tensor, positions = table(dtype, rng), np.array([6, 0, 0, 3])
    for each in (tensor, tensor[:, 0]):
        assert torch.equal(taken(each, positions), each[torch.from_numpy(positions)])


@pytest.mark.parametrize("dtype", EVERY)
def test_entries_are_laid_side_by_side(dtype, rng):
    tensor = table(dtype, rng)
    assert contiguous(tensor) is tensor
    for each in (tensor.T, tensor[:, ::3], tensor[::2]):
        found = contiguous(each)
        assert found.is_contiguous()
        assert torch.equal(found, each)


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
def test_numbers_are_kept_in_float64(dtype, rng):
    tensor = table(dtype, rng)
    tensor[0, :3] = torch.tensor([-0.0, torch.finfo(dtype).max, torch.finfo(dtype).tiny / 2])
    wanted = tensor.to(torch.float64).numpy()
    np.testing.assert_array_equal(in_float64(tensor).view(np.int64), wanted.view(np.int64))


@pytest.mark.parametrize("dtype", EVERY)
def test_axes_are_flattened(dtype, rng):
    images = table(dtype, rng).reshape(7, 5, 2)
    assert flattened(images).data_ptr() == images.data_ptr()
    for each in (images, images.transpose(1, 2), images[:, ::2]):
        assert torch.equal(flattened(each), each.flatten(1))


@pytest.mark.parametrize("other", FLOAT_DTYPES)
@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
def test_columns_are_put_side_by_side_as_torch_does(dtype, other, rng):
    parts = [table(dtype, rng), table(other, rng)[:, :3]]
    wanted, found = torch.cat(parts, 1), side_by_side(parts)
    assert found.dtype == wanted.dtype
    assert torch.equal(found, wanted)


def test_integers_are_converted(rng):
    whole = table(torch.int64, rng)
    for dtype in (torch.float32, torch.float64):
        assert torch.equal(converted(whole, dtype), whole.to(dtype))


@pytest.mark.parametrize("dtype", EVERY)
def test_extremes_are_found_and_what_is_not_finite(dtype, rng):
    tensor = table(dtype, rng)
    least, greatest = (float(bound) for bound in torch.aminmax(tensor))
    if dtype in (torch.float16, torch.bfloat16):
        greatest = max(-least, greatest)
        least = -greatest
    assert tuple(map(float, extremes(tensor))) == (least, greatest)
    if dtype.is_floating_point:
        for strange in (torch.inf, -torch.inf, torch.nan, -torch.nan):
            tensor[3, 4] = strange
            assert not all(np.isfinite(float(bound)) for bound in extremes(tensor[1:]))


# In a process of its own: torch's workers stay once they were called. Of the samples a quarter are
# equal to others; in the second set there are so many that one number of each is work for several.
CALLS = """
import os
from dataclasses import replace
import numpy as np
import torch
from kstar_gpu import kstar
from kstar_gpu.engines.cpu import common

def threads():
    return len(os.listdir("/proc/self/task"))

common.COSTS = replace(common.COSTS, worth=0)  # directions are always asked for
kstar(np.eye(4), [0, 0, 1, 1])
rng, before, wrong = np.random.default_rng(0), threads(), []
for n, d, classes in (1200, 500, 10), (33000, 4, 200):
    torch.set_num_threads(1)  # no workers for what is made here
    y = rng.integers(0, classes, n)
    x = rng.standard_normal((n, d)) * np.linspace(3, 0.1, d) + rng.standard_normal((classes, d))[y]
    x[: n // 4] = x[n // 4 : n // 4 * 2]
    x = x.astype(np.float32)
    wide, tensor, whole = x.astype(np.float64), torch.from_numpy(x), (x * 100).astype(np.int64) | 1
    kinds = dict(
        float32=x,
        float64=wide,
        float16=x.astype(np.float16),
        bfloat16=tensor.bfloat16(),
        swapped=x.astype(">f4"),
        int8=(x * 5).clip(-99, 99).astype(np.int8) | 1,
        int64=whole,
        int64_tensor=torch.from_numpy(whole),
        uint64=np.abs(whole).astype(np.uint64),
        large=whole << 30,
        strided=np.repeat(x, 2, axis=1)[:, ::2],
        backwards=x[:, ::-1],
        fortran=np.asfortranarray(x),
        fortran_tensor=torch.from_numpy(np.asfortranarray(x)),
        strided_bfloat16=tensor.bfloat16()[:, ::2],
        channels_last=tensor.reshape(n, 2, -1).transpose(1, 2),
    )
    labels = torch.from_numpy(y).bfloat16()
    torch.set_num_threads(3)
    for kind, values in kinds.items():
        for options in (
            dict(),
            dict(metric="cosine", normalize=True, return_foreign=True),
            dict(references=values[:500], reference_labels=labels[:500], return_foreign=True),
        ):
            kstar(values, labels, backend="cpu", **options)
            if threads() > before:
                wrong.append((n, kind, list(options)))
                before = threads()
assert not wrong, wrong
"""


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_no_call_of_the_cpu_engine_enters_torchs_workers():
    pytest.importorskip("kstar_gpu.engines.cpu._cpu", reason="the CPU engine is not built")
    done = subprocess.run([sys.executable, "-c", CALLS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("rows", [0, 3])
def test_bytes_of_rows(rows, dtype):
    numbers = torch.arange(2.0 * rows * 5).reshape(rows, 10).to(dtype)[:, ::2]  # not contiguous
    found = row_bytes(numbers)
    assert found.shape == (rows, 5 * dtype.itemsize)
    assert torch.equal(found.view(dtype), numbers)
