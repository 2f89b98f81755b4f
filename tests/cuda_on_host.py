"""The CUDA engine on the host: its very kernels, run thread for thread (csrc/simt)."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
NAME = "_cuda_on_host"
BUILT = ROOT / "build" / f"{NAME}.so"
SOURCES = [ROOT / "csrc" / "bindings_cuda.cpp", ROOT / "csrc" / "cuda" / "launch.cu"]
FLAGS = ["-std=c++17", "-O2", "-ffp-contract=off", "-fno-math-errno", "-fPIC", "-shared"]
FLAGS += ["-fvisibility=hidden", f"-DKSTAR_MODULE={NAME}"]


def build():
    """Compile the kernels for the host and return them as a module like `kstar_gpu._cuda`."""
    newest = max(path.stat().st_mtime for path in (ROOT / "csrc").rglob("*.[chp]*"))
    if not BUILT.exists() or BUILT.stat().st_mtime < newest:
        BUILT.parent.mkdir(parents=True, exist_ok=True)
        python = subprocess.run(
            [sys.executable, "-m", "pybind11", "--includes"], capture_output=True, text=True
        )
        includes = [f"-I{ROOT / 'csrc'}", *python.stdout.split()]
        own = BUILT.with_suffix(f".{os.getpid()}")  # others may be building, or importing, as well
        command = ["g++", "-x", "c++", *FLAGS, *includes, *map(str, SOURCES), "-o", str(own)]
        subprocess.run(command, check=True)
        own.replace(BUILT)
    spec = importlib.util.spec_from_file_location(NAME, BUILT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def install():
    """Compute with the host's kernels from here on, in a process that does nothing else."""
    import torch

    import kstar_gpu
    from kstar_gpu import search

    host = build()
    for name in ("cuda_balls", "cuda_memory", "cuda"):
        sys.modules.pop(f"kstar_gpu.backends.{name}", None)
    sys.modules["kstar_gpu._cuda"] = kstar_gpu._cuda = host
    search.choose_backend = lambda backend, device: "cuda"
    search._computing_device = lambda *_: torch.device("cpu")
    return host
