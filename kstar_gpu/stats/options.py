"""Options that are passed on to `kstar` and `kstar_distribution`, by name; and numbers of draws."""

import numbers
from collections.abc import Mapping
from typing import Any

SEARCH_OPTIONS = {"metric", "backend", "device", "memory_limit"}
DISTRIBUTION_OPTIONS = {"metric", "backend", "memory_limit", "skewness", "threshold"}


def check_search_options(function: str, options: Mapping[str, Any]) -> None:
    """Refuse options given to this function that are none of the search's."""
    unknown = set(options) - SEARCH_OPTIONS
    if unknown:
        raise TypeError(f"{function}: no option {', '.join(sorted(unknown))}")


def check_count(value: object, name: str, least: int) -> None:
    """Refuse an argument, of this name, that is no integer, or a smaller one."""
    if not isinstance(value, numbers.Integral):
        raise TypeError(f"{name}: an integer is wanted, got {value!r}")
    if value < least:
        are = "is" if least == 1 else "are"
        raise ValueError(f"{name}: at least {least} {are} wanted, got {value}")
