"""What a search looks at before full balls gives way to a memory limit: bytes, then width."""

import re

import pytest
from helpers.families import gaussian, labels, problem_of

pytest.importorskip("kstar_gpu.engines.cpu._cpu", reason="the CPU engine is not built")

from kstar_gpu.engines.cpu.memory import Room, room_beside


@pytest.fixture
def problem(rng):
    return problem_of(gaussian(rng, 3000, 200), labels(rng, 3000, 3))


def test_two_thirds_of_the_dimensions_where_nothing_limits(problem):
    assert room_beside(problem, 2, None) == Room(133, True)
    assert room_beside(problem, 2, 1 << 40) == Room(133, True)


def test_narrow_balls_get_what_the_full_ones_leave_and_then_bytes(problem):
    rooms = [room_beside(problem, 2, limit) for limit in range(7_000_000, 120_000_000, 100_000)]
    widths = [room.widest for room in rooms]
    assert widths == sorted(widths)
    assert widths[0] == 0
    assert widths[-1] == 133
    assert len({*widths}) > 2
    in_bytes = [room.bytes for room in rooms]
    assert in_bytes == sorted(in_bytes)
    assert widths.index(133) < in_bytes.index(True)


@pytest.mark.parametrize("d", [1, 2, 31, 64])
def test_full_balls_of_bytes_want_room_too(d, rng):
    problem = problem_of(gaussian(rng, 100_000, d), labels(rng, 100_000, 3))
    least = 1 << 40
    while room_beside(problem, 2, least // 2 + least // 4).bytes:
        least = least // 2 + least // 4
    assert least - smallest_limit(problem) > 100_000 * d


def smallest_limit(problem):
    with pytest.raises(ValueError, match="memory_limit: at least") as refused:
        room_beside(problem, 2, 1)
    return int(re.search(r"at least (\d+) bytes", str(refused.value)).group(1))


def test_a_limit_too_small_is_refused_with_the_least_that_does(problem):
    least = smallest_limit(problem)
    assert room_beside(problem, 2, least) == Room(0, False)
    with pytest.raises(ValueError, match=f"at least {least} bytes .* got {least - 1}"):
        room_beside(problem, 2, least - 1)
