"""Which classes are told of, where there are many: those asked for, or the most striking ones."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .options import check_count

if TYPE_CHECKING:
    from .class_statistics import ClassStatistics

Codes = NDArray[np.int64]
MOST_TOP = 10  # of each pattern, by default
SHOWN = ("fractured", "overlapped", "clustered")
KINDS = ("overview", "all")


def check_kind(kind: str | None) -> None:
    """Refuse an unknown kind of picture or table."""
    if kind is not None and kind not in KINDS:
        raise ValueError(f"kind: {' or '.join(KINDS)} is wanted, got {kind!r}")


def check_top(top: int | None, least: int = 1) -> int:
    """Return how many classes of each pattern are wanted."""
    if top is None:
        return MOST_TOP
    check_count(top, "top", least)
    return int(top)


def codes_of(classes: Iterable[Any] | None, labels: Iterable[Any], names: Sequence[str]) -> Codes:
    """Return which classes are asked for, by label or name, as indices; None asks for all.

    Raises
    ------
    TypeError
        If `classes` is no sequence.
    ValueError
        If it is empty, has one that is not there or occurs twice, or a name that several have.
    """
    known = [*labels]
    if classes is None:
        return np.arange(len(known))
    if isinstance(classes, str | bytes) or not isinstance(classes, Iterable):
        raise TypeError(f"classes: a sequence of labels or names is wanted, got {classes!r}")
    of_label = {label: code for code, label in enumerate(known)}
    of_name: dict[str, list[int]] = {}
    for code, name in enumerate(names):
        of_name.setdefault(str(name), []).append(code)
    codes = [_code_of(asked, of_label, of_name) for asked in classes]
    if not codes:
        raise ValueError("classes: one at least is wanted, got none")
    if len({*codes}) < len(codes):
        twice = next(names[code] for code in codes if codes.count(code) > 1)
        raise ValueError(f"classes: each is wanted once, got {twice!r} twice")
    return np.array(codes)


def _code_of(asked: Any, of_label: dict[Any, int], of_name: dict[str, list[int]]) -> int:
    asked = asked.item() if isinstance(asked, np.generic) else asked
    try:
        found = {of_label[asked]} if asked in of_label else set()
    except TypeError as error:  # of what cannot be looked up, such as a list
        raise TypeError(f"classes: labels or names are wanted, got {asked!r}") from error
    if isinstance(asked, str):
        found |= {*of_name.get(asked, ())}
    if len(found) == 1:
        return found.pop()
    if found:
        raise ValueError(f"classes: {asked!r} is {len(found)} classes; one's label is wanted")
    examples = ", ".join(repr(name) for name in [*of_name][:3])
    raise ValueError(
        f"classes: labels or names that the result has, such as {examples}, are wanted, "
        f"got {asked!r}"
    )


def deciding_skewness(result: "ClassStatistics") -> NDArray[np.float64]:
    """Return the skewness of each class that decides its pattern."""
    return result.skewness_plain if result.skewness == "plain" else result.skewness_augmented


def most(result: "ClassStatistics", pattern: str, top: int, codes: Codes) -> Codes:
    """Return those of a pattern that are it the most, the most of all first.

    Fractured: the largest skewness; clustered: the smallest, before which come classes whose values
    are all 1; overlapped: that nearest to 0. Of equal ones the smaller mean first (clustered: the
    larger).
    """
    skewness = deciding_skewness(result)
    sign = {"fractured": -1.0, "clustered": 1.0}.get(pattern)
    how_much = np.abs(skewness) if sign is None else sign * skewness
    how_much = np.where(np.isnan(how_much), -np.inf, how_much)
    means = -result.mean if pattern == "clustered" else result.mean
    own = codes[np.array([result.pattern[code] == pattern for code in codes], bool)]
    chosen: Codes = own[np.lexsort((means[own], how_much[own]))][:top]
    return chosen


def striking(result: "ClassStatistics", top: int, codes: Codes) -> Codes:
    """Return the most fractured, overlapped and clustered classes, after one another."""
    return np.concatenate([most(result, pattern, top, codes) for pattern in SHOWN])
