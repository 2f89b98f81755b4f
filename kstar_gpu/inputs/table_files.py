"""Files of columns, .csv and .parquet: features are columns of numbers, or one column of vectors.

Arrow reads them: it keeps every column's own kind, and never runs what a file holds.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ..extras import import_extra
from ..files import DamagedFileError
from ..names import one_line
from .file_sizes import GrowthError, check_growth


class Columns(Mapping[str, Any]):
    """The columns of a table, by their names.

    Parameters
    ----------
    path : of the file
    table : of Arrow's
    """

    def __init__(self, path: Path, table: Any) -> None:
        self.path = path
        self.table = table
        for name, times in Counter(table.column_names).items():
            if times > 1:
                raise ValueError(
                    f"{path}: names of columns that differ are wanted, got {times} times {name!r}"
                )

    def __getitem__(self, name: str) -> Any:
        return self.table.column(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.table.column_names)

    def __len__(self) -> int:
        return int(self.table.num_columns)

    def matching(self, glob: str) -> Any:
        """Return the table of the columns whose names fit, None if there are none."""
        names = [name for name in self if fnmatchcase(name, glob)]
        return self.table.select(names) if names else None

    def without(self, labels: str) -> Any:
        """Return the table of all columns but the labels.

        Raises
        ------
        ValueError
            If a column has no name, as a row's number that pandas has written beside it; if one
            holds text.
        """
        names = [name for name in self if name != labels]
        if not all(names):
            raise ValueError(
                f"{self.path}: names for all columns are wanted, got one without (of pandas: "
                "to_csv(index=False) leaves the index out)"
            )
        kinds = {name: str(self.table.schema.field(name).type) for name in names}
        if texts := [name for name, kind in kinds.items() if "string" in kind]:
            vectors = [
                name for name, kind in kinds.items() if "list<" in kind and "str" not in kind
            ]
            key = vectors[0] if vectors else "KEY"
            raise ValueError(
                f"{self.path}: numbers are wanted as features, got text in "
                f"{one_line(', '.join(map(repr, texts)))}; {self.path}:{one_line(key)} would name "
                "one column, or several by a glob"
            )
        return self.table.select(names)


def open_csv(path: Path) -> Columns:
    """Read a table whose first line names the columns; an empty cell is a missing value.

    Raises
    ------
    ValueError
        If it is no such table, or its first line has numbers in the place of names.
    ImportError
        Without pyarrow.
    """
    csv = import_extra("pyarrow.csv", "disk", f"{path} needs pyarrow")
    empty_is_missing = csv.ConvertOptions(null_values=[""], strings_can_be_null=True)
    try:
        table = csv.read_csv(path, convert_options=empty_is_missing)
    except MemoryError:
        raise
    except Exception as error:  # Arrow's own, and what it makes of letters in another encoding
        raise DamagedFileError(path, f"cannot be read: {error or type(error).__name__}") from error
    names = table.column_names
    numbered = [str(number) for number in range(len(names))]  # as pandas names what has no names
    if names != numbered and all(map(_is_number, names)):
        raise ValueError(
            f"{path}: names of the columns are wanted in the first line, got numbers: "
            f"{one_line(', '.join(names[:3]))}"
        )
    return Columns(path, table)


def open_parquet(path: Path) -> Columns:
    """Read a table; not the index that pandas has written beside its columns.

    Raises
    ------
    ValueError
        If it is damaged, or becomes much larger in memory than it is.
    ImportError
        Without pyarrow.
    """
    parquet = import_extra("pyarrow.parquet", "disk", f"{path} needs pyarrow")
    try:
        with parquet.ParquetFile(path) as file:
            groups = (file.metadata.row_group(group) for group in range(file.num_row_groups))
            check_growth(path, sum(group.total_byte_size for group in groups))
            check_growth(path, file.metadata.num_rows * file.metadata.num_columns)
            table = file.read()
    except (MemoryError, GrowthError):
        raise
    except Exception as error:
        raise DamagedFileError(path, f"cannot be read: {error or type(error).__name__}") from error
    index = (table.schema.pandas_metadata or {}).get("index_columns", [])
    return Columns(path, table.drop_columns([name for name in index if isinstance(name, str)]))


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True
