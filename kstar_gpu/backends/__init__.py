"""The engines, and which of them this machine has."""

import json
from importlib import import_module
from importlib.resources import files
from typing import NamedTuple, Protocol

# By name: `torch` itself, here, is the module of that backend.
from torch import Tensor, get_num_threads
from torch import __version__ as torch_version
from torch import device as Device

from ..problem import Problem

BACKENDS = ("cpu", "torch")


class BackendStatus(NamedTuple):
    """Whether a backend can be used here, and what it is or why not."""

    available: bool
    detail: str


class Engine(Protocol):
    """What a backend does: it answers the two questions of k*, and holds no policy."""

    def nearest_foreign(self) -> tuple[Tensor, Tensor]:
        """Return per position the squared distance (float64) and the row of the nearest foreign."""
        ...

    def count_within(self, squared_radii: Tensor) -> Tensor:
        """Return per position how many others of its class are nearer than its radius (int64)."""
        ...


def available_backends() -> dict[str, BackendStatus]:
    """Return the status of every backend: whether it can be used, and why not if it cannot.

    Examples
    --------
    >>> available_backends()["torch"].available
    True
    """
    detail = f"torch {torch_version}, {get_num_threads()} threads"
    return {"cpu": _compiled("cpu"), "torch": BackendStatus(True, detail)}


def _compiled(name: str) -> BackendStatus:
    """Look for the compiled extension of a backend, or for the reason why it was not built."""
    extension = f"kstar_gpu._{name}"
    try:
        import_module(extension)
    except ImportError as error:
        record = files("kstar_gpu") / "_build_failures.json"
        failures = json.loads(record.read_text()) if record.is_file() else {}
        reason = failures.get(extension, str(error))
        return BackendStatus(False, f"{extension} was not built when the package was: {reason}")
    return BackendStatus(True, f"compiled extension {extension}")


def choose_backend(backend: str, device: Device) -> str:
    """Resolve "auto" and refuse what is unknown, missing or on the wrong device."""
    if backend == "auto":
        return "cpu" if device.type == "cpu" and _compiled("cpu").available else "torch"
    if backend not in BACKENDS:
        raise ValueError(
            f"backend: 'auto', {', '.join(map(repr, BACKENDS))} are known, got {backend!r}"
        )
    status = available_backends()[backend]
    if not status.available:
        raise ValueError(f"backend: {backend!r} is not available here: {status.detail}")
    if backend == "cpu" and device.type != "cpu":
        raise ValueError(f"device: backend 'cpu' computes on the CPU, got {str(device)!r}")
    return backend


def make_engine(
    backend: str, problem: Problem, device: Device, memory_limit: int | None, progress: bool
) -> Engine:
    """Return the engine of this name, set to the problem."""
    module = import_module(f".{backend}", __package__)
    engine: Engine = module.Engine(problem, device, memory_limit, progress)
    return engine
