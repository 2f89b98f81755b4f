"""An argument that holds an array: its name, what it may hold, and how it is refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..exhausted_memory import is_exhausted


@dataclass(frozen=True)
class Argument:
    """An argument, or a part of it, as errors name it.

    Attributes
    ----------
    name : the argument
    kinds : the kinds of values that it may hold, in words
    column : the column looked at, in words
    row : the row looked at, where it is an array of its own
    """

    name: str
    kinds: str
    column: str = ""
    row: int | None = None

    def of_column(self, label: Any) -> "Argument":
        """Return the argument's column of this name."""
        return replace(self, column=f" in column {label!r}")

    def of_row(self, row: int) -> "Argument":
        """Return the argument's row of this number; rows of a row are no rows of the argument."""
        return self if self.row is not None else replace(self, row=row)

    def row_of(self, position: int) -> int:
        """Return which row of the argument this row of what is looked at is."""
        return position if self.row is None else self.row

    def type_error(self, got: str) -> TypeError:
        """Return the error for values, or a container, of another kind."""
        row = "" if self.row is None else f" in row {self.row}"
        return TypeError(f"{self.name}: {self.kinds} are wanted, got {got}{self.column}{row}")

    def value_error(self, wanted: str, got: str, position: int) -> ValueError:
        """Return the error for a value of the right kind that cannot be taken."""
        where = f"{self.column} in row {self.row_of(position)}"
        return ValueError(f"{self.name}: {wanted} are wanted, got {got}{where}")

    def check_present(self, missing: NDArray[np.bool_]) -> None:
        """Refuse values of which some are missing, by the first such row."""
        if missing.any():
            row = int(np.argwhere(missing)[0][0]) if missing.ndim else 0
            raise self.value_error("no missing values", "one", row)

    @contextmanager
    def reading(self, values: Any) -> Iterator[None]:
        """Within, whatever another library raises becomes one error in this argument's name."""
        try:
            yield
        except Exception as error:
            if is_exhausted(error):
                raise
            reason = (str(error).splitlines() or [""])[0] or type(error).__name__
            raise self.type_error(
                f"{type(values).__name__}, which cannot be read ({reason})"
            ) from error
