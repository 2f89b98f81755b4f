"""On a CUDA device: the same integers, handed back where the features were.

Where there is one, the tests of test_exact.py run on it as well, by their `backend` fixture.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.exact import assert_exact
from helpers.families import FAMILIES, HARD, labels

from kstar_gpu import definition, kstar
from kstar_gpu.columns import square_root

pytestmark = pytest.mark.gpu
ENGINES = ["cuda", "torch"]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_features_on_the_gpu(family, metric, engine, rng):
    x = family(rng, 700, 40)
    if metric == "cosine":
        x = x[(x.astype(np.float64) ** 2).sum(1) > 0]
    y = labels(rng, len(x), 5)
    wanted = definition.table(x.astype(np.float64), y, metric=metric)
    on_gpu = torch.from_numpy(x).cuda()
    result = kstar(
        on_gpu, torch.from_numpy(y).cuda(), metric=metric, return_foreign=True, backend=engine
    )
    assert all(column.device == on_gpu.device for column in result)
    np.testing.assert_array_equal(result.kstar.cpu().numpy(), wanted.kstar)
    np.testing.assert_array_equal(result.index.cpu().numpy(), wanted.row)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("shape", [(129, 33), (1000, 1), (2500, 257), (640, 2049)], ids=str)
def test_ragged_sizes(shape, engine, rng):
    n, d = shape
    x, y = rng.standard_normal((n, d)).astype(np.float32), labels(rng, n, 7)
    assert_exact(x, y, backend=engine, device="cuda")
    half = n // 2
    assert_exact(
        x[:half],
        y[:half],
        references=x[half:],
        reference_labels=y[half:],
        backend=engine,
        device="cuda",
    )


@pytest.mark.parametrize("case", HARD)
def test_hard_problems(case, rng):
    x, y = HARD[case](rng)
    assert_exact(x, y, backend="cuda", device="cuda")


@pytest.mark.parametrize("family", FAMILIES)
def test_narrow_balls_on_the_gpu(family, narrow_balls, monkeypatch, rng):
    monkeypatch.setattr("kstar_gpu.engines.cuda.balls.WIDTHS", (63,))  # a tile may end early
    assert_exact(family(rng, 900, 140), labels(rng, 900, 4), backend="cuda", device="cuda")


def test_many_tiles_and_tf32(rng):
    x, y = rng.standard_normal((20000, 128)).astype(np.float32), labels(rng, 20000, 10)
    rows = np.arange(0, 20000, 40)
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        result = kstar(x, y, device="cuda")
    finally:
        torch.set_float32_matmul_precision(before)
    assert isinstance(result, np.ndarray)
    np.testing.assert_array_equal(result[rows], definition.kstar(x, y, rows=rows))


def test_features_are_streamed_where_they_do_not_fit(rng):
    x, y = rng.standard_normal((100_000, 256)).astype(np.float32), labels(rng, 100_000, 10)
    rows = np.arange(0, 100_000, 1000)
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    limit = 120 << 20  # the features alone are 102 MB, and their balls 51
    result = kstar(x, y, backend="cuda", memory_limit=limit)
    assert torch.cuda.max_memory_allocated() - before <= limit
    np.testing.assert_array_equal(result[rows], definition.kstar(x, y, rows=rows))


def test_a_memory_limit_that_does_not_do_is_refused(rng):
    x, y = rng.standard_normal((500, 30)), labels(rng, 500, 3)
    with pytest.raises(ValueError, match="memory_limit: at least"):
        kstar(x, y, backend="cuda", memory_limit=10_000)


def test_on_the_callers_stream(rng):
    y = labels(rng, 3000, 5)
    x = torch.from_numpy(rng.standard_normal((3000, 64))).cuda()
    wanted = kstar(x, y, backend="cuda")
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        late = torch.zeros_like(x)
        torch.cuda._sleep(50_000_000)  # what is read too early is still zero
        late += x
        result = kstar(late, y, backend="cuda")
    assert torch.equal(result, wanted)


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="there is one CUDA device")
def test_on_another_device(rng):
    x, y = rng.standard_normal((700, 40)), labels(rng, 700, 5)
    on_second = torch.from_numpy(x).to("cuda:1")
    result = kstar(on_second, y, backend="cuda")
    assert result.device == on_second.device
    assert torch.cuda.current_device() == 0
    np.testing.assert_array_equal(result.cpu().numpy(), definition.kstar(x, y))


@pytest.mark.parametrize("dtype", [torch.int64, torch.int16, torch.uint8])
def test_labels_and_results_stay_on_the_device(dtype, tmp_path, rng):
    n = 1_000_000
    x, y = rng.standard_normal((n, 8)).astype(np.float32), labels(rng, n, 100)
    there = torch.from_numpy(x).cuda(), torch.from_numpy(y).to("cuda", dtype)
    kstar(*there, return_foreign=True)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        found = kstar(*there, return_foreign=True)
        torch.cuda.synchronize()
    trace = tmp_path / "trace.json"
    profile.export_chrome_trace(str(trace))
    events = json.loads(trace.read_text())["traceEvents"]
    copies = [each["args"]["bytes"] for each in events if "Memcpy DtoH" in each.get("name", "")]
    assert copies  # sizes of classes, and what launches report
    # Some rows of features go to the host, where directions are chosen; a column would be longer.
    assert max(copies) < n
    rows = np.arange(0, n, 20_000)
    np.testing.assert_array_equal(found.kstar[rows].cpu(), definition.kstar(x, y, rows=rows))


def test_roots_of_the_device_are_correctly_rounded(rng):
    values = rng.uniform(0, 1e9, 1_000_000)
    roots = square_root(torch.from_numpy(values).cuda())
    np.testing.assert_array_equal(roots.cpu().numpy(), np.sqrt(values))


def test_precomputed_on_the_gpu(rng):
    distances, y = rng.uniform(size=(300, 300)), labels(rng, 300, 3)
    result = kstar(torch.from_numpy(distances).cuda(), y, metric="precomputed")
    assert result.is_cuda
    np.testing.assert_array_equal(
        result.cpu().numpy(), definition.kstar(distances, y, metric="precomputed")
    )


@pytest.mark.skipif(shutil.which("compute-sanitizer") is None, reason="no compute-sanitizer")
@pytest.mark.parametrize("tool", ["memcheck", "racecheck", "synccheck"])
def test_compute_sanitizer_finds_nothing(tool):
    command = ["compute-sanitizer", "--tool", tool, "--error-exitcode", "9"]
    command += ["--kernel-name", "kns=kstar", "--report-api-errors", "no"]
    script = Path(__file__).parents[2] / "helpers" / "sanitizer_cases.py"
    # torch's allocator gives out parts of large pieces, between which nobody sees an overrun.
    variables = {**os.environ, "PYTORCH_NO_CUDA_MEMORY_CACHING": "1"}
    done = subprocess.run([*command, sys.executable, script], capture_output=True, env=variables)
    assert done.returncode == 0, done.stdout.decode()[-3000:]
