"""Devices: which are there, and which hold float64."""

from typing import Any

import torch


def named_device(device: Any) -> torch.device:
    """Return the device that a caller named; a CUDA device by its number.

    Raises
    ------
    ValueError, TypeError
        For what names no device, or a CUDA device that is not there.
    """
    place = named_anywhere(device)
    return _existing_cuda_device(place) if place.type == "cuda" else place


def named_anywhere(device: Any) -> torch.device:
    """Return the device that a caller named, which may be another machine's.

    Raises
    ------
    ValueError, TypeError
        For what names no device.
    """
    if not isinstance(device, str | int | torch.device) or isinstance(device, bool):
        raise TypeError(f"device: a torch device is wanted, got {device!r}")
    try:
        return torch.device(device)
    except RuntimeError as error:
        raise ValueError(f"device: a torch device is wanted, got {device!r}") from error


def check_computes(device: torch.device) -> None:
    """Refuse a device that torch knows by name, but on which it cannot compute here."""
    if device.type == "meta":
        raise ValueError(
            f"device: one that holds numbers is wanted, which 'meta' does not, got {str(device)!r}"
        )
    if device.type in ("cpu", "cuda"):
        return
    try:
        torch.empty(0, device=device)
    except Exception as error:  # torch has one for each kind of device
        raise ValueError(
            f"device: torch sees no device of the type {device.type} here, got {str(device)!r}"
        ) from error


def _existing_cuda_device(place: torch.device) -> torch.device:
    if not torch.cuda.is_available():
        raise ValueError(f"device: torch sees no CUDA device here, got {str(place)!r}")
    if place.index is None:
        return torch.device("cuda", torch.cuda.current_device())
    count = torch.cuda.device_count()
    if place.index >= count:
        raise ValueError(f"device: torch sees {count} CUDA devices here, got {str(place)!r}")
    return place


def has_float64(device: torch.device) -> bool:
    """Whether a device holds float64: Apple's GPU does not, nor do some of Intel's."""
    if device.type == "xpu":
        return bool(torch.xpu.get_device_properties(device).has_fp64)
    return device.type != "mps"


def float64_device(device: torch.device) -> torch.device:
    """Return the device itself, or the CPU where it has no float64."""
    return device if has_float64(device) else torch.device("cpu")
