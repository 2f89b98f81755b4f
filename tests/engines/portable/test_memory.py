"""The side of a tile gives way to a memory limit."""

import re

import pytest
from helpers.families import gaussian, labels, problem_of

from kstar_gpu.engines.portable.memory import (
    LARGEST_SIDE,
    SMALLEST_PIECE,
    SMALLEST_SIDE,
    bytes_fit,
    memory_needed,
    suitable_sides,
    tile_side,
)


@pytest.fixture
def problem(rng):
    return problem_of(gaussian(rng, 300, 20), labels(rng, 300, 3))


def test_the_largest_tile_that_the_limit_bears(problem):
    assert tile_side(problem, None) == LARGEST_SIDE
    side = LARGEST_SIDE
    while side > SMALLEST_SIDE:
        needed = memory_needed(problem, side)
        assert tile_side(problem, needed) == side
        assert tile_side(problem, needed - 1) == side // 2
        side //= 2


def test_a_limit_too_small_is_refused_with_the_least_that_does(problem):
    with pytest.raises(ValueError, match="memory_limit: at least") as refused:
        tile_side(problem, 1)
    least = int(re.search(r"at least (\d+) bytes", str(refused.value)).group(1))
    assert tile_side(problem, least) == SMALLEST_SIDE
    with pytest.raises(ValueError, match=f"at least {least} bytes .* got {least - 1}"):
        tile_side(problem, least - 1)


def test_small_problems_and_long_rows_get_small_tiles(rng):
    def sides(samples, features, classes=3, side=LARGEST_SIDE):
        x = gaussian(rng, samples, features)
        return suitable_sides(problem_of(x, labels(rng, samples, classes)), side, 80)

    search, count = sides(3000, 300)
    assert SMALLEST_PIECE <= count <= search < LARGEST_SIDE
    assert sides(300, 300)[0] < search
    assert sides(3000, 30)[0] > search
    assert sides(3000, 300, classes=30)[1] < count
    assert sides(3000, 300, side=100) == (100, 100)
    assert sides(4, 2000) == (SMALLEST_PIECE, SMALLEST_PIECE)


def test_bytes_are_left_out_where_there_is_no_room(problem):
    assert bytes_fit(problem, SMALLEST_SIDE, None)
    needed = memory_needed(problem, SMALLEST_SIDE)
    assert not bytes_fit(problem, SMALLEST_SIDE, needed + 300 * 20)
    assert bytes_fit(problem, SMALLEST_SIDE, needed + 300 * 100)
