"""Frames in: pandas, polars and Arrow, column by column, since each has a kind of its own.

None of the three is imported: what comes from one of them finds it loaded.
"""

import sys
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .argument import Argument

ARROW_TABLES = ("Table", "RecordBatch")
ARROW_COLUMNS = ("Array", "ChunkedArray")


def comes_from(values: Any, library: str, *classes: str) -> bool:
    """Whether it is of one of these classes, of a library that need not be there."""
    module = sys.modules.get(library)
    found = (getattr(module, name, None) for name in classes)
    return isinstance(values, tuple(each for each in found if isinstance(each, type)))


def is_table(values: Any) -> bool:
    """Whether it has columns."""
    return (
        comes_from(values, "pandas", "DataFrame")
        or comes_from(values, "polars", "DataFrame")
        or comes_from(values, "pyarrow", *ARROW_TABLES)
    )


def is_column(values: Any) -> bool:
    """Whether it is a column by itself."""
    return (
        comes_from(values, "pandas", "Series", "Index")
        or comes_from(values, "pandas.api.extensions", "ExtensionArray")
        or comes_from(values, "polars", "Series")
        or comes_from(values, "pyarrow", *ARROW_COLUMNS)
    )


def columns_of(table: Any) -> Iterable[tuple[Any, Any]]:
    """Return name and values of each column."""
    if comes_from(table, "pandas", "DataFrame"):
        return table.items()  # type: ignore[no-any-return]  # pandas is not imported
    if comes_from(table, "polars", "DataFrame"):
        return zip(table.columns, table.iter_columns(), strict=True)
    return zip(table.column_names, table.columns, strict=True)


def one_array(table: Any) -> NDArray[Any] | None:
    """Return a table whose columns are all of one of numpy's kinds of numbers as it is."""
    if not comes_from(table, "pandas", "DataFrame") or table.shape[1] == 0:
        return None
    first, *others = set(table.dtypes)
    if others or not isinstance(first, np.dtype) or first.kind not in "biuf":
        return None
    array: NDArray[Any] = table.to_numpy()
    return array


def read_column(column: Any, argument: Argument) -> Any:
    """Return a column's values as numpy has them, perhaps objects; refuse missing ones by row."""
    if comes_from(column, "polars", "Series"):
        return _from_polars(column, argument)
    if comes_from(column, "pyarrow", *ARROW_COLUMNS):
        return _from_arrow(column, argument)
    return _from_pandas(column, argument)


def _from_pandas(column: Any, argument: Argument) -> Any:
    with argument.reading(column):
        series = sys.modules["pandas"].Series(column, copy=False)
        if isinstance(series.dtype, np.dtype) and series.dtype != object:
            return series.to_numpy()
        missing = np.asarray(series.isna(), dtype=np.bool_)
    argument.check_present(missing)
    with argument.reading(column):
        dtype = getattr(series.dtype, "numpy_dtype", None)  # of nullable kinds
        return series.to_numpy(dtype=dtype if dtype is not None and dtype.kind in "biuf" else None)


def _from_polars(column: Any, argument: Argument) -> Any:
    if comes_from(column.dtype, "polars", "Struct"):
        raise argument.type_error(f"{column.dtype}: give its fields as columns")
    with argument.reading(column):
        missing = column.is_null().to_numpy() if column.null_count() else np.zeros(0, np.bool_)
    argument.check_present(missing)
    with argument.reading(column):
        return column.to_numpy()


def _from_arrow(column: Any, argument: Argument) -> Any:
    arrow = sys.modules["pyarrow"]
    with argument.reading(column):
        if comes_from(column, "pyarrow", "ChunkedArray"):
            column = column.combine_chunks()
        column = getattr(column, "storage", column)  # of an extension
        if arrow.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        missing = column.is_null().to_numpy(zero_copy_only=False)
    argument.check_present(missing)
    with argument.reading(column):
        kind = column.type
        if arrow.types.is_fixed_size_list(kind):
            lengths = np.full(len(column), kind.list_size)
        elif arrow.types.is_list(kind) or arrow.types.is_large_list(kind):
            lengths = column.value_lengths().to_numpy(zero_copy_only=False)
        elif arrow.types.is_primitive(kind):
            return column.to_numpy(zero_copy_only=False)
        else:
            return np.fromiter(column.to_pylist(), dtype=object, count=len(column))
    return _vectors(column.flatten(), lengths, argument)


def _vectors(values: Any, lengths: NDArray[Any], argument: Argument) -> Any:
    """Return a column of vectors as a matrix, from the values of all and the lengths of each."""
    length = int(lengths[0]) if len(lengths) else 0
    if (lengths != length).any():
        row = int(np.argmax(lengths != length))
        raise argument.value_error(f"rows of one length ({length})", str(lengths[row]), row)
    if values.null_count:
        missing = values.is_null().to_numpy(zero_copy_only=False)
        argument.check_present(missing.reshape(-1, length))
    inner = _from_arrow(values, argument)
    return inner.reshape(len(lengths), length, *inner.shape[1:])
