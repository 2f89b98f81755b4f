"""Labels in: anything that names classes becomes the integers 0 .. C-1."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..columns import Column, distinct_values, on_host
from ..cpu_tensors import in_float64
from .argument import Argument
from .containers import unpack
from .objects import LARGEST_INTEGER, array_of_objects

HALVES = (torch.float16, torch.bfloat16)
# Devices on which torch sorts and counts all of these; those of others come to the CPU.
COUNTING_DEVICES = ("cuda",)
COUNTABLE = (torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
WANTED = "integers, strings, booleans or integral floats"


def encode_labels(labels: Any) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return (codes, classes): the class of each sample as an index into the sorted classes.

    Parameters
    ----------
    labels : (N,) integers, strings, booleans or integral floats
        A list, numpy array, torch tensor (any device), or a column of pandas, polars or Arrow.
        Bytes are the strings that they hold in UTF-8, categories are their values.

    Raises
    ------
    TypeError
        Labels of another kind: None, complex numbers, dates, numbers mixed with strings.
    ValueError
        Not one-dimensional; missing, NaN or a fraction; beyond 64 bits.
    """
    classes, codes = distinct_values(label_array(labels, "labels"))
    return on_host(codes), classes


def encode_both(
    labels: Any, reference_labels: Any
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[Any]]:
    """Return (codes, reference_codes, classes) in one common code; see `encode_labels`.

    Without reference labels (None) the samples are their own references. Labels of two sides are
    one class if they are equal, whatever their types: 1, 1.0 and True are; 1 beside "1" is refused.
    """
    codes, reference_codes, classes = encode_where_they_are(labels, reference_labels)
    ours = on_host(codes)
    return ours, ours if reference_codes is codes else on_host(reference_codes), classes


def encode_where_they_are(
    labels: Any, reference_labels: Any
) -> tuple[Column, Column, NDArray[Any]]:
    """Return what `encode_both` does; the codes of integers on a device stay there."""
    ours = _read(labels, "labels")
    if reference_labels is None:
        classes, codes = distinct_values(ours)
        return codes, codes, classes
    both = _together(ours, _read(reference_labels, "reference_labels"))
    classes, codes = distinct_values(both)
    return codes[: len(ours)], codes[len(ours) :], classes


def label_array(labels: Any, name: str) -> NDArray[Any]:
    """Return labels of any kind, (N,), as an array of integers, booleans or strings."""
    return on_host(_read(labels, name))


def _read(labels: Any, name: str) -> Column:
    """Return labels as integers, booleans or strings; a device's integers where they are."""
    argument = Argument(name, WANTED)
    parts = unpack(labels, argument)
    shape = tuple(parts[0].values.shape) if len(parts) == 1 else f"{len(parts)} columns"
    if len(parts) > 1 or parts[0].values.ndim != 1:
        raise ValueError(f"{name}: one label per sample, shape (N,), is wanted, got {shape}")
    values = parts[0].values
    if isinstance(values, torch.Tensor) and _stays(values):
        return values
    array = _on_the_host(values)
    if array.dtype.kind in "biuU":
        return array
    if array.dtype.kind == "S":
        return array_of_objects(array.astype(object), argument)
    if array.dtype.kind == "f":
        return _integers_from_floats(array, name)
    raise argument.type_error(f"dtype {array.dtype}")


def _on_the_host(values: torch.Tensor | NDArray[Any]) -> NDArray[Any]:
    """Return the values in numpy, which has no bfloat16; in a type that holds 2**53."""
    if isinstance(values, torch.Tensor):
        return in_float64(values) if values.dtype in HALVES else values.cpu().numpy()
    array = values.astype(np.float32) if values.dtype.name in ("float16", "bfloat16") else values
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _stays(values: torch.Tensor) -> bool:
    """Whether labels are encoded where they are, and not by numpy."""
    return values.device.type in COUNTING_DEVICES and values.dtype in COUNTABLE


def _together(ours: Column, theirs: Column) -> Column:
    """Return the labels of both sides, of which none is rounded, in one column."""
    if isinstance(ours, torch.Tensor) and isinstance(theirs, torch.Tensor):
        return torch.cat([ours, theirs.to(ours.device)])
    return np.concatenate(_of_one_type(on_host(ours), on_host(theirs)))


def _of_one_type(ours: NDArray[Any], theirs: NDArray[Any]) -> list[NDArray[Any]]:
    """Return the labels of both sides as numpy can put them together and rounds none.

    Of uint64 and signed integers it would make float64.
    """
    sides = [ours, theirs]
    if (ours.dtype.kind == "U") != (theirs.dtype.kind == "U"):
        raise TypeError(
            "reference_labels: the same kind as labels is wanted, "
            f"got {theirs.dtype} beside {ours.dtype}"
        )
    if {side.dtype.kind for side in sides} != {"i", "u"}:
        return sides
    largest = max(int(side.max(initial=0)) for side in sides)
    if largest < 2**63:
        return [side.astype(np.int64) for side in sides]
    least = min(int(side.min(initial=0)) for side in sides)
    if least < 0:
        raise ValueError(
            "reference_labels: integers that fit int64 or uint64 together with labels are wanted, "
            f"got {least} and {largest}"
        )
    return [side.astype(np.uint64) for side in sides]


def _integers_from_floats(array: NDArray[Any], name: str) -> NDArray[np.int64]:
    wrong = ~np.isfinite(array) | (array != np.floor(array)) | (np.abs(array) > LARGEST_INTEGER)
    if wrong.any():
        position = int(np.argmax(wrong))
        raise ValueError(f"{name}: {WANTED} are wanted, got {array[position]} at {position}")
    return array.astype(np.int64)
