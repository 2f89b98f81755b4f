"""Any container becomes plain arrays of its values, with nothing missing and nothing rounded.

    unpack -> frames          pandas, polars and Arrow, column by column
           -> torch_tensors   what torch calls a tensor
           -> objects         Python objects, one by one
           -> here            numpy, lists, structured arrays, rows that are arrays, DLPack

What a container says of all its values together (its dtype) is not asked where columns or values
can be.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.dlpack import from_dlpack

from .argument import Argument
from .frames import columns_of, comes_from, is_column, is_table, one_array, read_column
from .objects import LARGEST_INTEGER, array_of_objects
from .torch_tensors import plain_tensor

PLAIN_NUMBERS = {int, float, bool}


@dataclass(frozen=True)
class Part:
    """All of an argument, or those of its columns that share a kind.

    Attributes
    ----------
    argument : as errors name this part
    values : (N,) or (N, ...); columns of a table (N, width)
    """

    argument: Argument
    values: Tensor | NDArray[Any]


def unpack(values: Any, argument: Argument) -> list[Part]:
    """Return the arrays that a container holds: one, or those of a table's columns.

    Tensors are plain (`torch_tensors.plain_tensor`), arrays those of numpy, of any dtype but
    objects. They share memory with the container where they can.

    Raises
    ------
    ValueError
        For missing values, by the first such row; for rows that differ in shape.
    TypeError
        For what is no container of numbers or strings.
    """
    if isinstance(values, Tensor):
        return [Part(argument, plain_tensor(values, argument))]
    if isinstance(values, np.ndarray):
        return _from_array(values, argument)
    if is_table(values):
        array = one_array(values)
        return _from_columns(values, argument) if array is None else _from_array(array, argument)
    if is_column(values):
        return _from_array(read_column(values, argument), argument)
    if isinstance(values, str | bytes):
        raise argument.type_error(f"the {type(values).__name__} {values!r:.40}")
    if hasattr(values, "toarray") or hasattr(values, "todense"):  # SciPy's and others' sparse ones
        raise TypeError(
            f"{argument.name}: a dense array is wanted, got a sparse {type(values).__name__}: "
            "give its .toarray()"
        )
    if comes_from(values, "polars", "LazyFrame"):
        raise argument.type_error("a LazyFrame: give its .collect()")
    return _from_others(values, argument)


def _from_others(values: Any, argument: Argument) -> list[Part]:
    if hasattr(values, "__dlpack__"):
        with argument.reading(values):
            tensor = from_dlpack(values)
        return [Part(argument, plain_tensor(tensor, argument))]
    if isinstance(values, Sequence) and not isinstance(values, memoryview | bytearray):
        return _from_sequence(values, argument)
    with argument.reading(values):
        array = values.to_numpy() if hasattr(values, "to_numpy") else np.asarray(values)
    return _from_array(array, argument)


def _from_array(array: NDArray[Any], argument: Argument) -> list[Part]:
    if array.dtype.names is not None:
        if array.ndim == 0:
            raise argument.type_error("a single record")
        return _side_by_side(((name, array[name]) for name in array.dtype.names), argument)
    if isinstance(array, np.ma.MaskedArray):
        argument.check_present(np.asarray(array.mask))
        array = array.data
    if array.dtype.kind == "T":  # numpy's strings of any length, of which some may be missing
        array = array.astype(object)
    if array.dtype != object:
        return [Part(argument, np.asarray(array))]
    if array.ndim == 0:
        raise argument.type_error(type(array.item()).__name__)
    if any(map(_is_row, set(map(type, array.ravel().tolist())))):
        return [_stacked(list(array), argument)]
    return [Part(argument, array_of_objects(array, argument))]


def _from_columns(table: Any, argument: Argument) -> list[Part]:
    columns = []
    for name, column in columns_of(table):
        columns.append((name, read_column(column, argument.of_column(name))))
    if not columns:
        return [Part(argument, np.empty((len(table), 0), dtype=np.float32))]
    return _side_by_side(columns, argument)


def _side_by_side(columns: Iterable[tuple[Any, NDArray[Any]]], argument: Argument) -> list[Part]:
    parts = []
    for name, column in columns:
        for part in _from_array(column, argument.of_column(name)):
            shape = part.values.shape
            wide = part.values.reshape(shape[0], math.prod(shape[1:]))
            parts.append(Part(part.argument, wide))
    return parts


def _from_sequence(values: Sequence[Any], argument: Argument) -> list[Part]:
    values = values if isinstance(values, list | tuple) else list(values)
    kinds = _kinds_within(values)
    if any(map(_is_row, kinds)):
        return [_stacked(values, argument)]
    if kinds <= PLAIN_NUMBERS or (len(kinds) == 1 and issubclass(kinds.copy().pop(), np.number)):
        array = _checked_shape(values, None, argument)
        if array.dtype != object and not (int in kinds and _rounded(array)):
            return [Part(argument, array)]
    objects = _checked_shape(values, np.dtype(object), argument)
    return [Part(argument, array_of_objects(objects, argument))]


def _kinds_within(values: Sequence[Any]) -> set[type]:
    """Return the types of what stands in lists of any depth."""
    kinds = set(map(type, values))
    lists = {kind for kind in kinds if issubclass(kind, list | tuple)}
    if lists:
        kinds = (kinds - lists).union(
            *(_kinds_within(value) for value in values if type(value) in lists)
        )
    return kinds


def _rounded(array: NDArray[Any]) -> bool:
    """Whether integers may have become other numbers beside floats, or beside one another."""
    return array.dtype.kind == "f" and not bool((np.abs(array) < LARGEST_INTEGER).all())


def _checked_shape(
    values: Sequence[Any], dtype: np.dtype[Any] | None, argument: Argument
) -> NDArray[Any]:
    """Make an array of lists that are all as long as one another."""
    try:
        array = np.asarray(values, dtype=dtype)
    except ValueError as error:
        raise _ragged(values, argument) from error
    if array.dtype == object and any(isinstance(each, list | tuple) for each in array.flat):
        raise _ragged(values, argument)
    return array


def _ragged(values: Sequence[Any], argument: Argument) -> ValueError:
    shapes = [np.asarray(row, dtype=object).shape for row in values]
    for row, shape in enumerate(shapes):
        if shape != shapes[0]:
            return argument.value_error(f"rows of one shape {shapes[0]}", str(shape), row)
    return argument.value_error("rows of one shape", "lists of several lengths", 0)


def _is_row(kind: type) -> bool:
    """Whether values of a type are arrays of their own."""
    if issubclass(kind, str | bytes | np.generic | np.ma.core.MaskedConstant):
        return False
    return issubclass(kind, Sequence) or hasattr(kind, "__array__") or hasattr(kind, "__dlpack__")


def _stacked(rows: Sequence[Any], argument: Argument) -> Part:
    """Stack rows that are arrays, tensors, lists or frames; of one shape, exactly."""
    if _are_alike(rows):
        return Part(argument, np.stack(rows))
    arrays = [_one_row(row, argument.of_row(number)) for number, row in enumerate(rows)]
    shape = tuple(arrays[0].shape)
    for number, array in enumerate(arrays):
        if tuple(array.shape) != shape:
            got = str(tuple(array.shape))
            raise argument.value_error(f"rows of one shape {shape}", got, number)
    kinds = {(type(array), array.dtype, getattr(array, "device", None)) for array in arrays}
    if len(kinds) > 1:  # by their values, since what numpy and torch promote to may round them
        objects = np.array([array.tolist() for array in arrays], dtype=object)
        return Part(argument, array_of_objects(objects.reshape(len(arrays), *shape), argument))
    if isinstance(arrays[0], Tensor):
        return Part(argument, torch.stack(arrays))
    return Part(argument, np.stack(arrays))


def _are_alike(rows: Sequence[Any]) -> bool:
    """Whether rows are numpy's, of one kind of numbers and one shape, as most that come are."""
    if set(map(type, rows)) != {np.ndarray} or rows[0].dtype.kind not in "biuf":
        return False
    return len({(row.shape, row.dtype) for row in rows}) == 1


def _one_row(row: Any, argument: Argument) -> Any:
    parts = unpack(row, argument)
    if len(parts) > 1:
        raise argument.type_error(f"a {type(row).__name__} of columns of several kinds")
    return parts[0].values
