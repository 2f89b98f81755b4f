"""Which modules of a model are meant: by their names, or by globs."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from .pooling import fits
from .stages import stages

Layers = Sequence[str] | Mapping[str, Sequence[str]] | None
# What wrappers call the module that they are around: DataParallel and averaged weights,
# torch.compile, FSDP, checkpoints of activations.
WRAPPED = {"module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"}


def find_layers(model: nn.Module, layers: Sequence[str]) -> dict[str, nn.Module]:
    """Return the modules of these names; globs stand for all names that match, in model order.

    Wrappers are looked through: "layer1.0" finds "_orig_mod.layer1.0" or "module.layer1.0", and
    the other way round, and is what the layer is called then.

    Raises
    ------
    TypeError, ValueError
        For a model that is none; for a single string, what is no string, or no names at all; for a
        name or a glob that matches nothing.
    """
    check_model(model, "model")
    names = checked_names(layers)
    known = dict(model.named_modules(remove_duplicate=False))
    inner = {plain: known[name] for name, plain in _plain_names(model).items() if plain}
    found: dict[str, nn.Module] = {}
    for name in names:
        # As it is written first: somebody's own part may be called "module", too.
        if name in known:
            matching = {name: known[name]}
        elif name in inner or _unwrapped(name) in inner:
            plain = name if name in inner else _unwrapped(name)
            matching = {plain: inner[plain]}
        else:
            matching = {other: inner[other] for other in inner if fits(other, name)}
            matching = matching or {other: known[other] for other in known if fits(other, name)}
        if not matching:
            close = difflib.get_close_matches(name, inner)
            hint = f"close names: {', '.join(map(repr, close))}" if close else "no name is close"
            raise ValueError(f"layers: the model has no module named {name!r}; {hint}")
        found |= matching
    return found


def all_names(model: nn.Module) -> list[str]:
    """Return all names that a model's layers may be called by."""
    names = _plain_names(model)
    return [*dict.fromkeys([*names.values(), *names])]


def names_by_model(models: Mapping[str, nn.Module], layers: Layers) -> dict[str, list[str]]:
    """Return the names of the layers that are meant in each model.

    Parameters
    ----------
    models : by name
    layers : names or globs, the same for all models, or by the model's name; by default the stages

    Raises
    ------
    TypeError, ValueError
        If there are none for a model; as `find_layers`.
    """
    return {
        name: [*find_layers(model, stages(model) if layers is None else _of_model(name, layers))]
        for name, model in models.items()
    }


def check_names_by_model(models: Mapping[str, Any], layers: Layers) -> None:
    """Refuse what `names_by_model` would, as far as models are there and not still to be made."""
    if layers is None:
        return
    for name, model in models.items():
        names = checked_names(_of_model(name, layers))
        if isinstance(model, nn.Module):
            find_layers(model, names)


def _of_model(name: str, layers: Sequence[str] | Mapping[str, Sequence[str]]) -> Sequence[str]:
    if not isinstance(layers, Mapping):
        return layers
    if name not in layers:
        raise ValueError(f"layers: names for every model are wanted, got none for {name!r}")
    return layers[name]


def check_model(model: Any, argument: str) -> None:
    """Refuse what is no module."""
    if not isinstance(model, nn.Module):
        raise TypeError(f"{argument}: a torch.nn.Module is wanted, got {type(model).__name__}")


def checked_names(layers: Any) -> list[str]:
    """Return names of layers, and refuse what is no sequence of them, whatever the model."""
    if isinstance(layers, str):
        raise TypeError(f"layers must be a sequence of names, got the string {layers!r}")
    if isinstance(layers, Mapping | bytes) or not hasattr(layers, "__iter__"):
        raise TypeError(f"layers: a sequence of names is wanted, got {type(layers).__name__}")
    names = [*layers]
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"layers: names are wanted, got {name!r}, a {type(name).__name__}")
    if not names:
        raise ValueError("layers: at least one name is wanted, got none")
    return names


def _plain_names(model: nn.Module) -> dict[str, str]:
    """Return the names of all modules, and what they are without the parts that wrappers add."""
    known = dict(model.named_modules(remove_duplicate=False))
    plain = {"": ""}
    for name in filter(None, known):
        around, _, own = name.rpartition(".")
        # Somebody's own part may be called "module", too; a wrapper has no other.
        wrapped = own in WRAPPED and len(known[around]._modules) == 1
        plain[name] = plain[around] if wrapped else f"{plain[around]}.{own}".lstrip(".")
    return plain


def _unwrapped(name: str) -> str:
    """Return a name without the parts that wrappers would add."""
    return ".".join(part for part in name.split(".") if part not in WRAPPED)
