"""Batches of a loader: inputs and labels, found in them, checked, and given to a model."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..user_code import user_code

Keys = str | int | Sequence[str] | None
LABELS = ("labels", "label")  # what mappings of Hugging Face's data sets call them
WANTED = "loader must give pairs (inputs, labels) of tensors with one label per input; "


def check_loader(loader: Any, argument: str = "loader") -> None:
    """Refuse what gives no batches."""
    if isinstance(loader, str | bytes | Mapping) or not (
        hasattr(loader, "__iter__") or hasattr(loader, "__getitem__")
    ):
        raise TypeError(f"{argument}: an iterable of batches is wanted, got {_described(loader)}")


def batches_of(
    loader: Iterable[Any], inputs: Keys = None, labels: str | int | None = None
) -> Iterator[tuple[Any, Tensor]]:
    """Yield inputs and labels of the loader's batches, each checked to hold a label per input.

    Parameters
    ----------
    loader : of pairs (inputs, labels), which more may follow if it is no other vector; or of
        mappings with an entry "labels" or "label"
    inputs : the entry of a batch that is given to the model, or, by their names, several; by
        default the first of a tuple, all but the labels of a mapping
    labels : the entry that holds the labels, if it is another one
    """
    check_loader(loader)
    check_keys(inputs, labels)
    for number, batch in enumerate(loader):
        try:
            found, classes = _parts(batch, inputs, labels)
            _check(found, classes)
        except LookupError as error:
            why = f": {error.args[0]}" if error.args and error.args[0] else ""
            raise ValueError(f"{WANTED}batch {number} is {_described(batch)}{why}") from None
        yield found, classes


def count_batches(loader: Iterable[Any]) -> int | None:
    """Return how many batches there are, if the loader knows."""
    try:
        return len(loader)  # type: ignore[arg-type]  # a TypeError where it has none
    except TypeError:
        return None


def part_of(inputs: Any, samples: int, device: torch.device | None) -> Any:
    """Return the first samples of a batch of inputs, which a model may work in place on."""
    return _each(inputs, lambda value: _there(value[:samples].clone(), device))


def copy_of(inputs: Any) -> Any:
    """Return inputs that a model may work in place on."""
    return _each(inputs, Tensor.clone)


def tensors_of(inputs: Any) -> list[Tensor]:
    """Return the tensors of inputs."""
    return [*inputs.values()] if isinstance(inputs, Mapping) else [inputs]


def call(model: nn.Module, inputs: Any, device: torch.device | None) -> None:
    """Run a model on a batch of inputs, by their names where they have any.

    Raises
    ------
    ValueError
        If the model takes none of some name.
    """
    there = _each(inputs, lambda value: _there(value, device))
    named = isinstance(there, Mapping)
    if named:
        there = {str(name): value for name, value in there.items()}
        _check_names(model, there)
    with user_code("the model"):
        if named:
            model(**there)
        else:
            model(there)


def _each(inputs: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """Return inputs, one tensor or several by name, with each of them changed."""
    if isinstance(inputs, Mapping):
        return {name: change(value) for name, value in inputs.items()}
    return change(inputs)


def _there(value: Tensor, device: torch.device | None) -> Tensor:
    return value if device is None else value.to(device)


def _parts(batch: Any, inputs: Keys, labels: str | int | None) -> tuple[Any, Any]:
    """Return what are the inputs and the labels of a batch, by keys or by its form."""
    if isinstance(batch, Mapping):
        if labels is None:
            labels = next((name for name in LABELS if name in batch), None)
        if labels is None:
            raise LookupError(
                f"it has no entry {' or '.join(map(repr, LABELS))}: labels= names one"
            )
        if inputs is None:
            inputs = [name for name in batch if name != labels]
    elif not isinstance(batch, list | tuple) or len(batch) < 2:
        raise LookupError
    else:
        inputs = 0 if inputs is None else inputs
        labels = _only_labels(batch, inputs) if labels is None else labels
    if isinstance(inputs, str | int):
        return _entry(batch, inputs), _entry(batch, labels)
    if not inputs:
        raise LookupError("it has no inputs beside its labels")
    return {name: _entry(batch, name) for name in inputs}, _entry(batch, labels)


def _only_labels(batch: Any, inputs: Any) -> int:
    """Return where the labels are: second, unless something else may be labels, too."""
    if len(batch) > 2:
        vectors = [
            number
            for number, part in enumerate(batch)
            if number != inputs and isinstance(part, Tensor) and part.ndim == 1
        ]
        if vectors != [1]:
            found = ", ".join(map(str, vectors)) or "none"
            raise LookupError(f"its labels may be any of entries {found}: labels= says which")
    return 1


def _entry(batch: Any, key: Any) -> Any:
    try:
        return batch[key]
    except (KeyError, IndexError, TypeError):
        have = [*batch] if isinstance(batch, Mapping) else f"0 to {len(batch) - 1}"
        raise LookupError(f"it has no entry {key!r}, but {have}") from None


def _check(inputs: Any, labels: Any) -> None:
    """See that there is one label per input."""
    if not isinstance(labels, Tensor) or labels.ndim != 1:
        raise LookupError(f"its labels are {_described(labels)}")
    for name, value in inputs.items() if isinstance(inputs, Mapping) else [("", inputs)]:
        entry = f"entry {name!r} of its inputs is" if isinstance(inputs, Mapping) else "inputs are"
        if not isinstance(value, Tensor):
            raise LookupError(f"{entry} {_described(value)}")
        if value.is_nested:
            raise LookupError(f"{entry} a nested tensor")
        if value.shape[:1] != labels.shape:
            raise LookupError(f"{entry} {_described(value)}, its labels {_described(labels)}")


def check_keys(inputs: Any, labels: Any) -> None:
    """Refuse what names no entries of a batch."""
    if labels is not None and (not isinstance(labels, str | int) or isinstance(labels, bool)):
        raise TypeError(f"labels: the name or number of an entry is wanted, got {labels!r}")
    if inputs is None or (isinstance(inputs, str | int) and not isinstance(inputs, bool)):
        return
    if not isinstance(inputs, list | tuple) or not all(isinstance(key, str) for key in inputs):
        raise TypeError(
            "inputs: the name or number of an entry, or names of several, is wanted, "
            f"got {inputs!r}"
        )


def arguments_of(model: nn.Module) -> list[str]:
    """Return what the arguments of a model's forward pass are called, if that is told."""
    try:
        return [*inspect.signature(model.forward).parameters]
    except (TypeError, ValueError):
        return []


def _check_names(model: nn.Module, named: Mapping[str, Tensor]) -> None:
    try:
        signature = inspect.signature(model.forward)
    except (TypeError, ValueError):
        return
    takes = signature.parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in takes):
        return
    strange = [name for name in named if name not in signature.parameters]
    if strange:
        raise ValueError(
            f"{WANTED}batch 0 is a dict, and the model takes no {strange[0]!r}, but "
            f"{', '.join(signature.parameters)}: inputs= names what it is to take"
        )


def _described(batch: Any) -> str:
    """Say what a batch is: its type, or its parts where they are few."""
    if isinstance(batch, Tensor):
        return f"a tensor of shape {'of many' if batch.is_nested else tuple(batch.shape)}"
    if isinstance(batch, list | tuple) and len(batch) <= 3:
        return f"({', '.join(map(_described, batch))})"
    return "None" if batch is None else f"a {type(batch).__name__}"
