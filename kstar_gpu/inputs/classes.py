"""The classes of a problem: a code for each sample, and how large k* can get in each."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..columns import Column, moved, sizes_of
from ..names import one_line
from .labels import encode_where_they_are

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Classes:
    """The classes of both sides, in one common code 0 .. C-1."""

    codes: Column  # (N,) class of each sample, where the labels are
    reference_codes: Column  # (M,) class of each reference; `codes` itself without any
    labels: NDArray[Any]  # (C,) the distinct labels of both sides, sorted
    self_form: bool

    @cached_property
    def reference_sizes(self) -> Integers:
        """How many references each class has, (C,)."""
        return sizes_of(self.reference_codes, len(self.labels))

    def population(self) -> Integers:
        """How large k* can get in each class, (C,); 0 where the references lack it."""
        return population(self.reference_sizes, self.self_form)

    def normalized(self, kstar: Column) -> Any:
        """Divide the k* of each sample by what it can get; NaN where the references lack it.

        Return a column of the kind that came.
        """
        return normalized(kstar, moved(self.codes, kstar), self.population())


def population(sizes: Integers, self_form: bool) -> Integers:
    """Return how large k* can get in classes of so many references (C,); 0 where there are none."""
    return sizes if self_form else np.where(sizes > 0, sizes + 1, 0)


def normalized(kstar: Column, codes: Column, population: Integers) -> Any:
    """Return k* (N,) divided by the population (C,) of each sample's class; NaN where that is 0.

    It is a column of the kind that came.
    """
    largest = moved(np.where(population > 0, population, np.nan), kstar)
    return kstar / largest[codes]


def make_classes(labels: Any, reference_labels: Any) -> Classes:
    """Encode the labels of both sides; the references need two classes at least."""
    classes = Classes(
        *encode_where_they_are(labels, reference_labels), self_form=reference_labels is None
    )
    present = np.flatnonzero(classes.reference_sizes)
    if len(present) < 2:
        name = "labels" if reference_labels is None else "reference_labels"
        found = ", ".join(map(one_line, classes.labels[present])) or "none"
        raise ValueError(f"{name}: at least two classes are wanted, got {len(present)} ({found})")
    return classes
