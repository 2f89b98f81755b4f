"""Columns: a number for each sample, an array on the CPU, a tensor where another device computes.

A column does not leave its device before it must. Arithmetic and comparisons are written alike for
both kinds; here is what is not.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .cpu_tensors import on_cpu

Column = NDArray[Any] | Tensor  # (N,)
# Devices whose square roots of float64 have no error, by their manual. AMD's bears the same name.
EXACT_ROOTS = () if torch.version.hip else ("cuda",)


def column_of(tensor: Tensor) -> Column:
    """Return a tensor of numbers that numpy knows as a column."""
    return tensor.numpy() if on_cpu(tensor) else tensor


def tensor_of(column: Column) -> Tensor:
    """Return a column as a tensor where it is, whatever torch's default device."""
    return column if isinstance(column, Tensor) else torch.from_numpy(column)


def on_host(column: Column) -> NDArray[Any]:
    """Return a column as an array, wherever it was."""
    return column.cpu().numpy() if isinstance(column, Tensor) else column


def moved(column: Column, like: Column) -> Any:
    """Return a column where another one is, of its kind."""
    return tensor_of(column).to(like.device) if isinstance(like, Tensor) else on_host(column)


def square_root(column: Column) -> Any:
    """Return the square roots of float64, rounded as IEEE 754 says, of the kind that came.

    torch's own is an ulp off now and then on the CPU.
    """
    if isinstance(column, Tensor):
        if column.device.type in EXACT_ROOTS:
            return column.sqrt()
        return torch.from_numpy(np.sqrt(column.cpu().numpy())).to(column.device)
    return np.sqrt(column)


def any_between(column: Column, low: float, high: float) -> bool:
    """Whether the magnitude of any number lies between two others, neither of which counts."""
    size: Any = abs(column)
    return bool(((size > low) & (size < high)).any())


def stable_order(codes: Column) -> Any:
    """Return the positions, (N,) int64, at which classes rise, those of each in their order.

    They are a column of the kind that came. Classes are 0 or more.
    """
    if isinstance(codes, Tensor):
        return torch.argsort(codes, stable=True)
    # In as few bits as they need: numpy sorts 16 of them by their digits.
    few = codes.astype(np.min_scalar_type(int(codes.max(initial=0))), copy=False)
    return np.argsort(few, kind="stable")


def rising_codes(codes: Column) -> NDArray[np.int64]:
    """Return the classes in that order: an array, of which no more leaves a device than sizes."""
    sizes = sizes_of(codes, 0)
    return np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)


def sizes_of(codes: Column, classes: int) -> NDArray[np.int64]:
    """Return how many samples each of so many classes has, or of as many as there are."""
    if isinstance(codes, Tensor):
        return on_host(torch.bincount(codes, minlength=classes))
    return np.bincount(codes, minlength=classes)


def distinct_values(values: Column) -> tuple[NDArray[Any], Column]:
    """Return the different values in rising order, and which of them each is."""
    if isinstance(values, Tensor):
        distinct, which = torch.unique(values, return_inverse=True)
        return on_host(distinct), which
    array, inverse = np.unique(values, return_inverse=True)
    return array, inverse.astype(np.int64, copy=False)


def all_differ(columns: list[Tensor]) -> bool:
    """Whether no number is there twice in columns of one kind on one device."""
    if on_cpu(columns[0]):
        rising = np.sort(np.concatenate([column.numpy() for column in columns]))
        return not (rising[1:] == rising[:-1]).any()
    values = torch.cat(columns).sort().values
    return not bool((values[1:] == values[:-1]).any())


def put(values: Tensor, positions: Tensor) -> Column:
    """Return each value at its position, (N,), where the positions are."""
    if on_cpu(positions):
        array = on_host(values)
        given = np.empty_like(array)
        given[positions.numpy()] = array
        return given
    there = values.to(positions.device)
    return torch.empty_like(there).index_copy_(0, positions, there)
