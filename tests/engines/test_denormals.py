"""Denormals are kept where they matter, and who would flush them is known."""

import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
from helpers.families import FAMILIES

from kstar_gpu import definition, kstar
from kstar_gpu.distance import SMALL
from kstar_gpu.engines.denormals import _flushes, _tiny, denormals_kept

BORN_FLUSHING = """
import sys
import numpy as np
import torch
torch.set_num_threads(4)
torch.set_flush_denormal(True)
torch.ones(1 << 20).mul_(2)  # the workers are born now, and flush for ever
from helpers.families import denormal_differences, labels
from kstar_gpu import definition, kstar
rng = np.random.default_rng(0)
x, y = denormal_differences(rng, 1000, 40), labels(rng, 1000, 3)
large = np.concatenate([np.full((1000, 1), 1e149), x[:, 1:] * 1e150], axis=1)  # of unit rows tiny
queries = np.eye(1, 40).repeat(50, axis=0)  # not tiny themselves
backend = sys.argv[1]
results = [
    kstar(x, y, backend=backend),
    kstar(large, y, metric="cosine", backend=backend),
    kstar(queries, y[:50], references=x, reference_labels=y, backend=backend),
]
state = torch.get_num_threads(), bool(torch.full((1,), 1e-310, dtype=torch.float64) * 1.0 == 0)
torch.set_flush_denormal(False)
rows = np.arange(0, 1000, 5)
assert (results[0][rows] == definition.kstar(x, y, rows=rows)).all()
assert (results[1][rows] == definition.kstar(large, y, metric="cosine", rows=rows)).all()
assert (results[2] == definition.kstar(queries, y[:50], x, y)).all()
assert state == (4, True), state
"""


def test_workers_that_flush_are_avoided(backend, request):
    subprocess.run(
        [sys.executable, "-c", BORN_FLUSHING, backend], check=True, cwd=request.path.parents[1]
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_frames_of_several_types_keep_their_denormals(dtype, backend):
    pandas = pytest.importorskip("pandas")
    small = np.arange(8) * np.float32(1e-44)
    frame = pandas.DataFrame({"a": small.astype(dtype), "b": np.ones(8)})
    y = np.arange(8) // 3 % 2
    wanted = definition.kstar(frame.to_numpy(np.float64) * 2.0**60, y)
    torch.set_flush_denormal(True)
    try:
        result = kstar(frame, y, backend=backend)
    finally:
        torch.set_flush_denormal(False)
    np.testing.assert_array_equal(result, wanted)


def test_a_thread_stops_flushing_for_a_while():
    seen = []

    def flushing():
        torch.set_flush_denormal(True)
        with denormals_kept():
            seen.append(_flushes(1))
        seen.append(_flushes(1))

    thread = threading.Thread(target=flushing)
    thread.start()
    thread.join()
    assert seen == [False, True]
    assert not _flushes(1)  # each thread has its own


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_what_is_tiny(family, dtype, rng):
    values = torch.from_numpy(np.asarray(family(rng, 60, 9), dtype=np.float64)).to(dtype)
    magnitudes = values.double().abs()
    least = min(magnitudes[magnitudes > 0].tolist(), default=np.inf)
    longest = max(1.0, float(magnitudes.max()) * 3)
    limit = SMALL * longest if dtype == torch.float64 else 2.0**-126
    assert _tiny(values) == (least < limit)


@pytest.mark.parametrize(
    ("dtype", "normal"),
    [(torch.bfloat16, 2.0**-126), (torch.float32, 2.0**-126), (torch.float64, SMALL)],
)
def test_what_is_just_not_tiny(dtype, normal):
    values = torch.tensor([[0.0, 0.5], [-normal, 0.5]], dtype=dtype)
    assert not _tiny(values)
    values[1, 0] *= 0.75
    assert _tiny(values)
    assert not _tiny(torch.zeros(3, 2, dtype=dtype))


def test_values_that_divided_by_a_norm_are_tiny():
    values = torch.tensor([[1e100, SMALL * 2.0**300]], dtype=torch.float64)
    assert _tiny(values)
    values[0, 1] = SMALL * 2.0**400
    assert not _tiny(values)


def test_float16_is_never_tiny():
    assert not _tiny(torch.full((3, 2), 2.0**-24, dtype=torch.float16))
