"""Labels in: anything that names classes becomes the integers 0 .. C-1."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.dlpack import from_dlpack

WANTED = "integers, strings, booleans or integral floats"


def encode_labels(labels: Any) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return (codes, classes): the class of each sample as an index into the sorted classes.

    Parameters
    ----------
    labels : (N,) integers, strings, booleans or integral floats
        A list, numpy array, torch tensor (any device) or Series.

    Raises
    ------
    TypeError
        Labels of another kind: objects, complex numbers, numbers mixed with strings.
    ValueError
        Not one-dimensional; NaN or a fraction.
    """
    classes, codes = np.unique(label_array(labels, "labels"), return_inverse=True)
    return codes.astype(np.int64), classes


def encode_both(
    labels: Any, reference_labels: Any
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[Any]]:
    """Return (codes, reference_codes, classes) in one common code; see `encode_labels`.

    Without reference labels (None) the samples are their own references.
    """
    if reference_labels is None:
        codes, classes = encode_labels(labels)
        return codes, codes, classes
    ours = label_array(labels, "labels")
    theirs = label_array(reference_labels, "reference_labels")
    if (ours.dtype.kind in "US") != (theirs.dtype.kind in "US"):
        raise TypeError(
            "reference_labels: the same kind as labels is wanted, "
            f"got {theirs.dtype} beside {ours.dtype}"
        )
    classes, codes = np.unique(np.concatenate([ours, theirs]), return_inverse=True)
    codes = codes.astype(np.int64)
    return codes[: len(ours)], codes[len(ours) :], classes


def label_array(labels: Any, name: str) -> NDArray[Any]:
    """Return labels of any kind, (N,), as an array of integers, booleans or strings."""
    if isinstance(labels, torch.Tensor):
        labels = labels.detach().cpu().numpy()
    elif hasattr(labels, "__dlpack__") and not isinstance(labels, np.ndarray):
        labels = from_dlpack(labels).cpu().numpy()
    array = _array_of_one_kind(labels, name)
    if array.ndim != 1:
        raise ValueError(f"{name}: one label per sample, shape (N,), is wanted, got {array.shape}")
    if array.dtype.kind in "biuUS":
        return array
    if array.dtype.kind == "f":
        return _integers_from_floats(array, name)
    raise TypeError(f"{name}: {WANTED} are wanted, got dtype {array.dtype}")


def _array_of_one_kind(labels: Any, name: str) -> NDArray[Any]:
    """Make an array of it without numpy's silent turning of numbers into strings."""
    if isinstance(labels, Sequence) and not isinstance(labels, str):
        array = np.asarray(labels, dtype=object) if _mixed(labels) else np.asarray(labels)
    else:
        array = np.asarray(labels)
    if array.dtype != object:
        return array
    kinds = sorted({type(label).__name__ for label in array.ravel()})
    if kinds == ["str"]:
        return array.astype(np.str_)
    if set(kinds) <= {"int", "bool"}:
        return array.astype(np.int64)
    raise TypeError(f"{name}: {WANTED} are wanted, all of one kind, got {', '.join(kinds)}")


def _mixed(labels: Sequence[Any]) -> bool:
    strings = sum(isinstance(label, str) for label in labels)
    return 0 < strings < len(labels)


def _integers_from_floats(array: NDArray[Any], name: str) -> NDArray[np.int64]:
    wrong = ~np.isfinite(array) | (array != np.floor(array)) | (np.abs(array) > 2**53)
    if wrong.any():
        position = int(np.argmax(wrong))
        raise ValueError(f"{name}: {WANTED} are wanted, got {array[position]} at {position}")
    return array.astype(np.int64)
