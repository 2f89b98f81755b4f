"""How much memory the CPU engine takes: the width of narrow balls is what gives way."""

from ...inputs.problem import Problem
from ..projection import SURVEY_BYTES
from . import _cpu
from .balls import padded_width

SAMPLE_BYTES = 200  # thresholds, seeds, radii, results and order of one sample
THREAD_BYTES = 2 << 20  # packed columns and survivors of one thread
PACKED_ROWS = 480  # and packed rows


def widest_narrow(problem: Problem, threads: int, memory_limit: int | None) -> int:
    """Return how many dimensions narrow balls may have; 0 for none.

    Raises
    ------
    ValueError
        If the memory limit does not even bear the full ones.
    """
    dimensions = problem.samples.values.shape[1]
    samples = sum(map(len, problem.sides))
    least = problem.copied + samples * (2 * padded_width(dimensions) + SAMPLE_BYTES)
    least += threads * (THREAD_BYTES + PACKED_ROWS * 2 * padded_width(dimensions))
    if memory_limit is None:
        return 2 * dimensions // 3
    if memory_limit < least:
        raise ValueError(
            f"memory_limit: at least {least} bytes are wanted for this problem on the cpu backend, "
            f"got {memory_limit}"
        )
    room = (memory_limit - least - SURVEY_BYTES) // (2 * samples) - _cpu.WIDTH_STEP
    return max(0, min(2 * dimensions // 3, room))
