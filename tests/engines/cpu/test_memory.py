"""What a search looks at before full balls gives way to a memory limit: bytes, then width."""

import re

import pytest
import torch
from helpers.families import gaussian, labels, problem_of

pytest.importorskip("kstar_gpu.engines.cpu._cpu", reason="the CPU engine is not built")

from kstar_gpu.engines.cpu import _cpu
from kstar_gpu.engines.cpu.balls import padded_width
from kstar_gpu.engines.cpu.memory import SAMPLE_BYTES, TREE, Room, memory_of, room_beside
from kstar_gpu.engines.projection import SURVEY_BYTES
from kstar_gpu.inputs.classes import make_classes
from kstar_gpu.inputs.problem import make_problem


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


def smallest_of(rng, n, d, queries=None):
    """Return the smallest limit of so many references, which ask by themselves, or queries do."""
    x, y = gaussian(rng, n, d), labels(rng, n, 3)
    if queries is None:
        return smallest_limit(problem_of(x, y))
    asking, references = torch.from_numpy(x[:queries]), torch.from_numpy(x)
    classes = make_classes(y[:queries], y)
    device = torch.device("cpu")
    return smallest_limit(make_problem(asking, references, classes, "euclidean", device))


@pytest.mark.parametrize("d", [1, 24, 25, 64, 65])
def test_trees_are_counted_where_they_are_made(d, rng):
    """In few dimensions and of many references alone, however many ask."""
    many = _cpu.TREE_SAMPLES
    least = [smallest_of(rng, many + more, d) for more in (-2, -1, 0)]
    whole = 2 * padded_width(d) + SAMPLE_BYTES
    tree = TREE * padded_width(d) if d <= _cpu.TREE_WIDTH else 0
    assert least[1] - least[0] == whole
    assert least[2] - least[1] == whole + many * tree
    assert smallest_of(rng, many, d, 2) - smallest_of(rng, many, d, 1) == whole
    assert memory_of(d, 1).whole == whole + tree


@pytest.mark.parametrize("more", [-1, 0])
def test_no_narrow_ball_may_be_chosen_whose_tree_has_no_room(more, rng):
    n = _cpu.TREE_SAMPLES + more
    problem = problem_of(gaussian(rng, n, 200), labels(rng, n, 3))
    least = smallest_limit(problem) + SURVEY_BYTES
    widest = [room_beside(problem, 2, least + n * room).widest for room in range(400)]
    assert widest == sorted(widest)
    assert widest[-1] == 133
    for room, h in ((room, h) for room, most in enumerate(widest) for h in range(1, most + 1)):
        tree = TREE if more == 0 and h + 1 <= _cpu.TREE_WIDTH else 0
        assert (2 + tree) * padded_width(h + 1) <= room
