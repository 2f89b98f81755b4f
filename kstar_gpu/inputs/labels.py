"""Labels in: anything that names classes becomes the integers 0 .. C-1."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..cpu_tensors import in_float64
from .argument import Argument
from .containers import unpack
from .objects import LARGEST_INTEGER, array_of_objects

HALVES = (torch.float16, torch.bfloat16)
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
    classes, codes = np.unique(label_array(labels, "labels"), return_inverse=True)
    return codes.astype(np.int64), classes


def encode_both(
    labels: Any, reference_labels: Any
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[Any]]:
    """Return (codes, reference_codes, classes) in one common code; see `encode_labels`.

    Without reference labels (None) the samples are their own references. Labels of two sides are
    one class if they are equal, whatever their types: 1, 1.0 and True are; 1 beside "1" is refused.
    """
    if reference_labels is None:
        codes, classes = encode_labels(labels)
        return codes, codes, classes
    ours = label_array(labels, "labels")
    theirs = label_array(reference_labels, "reference_labels")
    if (ours.dtype.kind == "U") != (theirs.dtype.kind == "U"):
        raise TypeError(
            "reference_labels: the same kind as labels is wanted, "
            f"got {theirs.dtype} beside {ours.dtype}"
        )
    classes, codes = np.unique(np.concatenate(_of_one_type(ours, theirs)), return_inverse=True)
    codes = codes.astype(np.int64)
    return codes[: len(ours)], codes[len(ours) :], classes


def label_array(labels: Any, name: str) -> NDArray[Any]:
    """Return labels of any kind, (N,), as an array of integers, booleans or strings."""
    argument = Argument(name, WANTED)
    parts = unpack(labels, argument)
    shape = tuple(parts[0].values.shape) if len(parts) == 1 else f"{len(parts)} columns"
    if len(parts) > 1 or parts[0].values.ndim != 1:
        raise ValueError(f"{name}: one label per sample, shape (N,), is wanted, got {shape}")
    array = _on_the_host(parts[0].values)
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


def _of_one_type(ours: NDArray[Any], theirs: NDArray[Any]) -> list[NDArray[Any]]:
    """Return the labels of both sides, of which none is rounded where they are put together.

    numpy would put uint64 and signed integers together as float64.
    """
    sides = [ours, theirs]
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
