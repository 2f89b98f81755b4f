"""Samples dealt to the ranks anew, class by class, where some ranks would have little to search.

Where samples are sorted some ranks that meet have but one class, and nothing to search; or some
have more samples than others. In each round all wait for the busiest. Dealt in turns, every rank
has as many of each class.
"""

from collections.abc import Sequence

import numpy as np

from ...columns import stable_order
from ...inputs.problem import Integers
from .meeting import is_shared, rounds_of

WORTH = 1.2  # times as long as dealt samples would take; each is sent once more for it


def is_worth(tables: Sequence[Integers]) -> bool:
    """Whether samples are to be dealt.

    Parameters
    ----------
    tables : how many each rank has of each class (W, C): samples, and references if there are any
    """
    even = [np.broadcast_to(table.sum(0) / len(table), table.shape) for table in tables]
    return _duration([table.astype(np.float64) for table in tables]) > WORTH * _duration(even)


def _duration(tables: list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]]) -> float:
    """Return how long all rounds of a search take, in pairs of samples: as their busiest ranks."""
    guests, hosts = tables[0], tables[-1]
    self_form = len(tables) == 1
    size = len(hosts)
    foreign = np.outer(hosts.sum(1), guests.sum(1)) - hosts @ guests.T
    longest = [foreign.diagonal().max() / (2 if self_form else 1)]
    host = np.arange(size)
    for step in range(1, rounds_of(size, self_form)):
        busiest = foreign[host, (host + step) % size].max()
        longest.append(busiest / (2 if is_shared(size, step, self_form) else 1))
    return float(sum(longest))


def in_turns(table: Integers, rank: int, codes: Integers) -> Integers:
    """Return the rank (n,) that each sample of this one goes to.

    Parameters
    ----------
    table : (W, C) how many samples each rank has of each class
    codes : (n,) of the samples of this rank
    """
    sizes = table.sum(0)
    before = table[:rank].sum(0)
    order = stable_order(codes)
    own = np.bincount(codes, minlength=len(sizes))
    # All samples in a row, by class, and in each by rank: dealt in turns.
    skipped = np.cumsum(sizes) - sizes + before - (np.cumsum(own) - own)
    to = np.empty(len(codes), np.int64)
    to[order] = (np.arange(len(codes)) + skipped[codes[order]]) % len(table)
    return to
