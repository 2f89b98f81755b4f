"""A scout: part of a batch run through a model, to see which axis is which.

Only where shapes and modules leave that open, and once: nothing that it computes is kept.
"""

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from .axes import Axes, AxisTracker
from .batches import call, part_of, tensors_of
from .layouts import Scouted
from .pooling import first_tensor


def scout(
    model: nn.Module,
    inputs: Any,
    samples: int,
    modules: Mapping[str, nn.Module],
    device: torch.device | None,
) -> dict[str, Scouted]:
    """Run about half of a batch, and return what was seen of layers, by name.

    A model may take no batch but a whole one; then that is run.
    """
    fewer = samples - samples // 2
    found = _seen(model, part_of(inputs, fewer, device), fewer, modules, device)
    return found or _seen(model, part_of(inputs, samples, device), samples, modules, device)


def _seen(
    model: nn.Module,
    inputs: Any,
    samples: int,
    modules: Mapping[str, nn.Module],
    device: torch.device | None,
) -> dict[str, Scouted]:
    shapes: dict[str, tuple[torch.Size, Axes | None]] = {}
    with ExitStack() as stack, AxisTracker(tensors_of(inputs)) as tracker:
        for name, module in modules.items():
            hook = partial(_note, shapes, tracker, name)
            stack.callback(module.register_forward_hook(hook).remove)
        with suppress(Exception):  # what was seen before that counts
            call(model, inputs, device)
    # Only now: who reads a tensor later may tell of its axes, too.
    return {
        name: Scouted(samples, shape, None, None, False)
        if axes is None
        else Scouted(
            samples, shape, tracker.batch_axis(axes), tracker.channel_axis(axes), axes.moved
        )
        for name, (shape, axes) in shapes.items()
    }


def _note(
    shapes: dict[str, tuple[torch.Size, Axes | None]],
    tracker: AxisTracker,
    name: str,
    module: nn.Module,
    arguments: Any,
    output: Any,
) -> None:
    tensor = first_tensor(output)
    if isinstance(tensor, Tensor) and not tensor.is_nested:
        shapes[name] = (tensor.shape, tracker.axes_of(tensor))
