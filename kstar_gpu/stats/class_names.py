"""What the classes are called."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

UNORDERED = (str, bytes, set, frozenset)  # or no sequence of names at all


def name_classes(
    names: Sequence[str] | Mapping[Any, str] | None, classes: NDArray[Any]
) -> list[str]:
    """Return one name per class.

    Parameters
    ----------
    names : one per class, in order, or by label; by default the labels themselves
    classes : (C,) labels, sorted

    Raises
    ------
    ValueError, TypeError
        If there are more or fewer names than classes, or they are no names.
    """
    if names is None:
        return [str(label) for label in classes]
    if isinstance(names, Mapping):
        for label in classes.tolist():
            if label not in names:
                raise ValueError(
                    f"class_names: a name for every label is wanted, got none for {label!r}"
                )
        return [_name(names[label]) for label in classes.tolist()]
    if isinstance(names, np.ndarray | Tensor):
        names = names.tolist()
    if isinstance(names, UNORDERED) or not isinstance(names, Iterable):
        raise TypeError(f"class_names: a sequence or a mapping of names is wanted, got {names!r}")
    chosen = [_name(name) for name in names]
    if len(chosen) != len(classes):
        raise ValueError(
            f"class_names: one name per class is wanted ({len(classes)}), got {len(chosen)}"
        )
    return chosen


def _name(name: Any) -> str:
    """Return one name as text."""
    if isinstance(name, np.ndarray | Tensor) and name.ndim == 0:
        name = name.item()
    if isinstance(name, bytes):
        return name.decode()
    if isinstance(name, str):
        return str(name)
    if name is None or str(name) in ("nan", "NaT", "<NA>"):  # of whichever library
        raise ValueError(f"class_names: a name for every class is wanted, got {name!r}")
    if isinstance(name, Iterable):
        raise TypeError(f"class_names: a name for every class is wanted, got {name!r}")
    return str(name)
