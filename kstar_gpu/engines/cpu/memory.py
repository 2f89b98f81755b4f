"""How much memory the CPU engine takes: what it looks at before full balls is what gives way."""

from typing import NamedTuple

from ...inputs.problem import Problem
from ..projection import SURVEY_BYTES
from ..shards import Memory
from . import _cpu
from .balls import padded_width

SAMPLE_BYTES = 200  # thresholds, seeds, radii, results and order of one sample
SHARD_BYTES = 150  # order, ids and duplicates of one sample of a shard, and what sorts them
THREAD_BYTES = 2 << 20  # packed columns and survivors of one thread
TREE = 3  # bytes per number of a point in a tree, with its boxes and what leaves are padded with
PACKED_ROWS = 768  # of a strip, and columns of points that are too wide for those


class Room(NamedTuple):
    """What there is room for, beside full balls of 16-bit numbers."""

    widest: int  # dimensions of narrow ones; 0 for none
    bytes: bool  # whether those, or the full ones, may have points of bytes besides


def room_beside(problem: Problem, threads: int, memory_limit: int | None) -> Room:
    """Return what there is room for beside full balls.

    Raises
    ------
    ValueError
        If the memory limit does not even bear those.
    """
    dimensions = problem.samples.values.shape[1]
    samples = sum(map(len, problem.sides))
    memory = memory_of(dimensions, threads)
    least = problem.copied + samples * memory.whole + memory.besides
    if memory_limit is None:
        return all_room(dimensions)
    if memory_limit < least:
        raise ValueError(
            f"memory_limit: at least {least} bytes are wanted for this problem on the cpu backend, "
            f"got {memory_limit}"
        )
    room = (memory_limit - least - SURVEY_BYTES) // samples
    narrow = max(0, min(all_room(dimensions).widest, room // 2 - _cpu.WIDTH_STEP))
    if narrow < _cpu.BOXED_WIDTH:
        narrow = max(0, min(narrow, room // (2 + TREE) - _cpu.WIDTH_STEP))
    return Room(narrow, room >= _first_look_bytes(dimensions))


def memory_of(dimensions: int, threads: int) -> Memory:
    """Return what samples of so many features take, by so many threads."""
    point = 2 * padded_width(dimensions)
    tree = TREE * padded_width(min(dimensions, _cpu.BOXED_WIDTH))
    whole = point + SAMPLE_BYTES + (tree if dimensions <= _cpu.BOXED_WIDTH else 0)
    shard = point + SAMPLE_BYTES + _first_look_bytes(dimensions) + tree + SHARD_BYTES
    return Memory(whole, shard, threads * (THREAD_BYTES + PACKED_ROWS * point))


def _first_look_bytes(dimensions: int) -> int:
    """Return the most that a sample's first ball takes.

    Narrow points of bytes are made of those of 16-bit numbers; full ones are no longer than both.
    """
    both = 3 * (all_room(dimensions).widest + 1) + 2 * _cpu.WIDTH_STEP + _cpu.BYTE_STEP
    return max(both, dimensions + _cpu.BYTE_STEP)


def all_room(dimensions: int) -> Room:
    """Return as much room as is of use."""
    return Room(2 * dimensions // 3, True)
