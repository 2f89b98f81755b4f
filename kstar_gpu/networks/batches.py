"""Batches of a loader: pairs (inputs, labels), checked, and given to a model."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ..user_code import user_code


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


def count_batches(loader: Iterable[Any]) -> int | None:
    """Return how many batches there are, if the loader knows."""
    try:
        return len(loader)  # type: ignore[arg-type]
    except TypeError:
        return None


def attention_mask(inputs: Any) -> Tensor | None:
    """Return which tokens of the inputs count, if they say so."""
    return inputs.get("attention_mask") if isinstance(inputs, Mapping) else None


def call(model: nn.Module, inputs: Any, device: torch.device | None) -> None:
    """Run a model on a batch of inputs, by their names where they have any."""

    def there(value: Tensor) -> Tensor:
        return value if device is None else value.to(device)

    if isinstance(inputs, Mapping):
        named = {name: there(value) for name, value in inputs.items()}
        with user_code("the model"):
            model(**named)
    else:
        alone = there(inputs)
        with user_code("the model"):
            model(alone)


def _described(batch: Any) -> str:
    """Say what a batch is: its type, or its parts where they are few."""
    if isinstance(batch, Tensor):
        return f"a tensor of shape {tuple(batch.shape)}"
    if isinstance(batch, list | tuple) and len(batch) <= 3:
        return f"({', '.join(map(_described, batch))})"
    return f"a {type(batch).__name__}"
