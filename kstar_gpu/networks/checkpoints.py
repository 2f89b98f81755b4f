"""Weights of a model in a file: of safetensors, or of torch without anything but tensors."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from ..inputs.array_files import open_arrays
from ..names import one_line

STATES = ("state_dict", "model_state_dict", "model")  # what training loops call it in their files
SOME = 3

Weights = Mapping[str, Any]


def read_checkpoint(path: Path) -> Weights:
    """Return the weights that are in a file, by their names there.

    Parameters
    ----------
    path : .safetensors, .pt, .pth, .ckpt or .bin; weights by themselves, or as the entry
        "state_dict", "model_state_dict" or "model"

    Raises
    ------
    ValueError, OSError
        If there is no such file, or it is damaged, or holds pickled objects, or no weights.
    """
    if not path.is_file():
        raise FileNotFoundError(f"checkpoint: there is no file {path}")
    try:
        content = open_arrays(path).content
    except ValueError as error:
        told = f"checkpoint: {error}; torch.save(model.state_dict(), FILE) writes what is read"
        raise ValueError(told) from error
    for name in STATES:
        if isinstance(content, Mapping) and isinstance(content.get(name), Mapping):
            content = content[name]
            break
    if not isinstance(content, Mapping) or not any(isinstance(v, Tensor) for v in content.values()):
        raise ValueError(f"checkpoint: the weights of a model are wanted, got none in {path}")
    return content


def other_classes(weights: Weights, model: nn.Module) -> int | None:
    """Return how many classes the weights tell apart, if that is where the model differs.

    That is so if some first dimensions differ, all of them by the same two numbers, and nothing
    else does.
    """
    wanted = model.state_dict()
    found = _without_prefix(weights, wanted)
    if found.keys() != wanted.keys():
        return None
    shapes = [(_shape(found[name]), _shape(wanted[name])) for name in wanted]
    pairs = {(own[:1], its[:1]) for own, its in shapes if own != its}
    if len(pairs) != 1 or any(own[1:] != its[1:] for own, its in shapes):
        return None
    ((own, _),) = pairs
    return own[0] if own else None


def load_weights(model: nn.Module, weights: Weights, path: Path) -> None:
    """Put the weights of a file into a model; all of them, and nothing else.

    Parameters
    ----------
    model : torch.nn.Module
    weights : from `read_checkpoint`; where all names begin alike (``module.``, ``net.``), as in
        wrappers and modules of training loops, that is left out if the rest are the model's
    path : where they are from, for the error

    Raises
    ------
    ValueError
        If names or shapes are not those of the model; it is as it was, then.
    """
    wanted = model.state_dict()
    found = _without_prefix(weights, wanted)
    _check_fit(found, wanted, path)
    model.load_state_dict(found)


def _without_prefix(weights: Weights, wanted: Weights) -> dict[str, Any]:
    """Return the weights without what wrappers put before every name."""
    found = dict(weights)
    while found and not found.keys() & wanted.keys():
        first, point, _ = next(iter(found)).partition(".")
        if not point or not all(name.startswith(f"{first}.") for name in found):
            return dict(weights)  # names that are told are those of the file
        found = {name.removeprefix(f"{first}."): value for name, value in found.items()}
    return found


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(getattr(value, "shape", ()))


def _check_fit(state: Weights, wanted: Weights, path: Path) -> None:
    told = []
    if lacking := [name for name in wanted if name not in state]:
        told.append(f"it lacks {_listed(lacking)}")
    if more := [name for name in state if name not in wanted]:
        told.append(f"the model lacks {_listed(more)}")
    others = (
        f"{name} {_shape(state[name])} instead of {_shape(value)}"
        for name, value in wanted.items()
        if name in state and isinstance(value, Tensor) and _shape(state[name]) != _shape(value)
    )
    if differing := [*others]:
        told.append(f"of another shape: {_listed(differing)}")
    if told:
        raise ValueError(
            f"checkpoint: {path} is not of this model: {'; '.join(told)}; a function of "
            "one's own, FILE.py:FACTORY, can make a model as it was trained"
        )


def _listed(names: Iterable[str]) -> str:
    names = [*map(one_line, names)]
    more = f" and {len(names) - SOME} more" if len(names) > SOME else ""
    return ", ".join(names[:SOME]) + more
