"""What arrays and settings a k* distribution may have: whatever else is in a file is damage."""

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..inputs.metrics import check_metric
from .pattern import check_rule

ARRAYS = ("kstar", "class_index", "classes", "population")
AT_ZERO = "foreign_at_zero"
IDS = "ids"
# Arrays, too, unless they are not known.
OPTIONAL = (AT_ZERO, "foreign_index", "foreign_distance", "foreign_class", IDS)
REFERENCE_NAMES = "reference_names"  # a setting, unless it is not known
SETTINGS = ("class_names", "metric", "query_form", "skewness", "threshold")


def check_fields(fields: Mapping[str, Any]) -> None:
    """Refuse arrays and settings that no k* distribution has.

    Parameters
    ----------
    fields : by name, as those of `KStarDistribution`

    Raises
    ------
    ValueError, TypeError
        If they are of another kind or length, or beyond what they may be.
    """
    kstar, class_index, classes, population = (fields[name] for name in ARRAYS)
    for name in ("kstar", "class_index", "population"):
        _check(name, fields[name], "iu")
    _check("classes", classes, "biuU", population.shape)
    _check("class_index", class_index, "iu", kstar.shape)
    _check_letters("classes", classes)
    _wanted("classes, sorted, each once", bool((classes[:-1] < classes[1:]).all()))
    _wanted(
        "class_index within the classes",
        int(class_index.min()) >= 0 and int(class_index.max()) < len(classes),
    )
    sizes = np.bincount(class_index.astype(np.int64), minlength=len(classes))
    _wanted("a sample of every class", bool(sizes.all()))
    query_form = fields["query_form"]
    _wanted("query_form true or false", isinstance(query_form, bool))
    if query_form:
        _wanted("a population of 0 or more", int(population.min()) >= 0)
    else:
        _wanted("the sizes of the classes as population", np.array_equal(population, sizes))
    largest = np.maximum(population, 1)[class_index]
    _wanted("kstar of 1 to its class's population", bool(((kstar >= 1) & (kstar <= largest)).all()))
    at_zero = fields.get(AT_ZERO)
    if at_zero is not None:
        _check(AT_ZERO, at_zero, "b", kstar.shape)
        _wanted("kstar of 1 at foreign_at_zero", bool((kstar[at_zero] == 1).all()))
    names = fields["class_names"]
    _wanted(
        "a name for each class as class_names", _are_names(names) and len(names) == len(classes)
    )
    _check_foreign(fields)
    ids = fields.get(IDS)
    if ids is not None:
        _check(IDS, ids, "iuU", kstar.shape)
        _check_letters(IDS, ids)
    check_metric(fields["metric"])
    _wanted("a number as threshold", not isinstance(fields["threshold"], bool))
    check_rule(fields["skewness"], fields["threshold"])


def _check_foreign(fields: Mapping[str, Any]) -> None:
    """Refuse nearest foreign samples that no result has."""
    class_index, query_form = fields["class_index"], fields["query_form"]
    index, distance, foreign_class, names = (
        fields.get(name)
        for name in ("foreign_index", "foreign_distance", "foreign_class", REFERENCE_NAMES)
    )
    _wanted("foreign_index and foreign_distance together", (index is None) == (distance is None))
    of_references = query_form and index is not None
    for name, given in (("foreign_class", foreign_class), (REFERENCE_NAMES, names)):
        _wanted(f"{name} in the query form alone", (given is not None) == of_references)
    if index is None or distance is None:
        return
    _check("foreign_index", index, "iu", class_index.shape)
    _check("foreign_distance", distance, "f", class_index.shape)
    _wanted("a foreign_index of 0 or more", int(index.min()) >= 0)
    _wanted("a finite foreign_distance", bool(np.isfinite(distance).all()))
    if foreign_class is not None:
        _check("foreign_class", foreign_class, "iu", class_index.shape)
        _wanted("names as reference_names", _are_names(names))
        within = 0 <= int(foreign_class.min()) <= int(foreign_class.max()) < len(names or ())
        _wanted("foreign_class within reference_names", within)
    else:
        _wanted("foreign_index within the samples", int(index.max()) < len(class_index))
        others = class_index[index] != class_index
        _wanted("a foreign_index of another class", bool(others.all()))


def _are_names(names: Any) -> bool:
    return isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)


def _check_letters(name: str, array: NDArray[Any]) -> None:
    if array.dtype.kind == "U":
        letters = np.frombuffer(array.tobytes(), f"{array.dtype.byteorder}u4")
        _wanted(f"letters of Unicode in {name}", int(letters.max(initial=0)) <= sys.maxunicode)


def _check(
    name: str, array: NDArray[Any], kinds: str, shape: tuple[int, ...] | None = None
) -> None:
    """Refuse an array of another kind or shape, or with nothing in it."""
    if array.dtype.kind not in kinds or array.ndim != 1 or len(array) == 0:
        raise ValueError(
            f"{name}: an array (N,) of kind {' or '.join(kinds)} is wanted, got {array.dtype} of "
            f"shape {array.shape}"
        )
    if shape is not None and array.shape != shape:
        raise ValueError(f"{name}: shape {shape} is wanted, got {array.shape}")
    if kinds == "iu" and int(array.max()) >= 2**63:
        raise ValueError(f"{name}: numbers that fit int64 are wanted, got {array.max()}")


def _wanted(what: str, is_so: bool) -> None:
    if not is_so:
        raise ValueError(f"{what}: that is wanted, got something else")
