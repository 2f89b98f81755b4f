"""Whether the CUDA engine can be used on this machine, and on which of its devices.

Nothing here needs a device or a driver, and of the compiled extension only that it may be missing.
"""

from importlib import import_module

import torch

from ..status import BackendStatus, extension_status
from . import capabilities

EXTENSION = "kstar_gpu.engines.cuda._cuda"


def status() -> BackendStatus:
    """Return whether extension, driver, device and torch are there."""
    extension = extension_status(EXTENSION)
    if not extension.available:
        return extension
    machine = import_module(EXTENSION).machine()
    missing = what_is_missing(machine.runtime, machine.driver, machine.devices)
    if missing is None and not torch.cuda.is_available():
        missing = f"torch {torch.__version__} was built without CUDA, or cannot use it"
    return BackendStatus(missing is None, missing or extension.detail)


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


def obstacle(device: torch.device) -> str | None:
    """Return why the CUDA engine must not, or cannot, use this device; None if it can."""
    capability = torch.cuda.get_device_capability(device)
    if capability not in capabilities.KNOWN:
        major, minor = capability
        return f"how tensor cores round is not known for compute capability {major}.{minor}"
    with torch.cuda.device(device):
        missing: str | None = import_module(EXTENSION).code_missing(device.index or 0)
    return missing
