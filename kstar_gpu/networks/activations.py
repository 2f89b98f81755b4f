"""Activations of named layers: from a network and a data loader to features and labels."""

import difflib
import fnmatch
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from tqdm import tqdm

from .feature_store import Spill, read_spill
from .hooks import Recorder
from .pooling import Pool, check_pool


class Activations(NamedTuple):
    """What the layers gave for N samples: features by layer name, and the labels, on the CPU."""

    features: dict[str, Tensor]
    labels: Tensor


def activations(
    model: nn.Module,
    loader: Iterable[Any],
    layers: Sequence[str],
    *,
    pool: Pool = "auto",
    dtype: torch.dtype | None = None,
    device: str | torch.device | None = None,
    amp: bool = False,
    spill: str | os.PathLike[str] | None = None,
    progress: bool = False,
) -> Activations:
    """Run a model over a loader once and return what the named layers gave.

    The model runs in evaluation mode and without gradients. Each output is pooled inside the
    layer's hook, so that no full feature map outlives its batch. Afterwards, and after an exception
    too, every module's training flag and device are as they were and no hook is left behind.

    Parameters
    ----------
    model : torch.nn.Module
    loader : iterable of (inputs, labels)
        Such as a `torch.utils.data.DataLoader`: per batch a tensor of B inputs, or a mapping of
        them that the model takes by name, and a tensor of B labels. The order is kept.
    layers : sequence of str
        Names from ``model.named_modules()``, or globs such as ``"layer*.?"``, in which a star does
        not reach beyond a dot; ``""`` is the model itself. Each layer must run exactly once per
        batch and give a row per sample: a tensor, or a tuple, list or mapping whose first tensor
        is taken.
    pool : {"auto", "flatten", "mean", "cls"} or callable
        How a sample becomes a vector. "auto": the mean of maps (B, C, H, W, ...) over their
        places, and of sequences (B, T, D) over their tokens (those that ``attention_mask`` marks,
        if the inputs have one); vectors as they are. 1-d convolutions give (B, C, L), and want a
        function. "mean": the same, and vectors are refused.
        "cls": the first token. "flatten": all numbers. A function is given the output (B, ...).
    dtype : torch.dtype, optional
        What the features are kept in; by default what the layer gave.
    device : str or torch.device, optional
        Where the model runs; by default where its parameters are.
    amp : bool
        Run in mixed precision (`torch.autocast`).
    spill : path, optional
        Write the features to files in this directory as they come, and return them mapped into
        memory, so that layers of any number and size need no memory of their own (bfloat16 becomes
        float32 there). `read_activations` reads the directory again.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Activations
        ``features[name]`` of shape (N, ...) and ``labels`` (N,), on the CPU. Globs are replaced by
        the names they stand for, in the model's order.

    Raises
    ------
    TypeError
        If `layers` is a single string.
    LayerError
        A ValueError: if layers did not run, ran more than once in a batch, or gave no tensor, or
        other than one row per sample and one shape throughout; if the pool does not fit them.
    ValueError
        If the model has no module of that name; if the loader is empty or its batches are not
        pairs (inputs, labels); for a model in float16 on the CPU.
    OSError
        If the disk is full; what was written stays readable.

    Notes
    -----
    Features are what torch gives for these batches, in memory and on disk alike. Batches of another
    size, another number of threads or another processor can move their last bit, and with it the
    k* of samples whose neighbours nearly tie. The k* of given features depend on none of these.
    """
    check_pool(pool)
    modules = find_layers(model, layers)
    with ExitStack() as stack:
        store: Spill | _Kept = _Kept([*modules])
        if spill is not None:
            described = {
                "model": type(model).__name__,
                "pool": getattr(pool, "__name__", pool),
                "dtype": str(dtype),
            }
            store = stack.enter_context(Spill(spill, [*modules], described, _count(loader)))
        stack.enter_context(torch.no_grad())
        stack.enter_context(_evaluation_mode(model))
        place = stack.enter_context(_on_device(model, device))
        _check_precision(model)
        if amp:
            stack.enter_context(torch.autocast((place or torch.device("cpu")).type))
        recorder = Recorder(modules, pool, dtype)
        for name, module in modules.items():
            hook = partial(recorder.record, name)
            stack.callback(module.register_forward_hook(hook).remove)
        batches = tqdm(loader, desc="activations", unit="batch", disable=not progress)
        for inputs, batch_labels in batches_of(batches):
            mask = inputs.get("attention_mask") if isinstance(inputs, Mapping) else None
            recorder.start(mask)
            _call(model, inputs, place)
            store.append(recorder.rows(len(batch_labels)), batch_labels.cpu())
    if not store.labels:
        raise ValueError("loader is empty: it gave no batch")
    if isinstance(store, Spill):
        store.finish()
        return read_activations(store.directory)
    # Popped, so that parts and whole are in memory of one layer alone.
    joined = {name: torch.cat(store.features.pop(name)) for name in modules}
    return Activations(joined, torch.cat(store.labels))


