"""The state that a model runs in: evaluation mode, device, precision; and afterwards its own."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from itertools import chain
from typing import Any

import torch
from torch import nn

from ..inputs.devices import check_computes, named_device


@contextmanager
def ready_to_run(
    model: nn.Module, device: str | torch.device | None, amp: bool
) -> Iterator[torch.device | None]:
    """Let a model run without learning; yield where its inputs go, or None for where they are.

    Afterwards, and after an exception, its modules' modes and its device are as they were.

    Parameters
    ----------
    model : torch.nn.Module
    device : where to; by default it stays where it is
    amp : whether in mixed precision

    Raises
    ------
    ValueError
        For parameters in float16 on the CPU.
    """
    with torch.no_grad(), evaluation_mode(model), _on_device(model, device) as running_on:
        _check_precision(model)
        kind = (running_on or torch.device("cpu")).type
        with torch.autocast(kind) if amp else nullcontext():
            yield running_on


def mixed_precision(model: nn.Module, device: str | torch.device | None) -> torch.dtype:
    """Return what `amp` computes in: on CPUs bfloat16, on GPUs float16, unless torch was told."""
    running_on = _device_of(model) if device is None else torch.device(device)
    return torch.get_autocast_dtype((running_on or torch.device("cpu")).type)


def check_dtype(dtype: Any) -> None:
    """Refuse what features cannot be kept in."""
    if dtype is not None and not isinstance(dtype, torch.dtype):
        raise TypeError(f"dtype: a torch.dtype or None is wanted, got {dtype!r}")


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Put the model into evaluation mode, and each module back into its own mode afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        _evaluate(model)
        yield
    finally:
        for module, training in modes:
            module.training = training


def _evaluate(model: nn.Module) -> None:
    try:
        model.eval()
    except NotImplementedError as error:
        raise ValueError(
            "model: one that can be put into evaluation mode is wanted, got a "
            f"{type(model).__name__} of torch.export: give the module that it was made from"
        ) from error


@contextmanager
def _on_device(
    model: nn.Module, device: str | torch.device | None
) -> Iterator[torch.device | None]:
    """Put the model on a device, and back afterwards; yield where it is."""
    before = _device_of(model)
    if device is None:
        yield before
        return
    place = named_device(device)
    if place.type != "meta":  # where a model can run, but gives no numbers
        check_computes(place)
    if before is None:
        yield place
        return
    try:
        model.to(device)
        yield place
    finally:
        model.to(before)


def _device_of(model: nn.Module) -> torch.device | None:
    """Return where a model is; None for one that has nothing to be anywhere."""
    parameter = next(chain(model.parameters(), model.buffers()), None)
    return None if parameter is None else parameter.device


def _check_precision(model: nn.Module) -> None:
    for parameter in model.parameters():
        if parameter.dtype == torch.float16 and parameter.device.type == "cpu":
            raise ValueError(
                "model: on the CPU float32 or bfloat16 parameters are wanted, got float16; "
                "model.float() converts them"
            )
