"""How much memory the CPU engine takes: what it looks at before full balls is what gives way."""

from typing import NamedTuple

from ...inputs.problem import Problem
from ..pairs import Memory
from ..projection import SURVEY_BYTES
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
    samples, references = sum(map(len, problem.sides)), len(problem.references)
    memory = memory_of(dimensions, threads)
    least = problem.copied + samples * _full_bytes(dimensions) + memory.besides
    least += references * _tree_bytes(dimensions, references)
    if memory_limit is None:
        return all_room(dimensions)
    if memory_limit < least:
        raise ValueError(
            f"memory_limit: at least {least} bytes are wanted for this problem on the cpu backend, "
            f"got {memory_limit}"
        )
    room = (memory_limit - least - SURVEY_BYTES) // samples
    narrow = max(0, min(all_room(dimensions).widest, room // 2 - _cpu.WIDTH_STEP))
    in_tree = max(0, room // (2 + TREE) - _cpu.WIDTH_STEP)
    # Narrow balls are one dimension wider. Wider ones make no tree, but a search may choose others.
    if in_tree + 1 < _cpu.TREE_WIDTH and references >= _cpu.TREE_SAMPLES:
        narrow = min(narrow, in_tree)
    return Room(narrow, room >= _first_look_bytes(dimensions))


def memory_of(dimensions: int, threads: int) -> Memory:
    """Return what samples of so many features take, however many there are, by so many threads."""
    full, many = _full_bytes(dimensions), _cpu.TREE_SAMPLES
    narrow_tree = _tree_bytes(min(dimensions, _cpu.TREE_WIDTH), many)
    shard = full + _first_look_bytes(dimensions) + narrow_tree + SHARD_BYTES
    besides = threads * (THREAD_BYTES + PACKED_ROWS * 2 * padded_width(dimensions))
    return Memory(full + _tree_bytes(dimensions, many), shard, besides)


def _full_bytes(dimensions: int) -> int:
    """Return what a sample takes, with its full ball."""
    return 2 * padded_width(dimensions) + SAMPLE_BYTES


def _tree_bytes(width: int, references: int) -> int:
    """Return what each of so many references takes in a tree, if one may be made of them."""
    made = width <= _cpu.TREE_WIDTH and references >= _cpu.TREE_SAMPLES
    return TREE * padded_width(width) if made else 0


def _first_look_bytes(dimensions: int) -> int:
    """Return the most that a sample's first ball takes.

    Narrow points of bytes are made of those of 16-bit numbers; full ones are no longer than both.
    """
    both = 3 * (all_room(dimensions).widest + 1) + 2 * _cpu.WIDTH_STEP + _cpu.BYTE_STEP
    return max(both, dimensions + _cpu.BYTE_STEP)


def all_room(dimensions: int) -> Room:
    """Return as much room as is of use."""
    return Room(2 * dimensions // 3, True)
