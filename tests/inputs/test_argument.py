"""What errors say of an argument: its name, what was wanted, what came, and where."""

import numpy as np
import pytest

from kstar_gpu.inputs.argument import Argument

FEATURES = Argument("features", "numbers")


def test_errors_say_where():
    assert str(FEATURES.type_error("dict")) == "features: numbers are wanted, got dict"
    of_column = FEATURES.of_column("a")
    assert str(of_column.type_error("dict")).endswith("got dict in column 'a'")
    error = of_column.value_error("integers", "0.5", 3)
    assert str(error) == "features: integers are wanted, got 0.5 in column 'a' in row 3"


def test_rows_of_rows_are_no_rows_of_the_argument():
    assert str(FEATURES.of_row(7).of_row(1).type_error("dict")).endswith("got dict in row 7")
    assert "in row 7" in str(FEATURES.of_row(7).value_error("integers", "0.5", 1))


@pytest.mark.parametrize(
    ("missing", "row"),
    [(np.array([False, False, True, True]), 2), (np.array([[False, False], [False, True]]), 1)],
)
def test_the_first_row_with_something_missing_is_named(missing, row):
    FEATURES.check_present(np.zeros_like(missing))
    with pytest.raises(ValueError, match=rf"^features: no missing values .* got one in row {row}$"):
        FEATURES.check_present(missing)


def test_errors_of_other_libraries_become_one_in_its_name():
    wanted = r"^features: numbers are wanted, got list, which cannot be read \(no\)$"
    with pytest.raises(TypeError, match=wanted), FEATURES.reading([]):
        raise LibraryError("no\nmore lines")
    with pytest.raises(MemoryError), FEATURES.reading([]):
        raise MemoryError


class LibraryError(Exception):
    """An error of a class that nobody knows."""
