"""What a model's layers give, by their shapes: from one batch."""

from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

from torch import Tensor, nn

from .batches import call
from .layer_names import all_names, find_layers
from .model_state import ready_to_run
from .pooling import first_tensor


def output_shapes(
    model: nn.Module, inputs: Any, samples: int
) -> dict[str, tuple[int | str, ...] | None]:
    """Return the shape of the first tensor that each layer gives, "N" for the batch; None for none.

    Parameters
    ----------
    model : torch.nn.Module
    inputs : a batch of them
    samples : how many
    """
    layers = {name: find_layers(model, [name])[name] for name in filter(None, all_names(model))}
    seen: dict[str, tuple[int, ...]] = {}
    with ready_to_run(model, None, False) as device, ExitStack() as stack:
        for name, module in layers.items():
            with suppress(RuntimeError):  # of parts that torch.jit has made, which take no hooks
                stack.callback(module.register_forward_hook(partial(_note, seen, name)).remove)
        call(model, inputs, device)
    return {name: _of_batch(seen[name], samples) if name in seen else None for name in layers}


def _of_batch(shape: tuple[int, ...], samples: int) -> tuple[int | str, ...]:
    """Return a shape whose first axis of the batch's length is called N."""
    place = shape.index(samples) if samples in shape else len(shape)
    return tuple("N" if axis == place else size for axis, size in enumerate(shape))


def _note(
    seen: dict[str, tuple[int, ...]], name: str, module: nn.Module, given: Any, output: Any
) -> None:
    tensor = first_tensor(output)
    if isinstance(tensor, Tensor):
        seen[name] = tuple(tensor.shape)
