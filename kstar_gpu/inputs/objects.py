"""Python objects, judged one by one: an array of the kind that all of them are.

An array of objects says nothing about what it holds, and numpy turns a mixture into strings, or
into floats that hold other integers. Here every value stays what it is, or is refused.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .argument import Argument

LARGEST_INTEGER = 2**53  # up to here every integer is a float64
NUMBERS = {"boolean", "integer", "float"}
TEXTS = {"string", "bytes"}


def array_of_objects(objects: NDArray[Any], argument: Argument) -> NDArray[Any]:
    """Return booleans, int64, uint64, float64 or strings that are equal to the objects.

    Raises
    ------
    TypeError
        For a missing value, a value of another kind, or numbers mixed with strings.
    ValueError
        For integers beyond 64 bits, or beyond 2**53 beside floats; for bytes that are no UTF-8.
    """
    values = objects.ravel().tolist()
    kinds = {kind: _kind_of(kind) for kind in set(map(type, values))}
    found = set(kinds.values())
    width = max(1, objects.size // len(objects)) if objects.ndim and len(objects) else 1
    if not (found <= NUMBERS or found <= TEXTS):
        raise _mixture(values, kinds, argument, width)
    if not values:
        return np.empty(objects.shape)
    if found & TEXTS:
        array = _strings(values, argument, width)
    elif "float" in found:
        array = _floats(values, kinds, argument, width)
    elif found == {"boolean"}:
        array = np.array(values, dtype=np.bool_)
    else:
        array = _integers(values, argument, width)
    return array.reshape(objects.shape)


def _kind_of(kind: type) -> str:
    """Return what values of a type are; "" for what is neither number nor text."""
    if issubclass(kind, bool | np.bool_):
        return "boolean"
    if issubclass(kind, int | np.integer) and not issubclass(kind, np.timedelta64):
        return "integer"
    if issubclass(kind, float) or (issubclass(kind, np.floating) and np.dtype(kind).itemsize <= 8):
        return "float"
    if issubclass(kind, np.generic) and kind.__name__ == "bfloat16":  # that of ml_dtypes
        return "float"
    if issubclass(kind, str):
        return "string"
    return "bytes" if issubclass(kind, bytes) else ""


def _mixture(
    values: list[Any], kinds: dict[type, str], argument: Argument, width: int
) -> TypeError:
    names = ", ".join(sorted({kind.__name__ for kind in kinds}))
    error = f"{argument.name}: {argument.kinds} are wanted, all of one kind, got {names}"
    for position, value in enumerate(values):
        # NaN among strings is a missing one.
        if kinds[type(value)] == "" or (kinds[type(value)] == "float" and value != value):
            row = argument.row_of(position // width)
            return TypeError(f"{error} ({_short(value)}{argument.column} in row {row})")
    return TypeError(error + argument.column)


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 40 else f"{text[:37]}..."


def _strings(values: list[Any], argument: Argument, width: int) -> NDArray[Any]:
    texts = []
    for position, value in enumerate(values):
        try:
            text = value.decode() if isinstance(value, bytes) else str.__str__(value)
        except UnicodeDecodeError as error:
            raise argument.value_error(
                "bytes that are UTF-8", repr(value), position // width
            ) from error
        if text.endswith("\0"):
            wanted = "strings that do not end in NUL, which numpy drops,"
            raise argument.value_error(wanted, repr(value), position // width)
        texts.append(text)
    return np.array(texts, dtype=np.str_)


def _floats(
    values: list[Any], kinds: dict[type, str], argument: Argument, width: int
) -> NDArray[np.float64]:
    for position, value in enumerate(values):
        if kinds[type(value)] == "integer" and abs(int(value)) > LARGEST_INTEGER:
            wanted = "integers up to 2**53, beside floats,"
            raise argument.value_error(wanted, str(value), position // width)
    return np.array([float(value) for value in values], dtype=np.float64)


def _integers(values: list[Any], argument: Argument, width: int) -> NDArray[Any]:
    integers = [int(value) for value in values]
    low, high = min(integers), max(integers)
    if low >= -(2**63) and high < 2**63:
        return np.array(integers, dtype=np.int64)
    if low >= 0 and high < 2**64:
        return np.array(integers, dtype=np.uint64)
    wanted = "integers that all fit int64, or all uint64,"
    worst = high if high >= 2**63 else low
    raise argument.value_error(wanted, str(worst), integers.index(worst) // width)
