"""What the classes are called."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray


def name_classes(
    names: Sequence[str] | Mapping[Any, str] | None, classes: NDArray[Any]
) -> list[str]:
    """Return one name per class.

    Parameters
    ----------
    names : one per class, or by label; by default the labels themselves
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
        return [str(names[label]) for label in classes.tolist()]
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise TypeError(f"class_names: a sequence or a mapping of names is wanted, got {names!r}")
    chosen = [str(name) for name in names]
    if len(chosen) != len(classes):
        raise ValueError(
            f"class_names: one name per class is wanted ({len(classes)}), got {len(chosen)}"
        )
    return chosen
