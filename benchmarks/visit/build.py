"""Build the package for the device's architecture alone, with line numbers; nothing is fetched."""

import os
import subprocess
import sys
import time

from visit.context import Visit
from visit.plan import ROOT

ARCHITECTURE_TO_REHEARSE = "90"
PIP = ["-m", "pip", "install", "--no-build-isolation", "--no-deps", "--no-index", "-e", "."]


def run(visit: Visit) -> None:
    """Build; the log has what the compiler says."""
    built_for = architecture(visit.rehearse)
    wanted = {"KSTAR_CUDA": "1", "KSTAR_CUDA_ARCHS": built_for, "KSTAR_NVCC_FLAGS": "-lineinfo"}
    start = time.monotonic()
    done = subprocess.run([sys.executable, *PIP, "-v"], cwd=ROOT, env={**os.environ, **wanted})
    visit.record("build", seconds=time.monotonic() - start, code=done.returncode, **wanted)
    if done.returncode != 0:
        raise SystemExit("the build failed")


def architecture(rehearse: bool) -> str:
    """Return the device's compute capability as nvcc wants it."""
    if rehearse:
        return ARCHITECTURE_TO_REHEARSE
    import torch

    major, minor = torch.cuda.get_device_capability()
    return f"{major}{minor}"
