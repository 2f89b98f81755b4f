"""Options that are passed on to `kstar` and `kstar_distribution`, by name."""

from collections.abc import Mapping
from typing import Any

SEARCH_OPTIONS = {"metric", "backend", "device", "memory_limit"}
DISTRIBUTION_OPTIONS = {"metric", "backend", "memory_limit", "skewness", "threshold"}


def check_search_options(function: str, options: Mapping[str, Any]) -> None:
    """Refuse options given to this function that are none of the search's."""
    unknown = set(options) - SEARCH_OPTIONS
    if unknown:
        raise TypeError(f"{function}: no option {', '.join(sorted(unknown))}")
