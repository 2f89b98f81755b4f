"""The engines, and which of them this machine has."""

import json
from importlib import import_module
from importlib.resources import files
from typing import NamedTuple, Protocol

# By name: `torch` itself, here, is the module of that backend.
from torch import Tensor, get_num_threads
from torch import __version__ as torch_version
from torch import cuda as torch_cuda
from torch import device as Device

from ..inputs.problem import Problem
from .torch_state import float64_device

BACKENDS = ("cpu", "cuda", "torch")
# Compute capabilities whose tensor cores are known to round as FLOAT16_ON_TENSOR_CORES in
# bounds.py says.
KNOWN_CAPABILITIES = ((8, 0), (8, 6), (8, 7), (8, 9), (9, 0), (10, 0), (10, 3), (12, 0), (12, 1))


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
    return {"cpu": _compiled("cpu"), "cuda": _cuda_status(), "torch": BackendStatus(True, detail)}


def _cuda_status() -> BackendStatus:
    compiled = _compiled("cuda")
    if not compiled.available:
        return compiled
    machine = import_module("kstar_gpu.engines.cuda._cuda").machine()
    missing = what_is_missing(machine.runtime, machine.driver, machine.devices)
    if missing is None and not torch_cuda.is_available():
        missing = f"torch {torch_version} was built without CUDA, or cannot use it"
    return BackendStatus(missing is None, missing or compiled.detail)


def what_is_missing(runtime: int, driver: int, devices: int) -> str | None:
    """Return what keeps CUDA from working on this machine, or None.

    Parameters
    ----------
    runtime, driver : versions of CUDA, 1000 * major + 10 * minor; driver 0 if there is none
    devices : how many CUDA devices the driver finds
    """

    def version(number: int) -> str:
        return f"{number // 1000}.{number % 1000 // 10}"

    wanted = runtime // 1000 * 1000
    if driver == 0:
        return "this machine has no NVIDIA driver"
    if driver < wanted:
        return (
            f"the NVIDIA driver is too old: it supports CUDA {version(driver)}, and "
            f"{version(wanted)} is wanted"
        )
    if devices == 0:
        return "the NVIDIA driver finds no CUDA device"
    return None


def _compiled(name: str) -> BackendStatus:
    """Look for the compiled extension of a backend, or for the reason why it was not built."""
    extension = f"kstar_gpu.engines.{name}._{name}"
    try:
        import_module(extension)
    except ImportError as error:
        record = files("kstar_gpu.engines") / "_build_failures.json"
        failures = json.loads(record.read_text()) if record.is_file() else {}
        reason = failures.get(extension, str(error))
        return BackendStatus(False, f"{extension} was not built when the package was: {reason}")
    return BackendStatus(True, f"compiled extension {extension}")


def choose_backend(backend: str, device: Device) -> str:
    """Resolve "auto" and refuse what is unknown, missing or on the wrong device."""
    if backend == "auto":
        if device.type == "cpu":
            return "cpu" if _compiled("cpu").available else "torch"
        usable = device.type == "cuda" and _cuda_status().available
        return "cuda" if usable and _obstacle(device) is None else "torch"
    if backend not in BACKENDS:
        raise ValueError(
            f"backend: 'auto', {', '.join(map(repr, BACKENDS))} are known, got {backend!r}"
        )
    status = available_backends()[backend]
    if not status.available:
        raise ValueError(f"backend: {backend!r} is not available here: {status.detail}")
    wanted = {"cpu": "the CPU", "cuda": "a CUDA device"}.get(backend)
    if wanted and device.type != backend:
        raise ValueError(f"device: backend {backend!r} computes on {wanted}, got {str(device)!r}")
    if backend == "cuda" and (obstacle := _obstacle(device)):
        raise ValueError(f"device: {obstacle}; backend='torch' works there, got {str(device)!r}")
    return backend


def _obstacle(device: Device) -> str | None:
    """Return why the CUDA engine must not, or cannot, use this device; None if it can."""
    capability = torch_cuda.get_device_capability(device)
    if capability not in KNOWN_CAPABILITIES:
        major, minor = capability
        return f"how tensor cores round is not known for compute capability {major}.{minor}"
    with torch_cuda.device(device):
        kernels = import_module("kstar_gpu.engines.cuda._cuda")
        missing: str | None = kernels.code_missing(device.index or 0)
    return missing


def default_device(backend: str, features: Tensor) -> Device:
    """Return where a backend computes if nobody says so: where the features are, if it can."""
    if backend in ("cpu", "cuda") and features.device.type != backend:
        return Device(backend)
    return features.device


def home(backend: str, device: Device, inputs: list[Tensor], memory_limit: int | None) -> Device:
    """Return where a backend wants the features to be kept."""
    if backend == "cuda":
        memory = import_module(".cuda.memory", __package__)
        place: Device = memory.home(inputs, device, memory_limit)
        return place
    return float64_device(device)


def make_engine(
    backend: str, problem: Problem, device: Device, memory_limit: int | None, progress: bool
) -> Engine:
    """Return the engine of this name, set to the problem."""
    folder = "portable" if backend == "torch" else backend
    module = import_module(f".{folder}.engine", __package__)
    engine: Engine = module.Engine(problem, device, memory_limit, progress)
    return engine
