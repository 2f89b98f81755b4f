"""How much memory the CPU engine takes: what it looks at before full balls is what gives way."""

from typing import NamedTuple

from ...inputs.problem import Problem
from ..projection import SURVEY_BYTES
from . import _cpu
from .balls import padded_width

SAMPLE_BYTES = 200  # thresholds, seeds, radii, results and order of one sample
THREAD_BYTES = 2 << 20  # packed columns and survivors of one thread
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
    least = problem.copied + samples * (2 * padded_width(dimensions) + SAMPLE_BYTES)
    least += threads * (THREAD_BYTES + PACKED_ROWS * 2 * padded_width(dimensions))
    if memory_limit is None:
        return all_room(dimensions)
    if memory_limit < least:
        raise ValueError(
            f"memory_limit: at least {least} bytes are wanted for this problem on the cpu backend, "
            f"got {memory_limit}"
        )
    room = (memory_limit - least - SURVEY_BYTES) // samples
    widest = all_room(dimensions).widest
    # Narrow points of bytes are made of those of 16-bit numbers; full ones are no longer than both.
    both = 3 * (widest + 1) + 2 * _cpu.WIDTH_STEP + _cpu.BYTE_STEP
    narrow = max(0, min(widest, room // 2 - _cpu.WIDTH_STEP))
    return Room(narrow, room >= max(both, dimensions + _cpu.BYTE_STEP))


def all_room(dimensions: int) -> Room:
    """Return as much room as is of use."""
    return Room(2 * dimensions // 3, True)
