"""Which classes a metric knows before it has seen their samples, so that places and names hold.

A batch, or an epoch, may lack some of them. What is per class has a place for each that is known,
and a name goes with its label, never with its place among those that came.
"""

import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_INDICES = 1 << 20  # places where labels alone say how many there are
FEWEST = 2  # classes that k* needs


@dataclass(frozen=True)
class KnownClasses:
    """The classes that may come.

    Attributes
    ----------
    labels : (C,) int64, rising; None if nothing is known of them
    names : the name of each label; None if they have none
    source : the argument that says so
    """

    labels: NDArray[np.int64] | None = None
    names: dict[int, str] | None = None
    source: str = ""

    def places(self, present: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
        """Return the place of each of these labels (rising), and how many places there are.

        Labels of which nothing is known are their own places; there are two at least.

        Raises
        ------
        ValueError
            For a label that has no place.
        """
        if self.labels is None:
            return present, _places_of_indices(present)
        unknown = present[~np.isin(present, self.labels)]
        if len(unknown):
            raise ValueError(
                f"labels: one of the {len(self.labels)} that {self.source} has, from "
                f"{self.labels[0]} to {self.labels[-1]}, is wanted, got {unknown[0]} (class_names "
                "may be a mapping from label to name)"
            )
        return np.searchsorted(self.labels, present), len(self.labels)

    def spread(
        self, present: NDArray[np.int64], values: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return values of the classes present at their places, and NaN at all others."""
        places, count = self.places(present)
        spread = np.full(count, np.nan)
        spread[places] = values
        return spread


def known_classes(
    class_names: Sequence[str] | Mapping[int, str] | None, num_classes: int | None
) -> KnownClasses:
    """Return what these arguments of a metric say of its classes.

    Raises
    ------
    ValueError, TypeError
        If they are none, say different things, or say that there are fewer than two classes.
    """
    if num_classes is not None and not isinstance(num_classes, numbers.Integral):
        raise TypeError(f"num_classes: a number of classes is wanted, got {num_classes!r}")
    if class_names is None:
        if num_classes is None:
            return KnownClasses()
        known = KnownClasses(np.arange(num_classes), None, "num_classes")
    else:
        names = _names_by_label(class_names)
        if num_classes not in (None, len(names)):
            raise ValueError(
                f"num_classes: as many as class_names are wanted ({len(names)}), got {num_classes}"
            )
        known = KnownClasses(np.array(sorted(names), np.int64), names, "class_names")
    count = num_classes if class_names is None else len(class_names)
    if count is None or count < FEWEST:
        raise ValueError(f"{known.source}: at least two classes are wanted, got {count}")
    return known


def _names_by_label(class_names: Any) -> dict[int, str]:
    """Return names by label: those of a sequence are of the labels 0, 1, 2, ..."""
    if isinstance(class_names, Mapping):
        wrong = [label for label in class_names if not isinstance(label, numbers.Integral)]
        if wrong:
            raise TypeError(f"class_names: integer labels are wanted as keys, got {wrong[0]!r}")
        return {int(label): str(name) for label, name in class_names.items()}
    if isinstance(class_names, str) or not isinstance(class_names, Sequence | np.ndarray):
        raise TypeError(
            f"class_names: a sequence or a mapping of names is wanted, got {class_names!r}"
        )
    return {label: str(name) for label, name in enumerate(class_names)}


def _places_of_indices(present: NDArray[np.int64]) -> int:
    """Return how many places labels need that are indices; refuse those that are none."""
    wrong = present[(present < 0) | (present >= MOST_INDICES)]
    if len(wrong):
        raise ValueError(
            f"labels: for a value per class indices from 0 to {MOST_INDICES - 1} are wanted, or "
            f"class_names as a mapping from label to name; got {wrong[0]}"
        )
    return max(FEWEST, int(present[-1]) + 1 if len(present) else 0)
