"""Samples by themselves: what they are called, whom they meet, and which are confused the most."""

import os
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..inputs.labels import label_array
from ..inputs.problem import Integers
from .options import check_count

if TYPE_CHECKING:
    from .distribution import KStarDistribution


def sample_ids(ids: Any, count: int) -> NDArray[Any]:
    """Return what so many samples are called, (N,) integers or strings.

    Raises
    ------
    TypeError
        For ids of another kind.
    ValueError
        If there is not one per sample.
    """
    if isinstance(ids, list | tuple):
        ids = [os.fspath(each) if isinstance(each, os.PathLike) else each for each in ids]
    found = label_array(ids, "ids")
    if found.dtype.kind == "b":
        raise TypeError("ids: integers, strings or paths are wanted, got booleans")
    if len(found) != count:
        raise ValueError(f"ids: one per sample is wanted ({count}), got {len(found)}")
    return found


def compact(distance: NDArray[np.float64]) -> NDArray[Any]:
    """Return distances in float32, which is enough to look at; in float64 where that has no room.

    What is not 0 stays apart from it.
    """
    with np.errstate(over="ignore", under="ignore"):
        narrow = distance.astype(np.float32)
    fits = np.isfinite(narrow) & ((distance == 0) | (np.abs(narrow) >= np.finfo(np.float32).tiny))
    return narrow if fits.all() else distance


def foreign_classes(result: "KStarDistribution") -> tuple[Integers, tuple[str, ...]]:
    """Return the class of each sample's nearest foreign one, and what those classes are called.

    Raises
    ------
    ValueError
        If the result does not know the foreign samples.
    """
    if result.foreign_index is None:
        raise _without_foreign()
    if result.foreign_class is None or result.reference_names is None:
        return result.class_index[result.foreign_index], result.class_names
    return result.foreign_class, result.reference_names


def most_confused(result: "KStarDistribution", n: int, by: str | None = None) -> Integers:
    """Return the samples of the smallest k*; of equal k*, those whose foreign one is nearest first.

    Parameters
    ----------
    n : how many
    by : "class" for so many of each class, class by class

    Raises
    ------
    TypeError, ValueError
        For an `n` or `by` that is none; if the result does not know the foreign samples.
    """
    check_count(n, "n", 1)
    if by not in (None, "class"):
        raise ValueError(f"by: 'class' or None is wanted, got {by!r}")
    if result.foreign_distance is None:
        raise _without_foreign()
    order = by_confusion(result, np.arange(len(result.kstar)))
    # Where the references lack a class, k* is 1 and says nothing.
    order = order[result.population[result.class_index[order]] > 0]
    if by is None:
        return order[:n]
    order = order[np.argsort(result.class_index[order], kind="stable")]
    codes = result.class_index[order]
    return order[np.arange(len(order)) - np.searchsorted(codes, codes) < n]


def by_confusion(result: "KStarDistribution", rows: Integers) -> Integers:
    """Return samples in the order of `most_confused`; those that nothing tells apart as they are.

    Their nearest foreign samples must be known.
    """
    assert result.foreign_distance is not None
    return rows[np.lexsort((result.foreign_distance[rows], result.kstar[rows]))]


def sample_columns(result: "KStarDistribution", rows: "Integers | slice") -> dict[str, Any]:
    """Return what is known of these samples, by the name of a table's column."""
    index = result.class_index[rows]
    columns: dict[str, Any] = {"sample": np.arange(len(result.kstar))[rows]}
    if result.ids is not None:
        columns["id"] = result.ids[rows]
    columns["class"] = np.array(result.class_names, dtype=object)[index]
    columns |= {"kstar": result.kstar[rows], "normalized": result.normalized[rows]}
    if result.foreign_index is None or result.foreign_distance is None:
        return columns
    codes, names = foreign_classes(result)
    columns["foreign_sample"] = result.foreign_index[rows]
    if result.ids is not None and not result.query_form:
        columns["foreign_id"] = result.ids[result.foreign_index[rows]]
    columns["foreign_class"] = np.array(names, dtype=object)[codes[rows]]
    columns["foreign_distance"] = result.foreign_distance[rows]
    return columns


def _without_foreign() -> ValueError:
    return ValueError(
        "result: one that knows each sample's nearest foreign one is wanted "
        "(kstar_distribution(..., return_foreign=True), or a sweep's), got one without"
    )
