"""What a call takes stays below its memory limit, the least one that it is not refused with."""

import subprocess
import sys
from pathlib import Path

import pytest

from kstar_gpu import available_backends

SCRIPT = Path(__file__).parent / "helpers" / "peak_memory.py"


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells the peak")
@pytest.mark.parametrize(
    ("backend", "samples", "features", "layout", "metric"),
    [
        ("cpu", 20000, 128, "fortran", "euclidean"),
        ("cpu", 20000, 128, "int64", "cosine"),
        ("cpu", 100000, 64, "plain", "euclidean"),
        ("torch", 5000, 256, "swapped", "euclidean"),
        ("torch", 3000, 2, "plain", "precomputed"),
    ],
)
def test_the_least_limit_is_kept(backend, samples, features, layout, metric):
    if not available_backends()[backend].available:
        pytest.skip(f"the {backend} backend is not built")
    command = [sys.executable, SCRIPT, backend, samples, features, layout, metric, 1]
    ended = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=200)
    assert ended.returncode == 0, ended.stderr
    limit, peak = map(int, ended.stdout.split())
    assert peak <= limit
