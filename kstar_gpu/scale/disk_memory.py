"""How a walk over features on disk divides memory, and whether there has to be one."""

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..engines.pairs import Memory, Pairs
from ..engines.shards import FEW_ROWS
from .stored import Stored

NAMES = ("features", "references")
RESULT_BYTES = 120  # what is found of a sample, its class, and either in other orders
FEW_BYTES = 40  # of a number of one of the few samples, while the choice of balls is made,
FEW_KEPT = 12  # and after it
FEWEST = 48  # samples of a shard: fewer would not fill a tile


class Plan(NamedTuple):
    """How samples are cut, so that all stays within a memory limit."""

    shard: int  # samples of a shard at the most
    few: int  # that stand for all


def limit_of_walk(
    sides: Sequence[Stored], pairs: Pairs[Any], memory_limit: int | None, must: bool
) -> int | None:
    """Return how much memory a walk may take; None if the whole fits, or if none is possible.

    Parameters
    ----------
    must : whether there is no other way
    """
    memory = pairs.memory(sides[0].dimensions)
    if memory is None and must:
        raise ValueError(
            "features: arrays are wanted where the CPU engine does not compute, got some on disk"
        )
    if memory is None or (memory_limit is None and not must):
        return None
    if memory_limit is None:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    if must:
        return memory_limit
    copied = sum(
        side.copied_per_sample(name) * side.shape[0]
        for side, name in zip(sides, NAMES, strict=False)
    )
    whole = memory.besides + memory.whole * sum(side.shape[0] for side in sides) + copied
    return memory_limit if whole > memory_limit else None


def plan_of(count: int, dimensions: int, copied: int, memory: Memory, limit: int) -> Plan:
    """Return how to cut samples so that two shards, and all that is found, fit in memory.

    Parameters
    ----------
    count : of samples, those of both sides together
    copied : bytes that the rows of a sample take, where they are read

    Raises
    ------
    ValueError
        If not even two of the shortest shards fit.
    """
    sample = memory.shard + copied
    besides = memory.besides + RESULT_BYTES * count
    least = besides + 4 * FEWEST * sample
    if limit < least:
        raise ValueError(
            f"memory_limit: at least {least} bytes are wanted for these samples, a few of which "
            f"are in memory at a time, got {limit}"
        )
    # Half at the most for the choice of balls; and then for two shards what the few leave.
    few = min(FEW_ROWS, max(2, (limit - besides) // 2 // (FEW_BYTES * dimensions)))
    room = limit - besides - few * FEW_KEPT * dimensions
    shard = room // sample
    return Plan(int(shard if shard >= count else shard // 2), int(few))
