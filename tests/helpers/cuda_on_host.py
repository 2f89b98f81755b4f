"""The CUDA engine on the host: its very kernels, run thread for thread (csrc/simt)."""

import importlib
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).parents[2]
NAME = "_cuda_on_host"
BUILT = ROOT / "build" / f"{NAME}.so"
SOURCES = [ROOT / "csrc" / "cuda" / "bindings.cpp", ROOT / "csrc" / "cuda" / "launch.cu"]
FLAGS = ["-std=c++17", "-O2", "-ffp-contract=off", "-fno-math-errno", "-fPIC", "-shared"]
FLAGS += ["-fvisibility=hidden", f"-DKSTAR_MODULE={NAME}"]
PACKAGE = "kstar_gpu.engines.cuda"
# Over whose kernels they run, all but these do not care.
MODULES = {
    "arrays",
    "panels",
    "balls",
    "memory",
    "launches",
    "question",
    "search",
    "count",
    "engine",
}


def what_is_missing():
    """Return what keeps the kernels from being compiled here, or None."""
    if sys.platform == "win32":
        return "kernels run on the host where POSIX threads are"
    return None if shutil.which("g++") else "there is no C++ compiler"


def build():
    """Return the kernels, compiled for the host, as a module like `_cuda`."""
    import fcntl  # which Windows has not

    BUILT.parent.mkdir(parents=True, exist_ok=True)
    with BUILT.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one process compiles, the others wait for it
        newest = max(path.stat().st_mtime for path in (ROOT / "csrc").rglob("*.[chp]*"))
        if not BUILT.exists() or BUILT.stat().st_mtime < newest:
            _compile()
    spec = importlib.util.spec_from_file_location(NAME, BUILT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _compile():
    python = [sys.executable, "-m", "pybind11", "--includes"]
    includes = subprocess.run(python, capture_output=True, text=True).stdout.split()
    command = ["g++", "-x", "c++", *FLAGS, f"-I{ROOT / 'csrc'}", *includes, *map(str, SOURCES)]
    whole = BUILT.with_suffix(".new")
    subprocess.run([*command, "-o", str(whole)], check=True)
    whole.replace(BUILT)


def install(patch, kernels=None):
    """Let kstar() compute with the host's kernels until `patch`, pytest's, is undone.

    Or with other kernels that are called as they are.

    Returns the engine's modules as attributes; they are new ones, over these kernels.
    """
    from dataclasses import replace

    from kstar_gpu.engines import cuda, registry
    from kstar_gpu.engines.status import BackendStatus

    record = replace(
        registry.BACKENDS["cuda"],
        status=lambda: BackendStatus(True, "on the host"),
        device_type="cpu",
        obstacle=lambda device: None,
    )
    others = {name: other for name, other in registry.BACKENDS.items() if name != "cuda"}
    patch.setattr(registry, "BACKENDS", {"cuda": record, **others})  # "auto" takes the first one
    kernels = kernels or build()
    patch.setitem(sys.modules, f"{PACKAGE}._cuda", kernels)
    patch.setattr(cuda, "_cuda", kernels, raising=False)
    for name in MODULES:
        # Set, so that undoing it takes the new one away again; deleted, so that there is a new one.
        patch.setitem(sys.modules, f"{PACKAGE}.{name}", None)
        patch.setattr(cuda, name, None, raising=False)
        del sys.modules[f"{PACKAGE}.{name}"]
        delattr(cuda, name)
    return modules()


def modules():
    """Return the CUDA engine's modules, whatever kernels they run over, as attributes."""
    names = sorted(MODULES)
    return SimpleNamespace(**{name: importlib.import_module(f"{PACKAGE}.{name}") for name in names})
