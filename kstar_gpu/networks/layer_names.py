"""Which modules of a model are meant: by their names, or by globs."""

import difflib
import fnmatch
from collections.abc import Mapping, Sequence

from torch import nn


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


def names_by_model(
    models: Mapping[str, nn.Module], layers: Sequence[str] | Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """Return the names of the layers that are meant in each model.

    Parameters
    ----------
    models : by name
    layers : names or globs, the same for all models, or by the model's name

    Raises
    ------
    TypeError, ValueError
        If there are none for a model; as `find_layers`.
    """
    found = {}
    for name, model in models.items():
        if isinstance(layers, Mapping) and name not in layers:
            raise ValueError(f"layers: names for every model are wanted, got none for {name!r}")
        found[name] = [*find_layers(model, layers[name] if isinstance(layers, Mapping) else layers)]
    return found


def _fits(name: str, glob: str) -> bool:
    """Whether a glob matches a name, part by part: a star does not reach beyond a dot."""
    parts, wanted = name.split("."), glob.split(".")
    return bool(name) and len(parts) == len(wanted) and all(map(fnmatch.fnmatch, parts, wanted))
