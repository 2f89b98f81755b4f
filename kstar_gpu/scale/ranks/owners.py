"""Which samples are whose, and their answers on the ranks that were given them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...inputs.problem import Integers
from ..shards import Found
from .given import Side
from .group import Ranks


class Own(NamedTuple):
    """The samples of one rank among all, in the order of its input."""

    codes: Integers
    ids: Integers
    kept: NDArray[np.bool_]  # whether it is no repetition of one before, or on a lower rank


def numbered(ranks: Ranks, side: Side, codes: Integers, counts: list[int]) -> Own:
    """Return which samples this rank has: by the ids it was given, or from the lowest rank on."""
    ids = side.ids
    first = sum(counts[: ranks.rank])
    own = slice(first, first + len(codes))
    if ids is None:
        return Own(codes, np.arange(own.start, own.stop), np.ones(len(codes), np.bool_))
    told = ranks.gather((ids, codes))
    return Own(codes, ids, ranks.agreed(lambda: _firsts(told, side.names.ids)[own], "arguments"))


def _firsts(told: list[tuple[Integers, Integers]], name: str) -> NDArray[np.bool_]:
    """Return which of the samples of all ranks, (ids, codes) of each, are the first of their id."""
    every, classes = (np.concatenate(column) for column in zip(*told, strict=True))
    _, firsts, which = np.unique(every, return_index=True, return_inverse=True)
    differ = np.flatnonzero(classes[firsts][which] != classes)
    if len(differ) > 0:
        raise ValueError(
            f"{name}: samples of one id are one, got id {every[differ[0]]} with different labels"
        )
    kept = np.zeros(len(every), np.bool_)
    kept[firsts] = True
    return kept


def shared(ranks: Ranks, own: Own, found: Found, of: Integers) -> Found:
    """Return the answers for own samples, those of repetitions from the ranks that have them."""
    ids, kept = own.ids, own.kept
    wanted = np.unique(np.concatenate(ranks.gather(ids[~kept])))
    some = np.isin(of, wanted)
    columns = (of, found.kstar, found.squared, found.index)
    told = ranks.gather(tuple(column[some] for column in columns)) if len(wanted) else []
    parts = [columns, *told]
    every, *answers = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(every, kind="stable")
    at = order[np.searchsorted(every[order], ids)] if len(ids) else ids
    return Found(*(answer[at] for answer in answers))
