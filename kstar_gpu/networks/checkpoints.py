"""Weights of a model in a file: of safetensors, or of torch without anything but tensors."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from ..inputs.array_files import open_arrays
from ..names import one_line
from .layer_names import WRAPPED

STATES = ("state_dict", "model_state_dict", "model")  # what training loops call it in their files
PREFIXES = (*sorted(WRAPPED), "model")  # Lightning's modules call it so
SOME = 3


def load_checkpoint(model: nn.Module, path: Path) -> None:
    """Put the weights of a file into a model; all of them, and nothing else.

    Parameters
    ----------
    model : torch.nn.Module
    path : .safetensors, .pt, .pth, .ckpt or .bin; a state by itself, or as the entry "state_dict",
        "model_state_dict" or "model"

    Raises
    ------
    ValueError, OSError
        If there is no such file, or it is damaged, or holds pickled objects; if its names or shapes
        are not those of the model.
    """
    if not path.is_file():
        raise FileNotFoundError(f"checkpoint: there is no file {path}")
    content = open_arrays(path).content
    for name in STATES:
        if isinstance(content, Mapping) and isinstance(content.get(name), Mapping):
            content = content[name]
            break
    if not isinstance(content, Mapping) or not any(isinstance(v, Tensor) for v in content.values()):
        raise ValueError(f"checkpoint: the weights of a model are wanted, got none in {path}")
    wanted = model.state_dict()
    state = _without_prefix(content, wanted)
    _check_fit(state, wanted, path)
    model.load_state_dict(state)


def _without_prefix(state: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state without what wrappers put before every name."""
    found = dict(state)
    while found and not found.keys() & wanted.keys():
        first = next(iter(found)).partition(".")[0]
        if first not in PREFIXES or not all(name.startswith(f"{first}.") for name in found):
            break
        found = {name.removeprefix(f"{first}."): value for name, value in found.items()}
    return found


def _check_fit(state: Mapping[str, Any], wanted: Mapping[str, Any], path: Path) -> None:
    shapes = {name: tuple(getattr(value, "shape", ())) for name, value in state.items()}
    told = []
    if lacking := [name for name in wanted if name not in state]:
        told.append(f"it lacks {_listed(lacking)}")
    if more := [name for name in state if name not in wanted]:
        told.append(f"the model lacks {_listed(more)}")
    others = (
        f"{name} {shapes[name]} instead of {tuple(value.shape)}"
        for name, value in wanted.items()
        if name in state and isinstance(value, Tensor) and shapes[name] != tuple(value.shape)
    )
    if differing := [*others]:
        told.append(f"of another shape: {_listed(differing)}")
    if told:
        raise ValueError(f"checkpoint: {path} is not of this model: {'; '.join(told)}")


def _listed(names: Iterable[str]) -> str:
    names = [*map(one_line, names)]
    more = f" and {len(names) - SOME} more" if len(names) > SOME else ""
    return ", ".join(names[:SOME]) + more