def read_activations(directory: str | os.PathLike[str]) -> Activations:
    """Return what `activations` has spilled into a directory, mapped into memory.

    Raises
    ------
    ValueError
        If the directory holds no finished spill, or one that does not fit its manifest.
    """
    return Activations(*read_spill(directory))


class _Kept:
    """Keeps what layers give in memory."""

    def __init__(self, layers: list[str]) -> None:
        self.features: dict[str, list[Tensor]] = {name: [] for name in layers}
        self.labels: list[Tensor] = []

    def append(self, rows: Mapping[str, Tensor], labels: Tensor) -> None:
        """Take one batch."""
        for name, values in rows.items():
            self.features[name].append(values)
        self.labels.append(labels)


def find_layers(model: nn.Module, layers: Sequence[str]) -> dict[str, nn.Module]:
    """Return the modules of these names; globs stand for all names that match, in model order.

    Raises
    ------
    TypeError, ValueError
        For a single string; for a name or a glob that matches nothing.
    """
    if isinstance(layers, str):
        raise TypeError(f"layers must be a sequence of names, got the string {layers!r}")
    known = dict(model.named_modules(remove_duplicate=False))
    found: dict[str, nn.Module] = {}
    for name in layers:
        matching = [name] if name in known else [other for other in known if _fits(other, name)]
        if not matching:
            close = difflib.get_close_matches(name, known)
            hint = f"close names: {', '.join(map(repr, close))}" if close else "no name is close"
            raise ValueError(f"layers: the model has no module named {name!r}; {hint}")
        found |= {match: known[match] for match in matching}
    return found


def _fits(name: str, glob: str) -> bool:
    """Whether a glob matches a name, part by part: a star does not reach beyond a dot."""
    parts, wanted = name.split("."), glob.split(".")
    return bool(name) and len(parts) == len(wanted) and all(map(fnmatch.fnmatch, parts, wanted))


def _count(loader: Iterable[Any]) -> int | None:
    """Return how many batches there are, if the loader knows."""
    try:
        return len(loader)  # type: ignore[arg-type]
    except TypeError:
        return None


def _device_of(model: nn.Module) -> torch.device | None:
    parameter = next(chain(model.parameters(), model.buffers()), None)
    return None if parameter is None else parameter.device


@contextmanager
def _on_device(
    model: nn.Module, device: str | torch.device | None
) -> Iterator[torch.device | None]:
    """Put the model on a device, and back afterwards; yield where it is."""
    before = _device_of(model)
    if device is None or before is None:
        yield before if device is None else torch.device(device)
        return
    try:
        model.to(device)
        yield torch.device(device)
    finally:
        model.to(before)


def mixed_precision(model: nn.Module, device: str | torch.device | None) -> torch.dtype:
    """Return what `amp` computes in: on CPUs bfloat16, on GPUs float16, unless torch was told."""
    place = _device_of(model) if device is None else torch.device(device)
    return torch.get_autocast_dtype((place or torch.device("cpu")).type)


def _check_precision(model: nn.Module) -> None:
    for parameter in model.parameters():
        if parameter.dtype == torch.float16 and parameter.device.type == "cpu":
            raise ValueError(
                "model: on the CPU float32 or bfloat16 parameters are wanted, got float16; "
                "model.float() converts them"
            )


def _call(model: nn.Module, inputs: Any, device: torch.device | None) -> None:
    if isinstance(inputs, Mapping):
        model(
            **{key: value if device is None else value.to(device) for key, value in inputs.items()}
        )
    else:
        model(inputs if device is None else inputs.to(device))


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


def batches_of(loader: Iterable[Any]) -> Iterator[tuple[Any, Tensor]]:
    """Yield the loader's batches, each checked to hold inputs with a label for each."""
    for number, batch in enumerate(loader):
        match batch:
            case [Tensor() as inputs, Tensor() as labels] if labels.shape == inputs.shape[:1]:
                yield inputs, labels
            case [Mapping() as inputs, Tensor() as labels] if all(
                isinstance(value, Tensor) and value.shape[:1] == labels.shape
                for value in inputs.values()
            ):
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
