"""Which modules of a model are meant: by their names, or by globs."""

import difflib
import fnmatch
from collections.abc import Sequence

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


def _fits(name: str, glob: str) -> bool:
    """Whether a glob matches a name, part by part: a star does not reach beyond a dot."""
    parts, wanted = name.split("."), glob.split(".")
    return bool(name) and len(parts) == len(wanted) and all(map(fnmatch.fnmatch, parts, wanted))
