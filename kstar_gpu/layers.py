"""Activations of named layers: from a network and a data loader to features and labels."""

import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn


class Activations(NamedTuple):
    """What the layers gave for N samples: features by layer name, and the labels, on the CPU."""

    features: dict[str, Tensor]
    labels: Tensor


def activations(
    model: nn.Module, loader: Iterable[tuple[Tensor, Tensor]], layers: Sequence[str]
) -> Activations:
    """Run a model over a loader once and return the outputs of the named layers.

    The model runs in evaluation mode, without gradients, on the device where its parameters are.
    Afterwards, and after an exception too, every module's training flag is as it was and no hook
    is left behind.

    Parameters
    ----------
    model : torch.nn.Module
    loader : iterable of (inputs, labels)
        Such as a `torch.utils.data.DataLoader`: per batch a tensor of B inputs and a tensor of
        B labels. The order of the samples is kept.
    layers : sequence of str
        Names from ``model.named_modules()``; ``""`` is the model itself. Each layer must run
        exactly once per batch and return one tensor with a row per sample.

    Returns
    -------
    Activations
        ``features[name]`` of shape (N, ...), values and dtype as the module gave them, and
        ``labels`` (N,). All on the CPU.

    Raises
    ------
    TypeError
        If `layers` is a single string, or a layer's output is not a tensor.
    ValueError
        If the model has no module of that name; if a layer did not run, ran more than once in a
        batch, or gave other than one row per sample and one shape throughout; if the loader is
        empty or its batches are not pairs (inputs, labels).
    """
    modules = _named(model, layers)
    parameter = next(chain(model.parameters(), model.buffers()), None)
    outputs: dict[str, Tensor] = {}  # of the batch at hand
    features: dict[str, list[Tensor]] = {name: [] for name in modules}
    labels: list[Tensor] = []

    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        stack.enter_context(_evaluation_mode(model))
        for name, module in modules.items():
            stack.callback(module.register_forward_hook(_recorder(name, outputs)).remove)
        for inputs, batch_labels in _pairs(loader):
            outputs.clear()
            model(inputs if parameter is None else inputs.to(parameter.device))
            for name, batches in features.items():
                batches.append(_checked(name, outputs, len(inputs), batches))
            labels.append(batch_labels.cpu())

    if not labels:
        raise ValueError("loader is empty: it gave no batch")
    joined = {name: torch.cat(batches) for name, batches in features.items()}
    return Activations(joined, torch.cat(labels))


def _named(model: nn.Module, layers: Sequence[str]) -> dict[str, nn.Module]:
    """Look the layers up by name."""
    if isinstance(layers, str):
        raise TypeError(f"layers must be a sequence of names, got the string {layers!r}")
    known = dict(model.named_modules(remove_duplicate=False))
    for name in layers:
        if name not in known:
            close = difflib.get_close_matches(name, known)
            hint = f"close names: {', '.join(map(repr, close))}" if close else "no name is close"
            raise ValueError(f"layers: the model has no module named {name!r}; {hint}")
    return {name: known[name] for name in layers}


@contextmanager
def _evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Put the model into evaluation mode, and each module back into its own mode afterwards."""
    flags = [(module, module.training) for module in model.modules()]
    try:
        model.eval()
        yield
    finally:
        for module, training in flags:
            module.training = training


def _recorder(name: str, outputs: dict[str, Tensor]) -> Callable[[nn.Module, Any, Any], None]:
    """Make the forward hook that files a module's output under its name."""

    def record(module: nn.Module, arguments: Any, output: Any) -> None:
        if not isinstance(output, Tensor):
            raise TypeError(
                f"layer {name!r} ({type(module).__name__}) must return a tensor, "
                f"got {type(output).__name__}"
            )
        if name in outputs:
            raise ValueError(f"layer {name!r} ran more than once in a batch")
        # A copy, since the next module may work in place on this very tensor.
        outputs[name] = output.detach().to("cpu", copy=True)

    return record


def _pairs(loader: Iterable[Any]) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the loader's batches, each checked to be a tensor of inputs with a label for each."""
    for number, batch in enumerate(loader):
        match batch:
            case [Tensor() as inputs, Tensor() as labels] if labels.shape == inputs.shape[:1]:
                yield inputs, labels
            case _:
                raise ValueError(
                    "loader must give pairs (inputs, labels) of tensors with one label per input; "
                    f"batch {number} is {_described(batch)}"
                )


def _described(batch: Any) -> str:
    """Say what a batch is: its type, or its parts where they are few."""
    if isinstance(batch, Tensor):
        return f"a tensor of shape {tuple(batch.shape)}"
    if isinstance(batch, list | tuple) and len(batch) <= 3:
        return f"({', '.join(map(_described, batch))})"
    return f"a {type(batch).__name__}"


def _checked(name: str, outputs: dict[str, Tensor], samples: int, earlier: list[Tensor]) -> Tensor:
    """Return what a layer gave for this batch, once it is sure to fit below the earlier batches."""
    if name not in outputs:
        raise ValueError(f"layer {name!r} did not run when the model was called")
    output = outputs[name]
    if output.shape[:1] != (samples,):
        raise ValueError(
            f"layer {name!r} must give one row per sample, "
            f"got shape {tuple(output.shape)} for a batch of {samples}"
        )
    if earlier and output.shape[1:] != earlier[0].shape[1:]:
        raise ValueError(
            f"layer {name!r} must give one shape throughout, got {tuple(output.shape[1:])} "
            f"per sample after {tuple(earlier[0].shape[1:])}"
        )
    return output
