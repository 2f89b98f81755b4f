"""What a rank was given, checked: first alone, then beside what the others were given."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ...cpu_tensors import contiguous, flattened
from ...engines.duplicates import NO_ROW
from ...inputs.arrays import to_tensor
from ...inputs.labels import encode_both, label_array
from ...inputs.problem import Integers, check_as_wide, check_shape


class Names(NamedTuple):
    """What the arguments of one side are called."""

    features: str
    labels: str
    ids: str


NAMES = (
    Names("features", "labels", "index"),
    Names("references", "reference_labels", "reference_index"),
)


class Side(NamedTuple):
    """Samples, or references, of one rank as they were given.

    Attributes
    ----------
    distinct : labels
    codes : (n,) which of these each sample has
    ids : (n,), or None where they are to be numbered
    """

    names: Names
    values: Tensor
    distinct: NDArray[Any]
    codes: Integers
    ids: Integers | None


def checked_sides(
    features: Any,
    labels: Any,
    index: Any,
    references: Any,
    reference_labels: Any,
    reference_index: Any,
) -> list[Side]:
    """Return the samples, and the references if there are any, checked as far as one rank can."""
    sides = [_side(features, labels, index, NAMES[0])]
    if (references is None) != (reference_labels is None):
        missing = "references" if references is None else "reference_labels"
        raise ValueError(f"{missing}: references and reference_labels go together, got one alone")
    if references is not None:
        sides.append(_side(references, reference_labels, reference_index, NAMES[1]))
        check_as_wide(sides[0].values.shape[1], sides[1].values.shape[1])
    elif reference_index is not None:
        raise ValueError("reference_index: goes with references, got it without")
    return sides


def _side(features: Any, labels: Any, index: Any, names: Names) -> Side:
    values = to_tensor(features, names.features)
    array = label_array(labels, names.labels)
    if values.ndim >= 2 and len(values) == 0 == len(array):
        values = values.reshape(0, int(np.prod(values.shape[1:])))
    else:
        check_shape(tuple(values.shape), names.features, len(array), names.labels)
        values = contiguous(flattened(values))
    distinct, codes = np.unique(array, return_inverse=True)
    ids = None if index is None else _checked_ids(index, len(array), names.ids)
    return Side(names, values, distinct, codes.astype(np.int64), ids)


def _checked_ids(index: Any, count: int, name: str) -> Integers:
    ids = label_array(index, name)
    if ids.dtype.kind not in "iu" and count > 0:
        raise TypeError(f"{name}: integers are wanted, got {ids.dtype}")
    if len(ids) != count:
        raise ValueError(f"{name}: one id per sample is wanted ({count}), got {len(ids)}")
    if count > 0 and (ids.min() < 0 or ids.max() >= NO_ROW):
        raise ValueError(f"{name}: ids from 0 are wanted, got {ids.min()} to {ids.max()}")
    return ids.astype(np.int64)


class Facts(NamedTuple):
    """What one rank tells the others of what it was given."""

    asked: tuple[Any, ...]  # arguments that are to be the same on all
    numbered: tuple[bool, ...]  # of each side, whether it has no ids
    widths: tuple[int, ...]
    distinct: tuple[NDArray[Any], ...]
    counts: tuple[int, ...]

    @staticmethod
    def of(sides: list[Side], asked: tuple[Any, ...]) -> "Facts":
        """Return what is to be told of some sides."""
        return Facts(
            asked,
            tuple(side.ids is None for side in sides),
            tuple(side.values.shape[1] for side in sides),
            tuple(side.distinct for side in sides),
            tuple(len(side.codes) for side in sides),
        )


def classes_of_all(facts: list[Facts]) -> NDArray[Any]:
    """Return the distinct labels of all ranks; refuse what does not go together."""
    asked = [(fact.asked, fact.numbered) for fact in facts]
    if len({*asked}) > 1:
        raise ValueError(
            "metric, normalize, return_foreign, and whether references, index, reference_index and "
            f"checkpoint are None: the same is wanted on all ranks, got {asked}"
        )
    widths = [fact.widths[0] for fact in facts]
    if len({*widths}) > 1 or widths[0] == 0:
        raise ValueError(
            f"features: as many per sample on all ranks are wanted, at least one, got {widths}"
        )
    if len(facts[0].widths) > 1 and not any(fact.counts[0] for fact in facts):
        raise ValueError("features: at least one sample on any of the ranks is wanted, got none")
    each = zip(*(fact.distinct for fact in facts), strict=True)
    sides = [_united(of.labels, list(labels)) for of, labels in zip(NAMES, each, strict=False)]
    if len(sides[-1]) < 2:
        name = NAMES[len(sides) - 1].labels
        raise ValueError(f"{name}: at least two classes are wanted, got {len(sides[-1])}")
    return encode_both(*sides)[2] if len(sides) > 1 and len(sides[0]) > 0 else sides[-1]


def _united(name: str, distinct: list[NDArray[Any]]) -> NDArray[Any]:
    some = [labels for labels in distinct if len(labels) > 0]
    if len({labels.dtype.kind == "U" for labels in some}) > 1:
        kinds = [labels.dtype for labels in some]
        raise TypeError(f"{name}: the same kind on all ranks is wanted, got {kinds}")
    classes = some[0] if some else np.empty(0, np.int64)
    for others in some[1:]:
        classes = encode_both(classes, others)[2]
    return classes


def codes_among(classes: NDArray[Any], side: Side) -> Integers:
    """Return the classes (n,) of samples by their number among all."""
    if len(side.distinct) == 0:
        return side.codes
    return encode_both(classes, side.distinct)[1][side.codes]
