"""A table as a file: text, CSV, JSON or Parquet, by its ending."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..extras import import_extra, import_pandas
from ..files import check_target, write_whole

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".txt", ".csv", ".json", ".parquet")


def check_table(path: Path) -> None:
    """See that a table can be written there, by its suffix, before the work whose result it is.

    Raises
    ------
    ValueError, OSError
        For another suffix; as `check_target`.
    ImportError
        Without pandas, where it is needed; without pyarrow for .parquet.
    """
    check_target(path)
    if path.suffix not in SUFFIXES:
        raise ValueError(
            f"{path}: a table's suffix is wanted, one of {', '.join(SUFFIXES)}, got {path.suffix!r}"
        )
    if path.suffix != ".txt":
        import_pandas(f"{path}")
    if path.suffix == ".parquet":
        import_extra("pyarrow", "disk", f"{path} needs pyarrow")


def write_table(path: Path, frame: "Callable[[], pd.DataFrame]", text: Callable[[], str]) -> None:
    """Write a table, which appears whole or not at all; numbers to their last digit.

    Parameters
    ----------
    path : as `check_table` takes it
    frame, text : give the table, in the form that the file needs
    """
    match path.suffix:
        case ".txt":
            write_whole(path, text() + "\n")
        case ".csv":
            write_whole(path, frame().to_csv(index=False))
        case ".json":
            write_whole(path, _json(frame()))
        case _:
            write_whole(path, frame().to_parquet(index=False))


def _json(frame: "pd.DataFrame") -> str:
    """Return a list of rows; what is undefined is null (pandas' own writer rounds)."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return json.dumps(rows, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
