"""Which engines there are, and which of them serves a call: one record each."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import torch

from ..inputs.devices import named_device
from ..inputs.metrics import PRECOMPUTED
from .base import Engine
from .cuda.status import obstacle as cuda_obstacle
from .cuda.status import status as cuda_status
from .one_sided import OneSided
from .pairs import Pairs
from .status import BackendStatus, extension_status


def _cpu_status() -> BackendStatus:
    return extension_status("kstar_gpu.engines.cpu._cpu")


def _torch_status() -> BackendStatus:
    return BackendStatus(True, f"torch {torch.__version__}, {torch.get_num_threads()} threads")


def _no_obstacle(device: torch.device) -> None:
    return None


@dataclass(frozen=True)
class Record:
    """What is known of an engine before it is loaded.

    Attributes
    ----------
    module : where its class `Engine` is, relative to this package
    status : whether it can be used on this machine, and why not
    device_type : of the devices that it computes on; None for all that torch has
    devices : the same in words
    obstacle : from a device of that type to why it cannot be used there, or None
    pairs : where its class `Pairs` is, if both samples of a pair of shards can ask at once
    """

    module: str
    status: Callable[[], BackendStatus]
    device_type: str | None = None
    devices: str = "any device"
    obstacle: Callable[[torch.device], str | None] = _no_obstacle
    pairs: str | None = None

    def computes_on(self, device: torch.device) -> bool:
        """Whether devices of this type are its own."""
        return self.device_type in (None, device.type)

    def serves(self, device: torch.device) -> bool:
        """Whether it can be used on this device, here and now."""
        return (
            self.computes_on(device) and self.status().available and self.obstacle(device) is None
        )

    def load(self) -> type[Engine]:
        """Return its class."""
        engine: type[Engine] = import_module(self.module, __package__).Engine
        return engine

    def load_pairs(self, device: torch.device) -> Pairs[Any]:
        """Return what serves pairs of shards."""
        if self.pairs is None:
            return OneSided(self.load(), device)
        pairs: Pairs[Any] = import_module(self.pairs, __package__).Pairs(device)
        return pairs


# "auto" takes the first one that serves the device; the last one serves any.
BACKENDS = {
    "cpu": Record(".cpu.engine", _cpu_status, "cpu", "the CPU", pairs=".cpu.pairs"),
    "cuda": Record(".cuda.engine", cuda_status, "cuda", "a CUDA device", cuda_obstacle),
    "torch": Record(".portable.engine", _torch_status),
}
# Distances that are given are only compared, which torch does wherever a backend computes.
OF_PRECOMPUTED = Record(".precomputed", _torch_status)


def available_backends() -> dict[str, BackendStatus]:
    """Return the status of every backend: whether it can be used, and why not if it cannot.

    Examples
    --------
    >>> available_backends()["torch"].available
    True
    """
    return {name: record.status() for name, record in BACKENDS.items()}


def choose_engine(backend: str, metric: str, device: torch.device) -> type[Engine]:
    """Resolve "auto" and refuse what is unknown, missing or on the wrong device.

    Raises
    ------
    ValueError
        That names what is in the way, and what would do.
    """
    record = _chosen(backend, device)
    return (OF_PRECOMPUTED if metric == PRECOMPUTED else record).load()


def choose_pairs(backend: str, metric: str, device: torch.device) -> Pairs[Any]:
    """Return likewise what serves pairs of shards.

    Raises
    ------
    ValueError
        As `choose_engine`; for distances that are given, which belong to no shard.
    """
    record = _chosen(backend, device)
    check_belongs_to_shards(metric)
    return record.load_pairs(device)


def check_belongs_to_shards(metric: str) -> None:
    """Refuse distances that are given, which belong to no shard."""
    if metric == PRECOMPUTED:
        raise ValueError(
            f"metric: features are wanted where samples come in shards, got {metric!r}, under "
            "which distances between all of them are given"
        )


def check_backend(backend: str) -> None:
    """Refuse what names no backend, whether it is available here or not."""
    if not isinstance(backend, str):
        raise TypeError(f"backend: a name is wanted, got {backend!r}")
    if backend not in ("auto", *BACKENDS):
        raise ValueError(
            f"backend: 'auto', {', '.join(map(repr, BACKENDS))} are known, got {backend!r}"
        )


def _chosen(backend: str, device: torch.device) -> Record:
    return _first_that_serves(device) if backend == "auto" else _named(backend, device)


def _first_that_serves(device: torch.device) -> Record:
    return next(record for record in BACKENDS.values() if record.serves(device))


def _named(backend: str, device: torch.device) -> Record:
    check_backend(backend)
    record = BACKENDS[backend]
    status = record.status()
    if not status.available:
        raise ValueError(f"backend: {backend!r} is not available here: {status.detail}")
    if not record.computes_on(device):
        raise ValueError(
            f"device: backend {backend!r} computes on {record.devices}, got {str(device)!r}"
        )
    if obstacle := record.obstacle(device):
        raise ValueError(f"device: {obstacle}; backend='torch' works there, got {str(device)!r}")
    return record


def computing_device(
    features: torch.Tensor, backend: str, device: str | torch.device | None
) -> torch.device:
    """Return where to compute: as asked, or where the backend does and the features are."""
    check_backend(backend)
    if device is not None:
        return named_device(device)
    place = default_device(backend, features)
    if place == features.device or not torch.cuda.is_available():
        return place  # or the backend's own choice, which is about to be refused with a reason
    return named_device(place)


def default_device(backend: str, features: torch.Tensor) -> torch.device:
    """Return where a backend computes if nobody says so: where the features are, if it can."""
    record = BACKENDS.get(backend)
    if record is None or record.computes_on(features.device):
        return features.device
    return torch.device(str(record.device_type))
