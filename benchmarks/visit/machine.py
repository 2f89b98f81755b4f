"""What the machine is: versions, driver, clocks, compilers, the device's properties."""

import platform
import shutil
import subprocess
import sys
import sysconfig
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from visit.context import Visit

PACKAGES = (
    *("torch", "numpy", "scipy", "pandas", "scikit-learn", "tqdm", "triton", "cupy-cuda13x"),
    *("pip", "setuptools", "pybind11", "pytest", "pytest-xdist", "hypothesis"),
    *("pytest-benchmark", "torchmetrics", "faiss-cpu", "cuvs"),
)
CLOCKS = "name,driver_version,clocks.sm,clocks.max.sm,clocks.mem,power.draw,temperature.gpu"
COMMANDS = {
    "driver": ["nvidia-smi", f"--query-gpu={CLOCKS}", "--format=csv"],
    "compiler": ["g++", "--version"],
    "nvcc": ["nvcc", "--version"],
    "ncu": ["ncu", "--version"],
    "compute-sanitizer": ["compute-sanitizer", "--version"],
}
PROPERTIES = (
    *("name", "major", "minor", "total_memory", "multi_processor_count", "L2_cache_size"),
    *("shared_memory_per_block_optin", "shared_memory_per_multiprocessor"),
    *("regs_per_multiprocessor", "clock_rate", "memory_clock_rate", "memory_bus_width"),
)


def run(visit: Visit) -> None:
    """Look at all of it."""
    packages = {name: version_of(name) for name in PACKAGES}
    header = Path(sysconfig.get_paths()["include"]) / "Python.h"
    visit.record(
        "software",
        python=sys.version.split()[0],
        executable=sys.executable,
        kernel=platform.release(),
        packages={name: found for name, found in packages.items() if found},
        python_h=header.is_file(),
    )
    visit.record("tools", **{name: said(command) for name, command in COMMANDS.items()})
    import torch

    found: dict[str, object] = {"cuda": torch.version.cuda, "devices": torch.cuda.device_count()}
    if torch.cuda.is_available():
        properties = torch.cuda.get_device_properties(0)
        found |= {name: getattr(properties, name, None) for name in PROPERTIES}
        found["free_memory"] = torch.cuda.mem_get_info()[0]
    visit.record("device", **found)


def version_of(package: str) -> str | None:
    """Return the version of a package, or None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def said(command: list[str]) -> str:
    """Return what a tool says of itself."""
    if shutil.which(command[0]) is None:
        return "not found"
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    return (done.stdout or done.stderr).strip()
