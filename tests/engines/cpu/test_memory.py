"""The width of narrow balls gives way to a memory limit."""

import re

import pytest
from helpers.families import gaussian, labels, problem_of

pytest.importorskip("kstar_gpu.engines.cpu._cpu", reason="the CPU engine is not built")

from kstar_gpu.engines.cpu.memory import widest_narrow


@pytest.fixture
def problem(rng):
    return problem_of(gaussian(rng, 3000, 200), labels(rng, 3000, 3))


def test_half_of_the_dimensions_where_nothing_limits(problem):
    assert widest_narrow(problem, 2, None) == 100
    assert widest_narrow(problem, 2, 1 << 40) == 100


def test_narrow_balls_get_what_the_full_ones_leave(problem):
    limits = range(7_000_000, 120_000_000, 500_000)
    widths = [widest_narrow(problem, 2, limit) for limit in limits]
    assert widths == sorted(widths)
    assert widths[0] == 0
    assert widths[-1] == 100
    assert len({*widths}) > 2


def test_a_limit_too_small_is_refused_with_the_least_that_does(problem):
    with pytest.raises(ValueError, match="memory_limit: at least") as refused:
        widest_narrow(problem, 2, 1)
    least = int(re.search(r"at least (\d+) bytes", str(refused.value)).group(1))
    assert widest_narrow(problem, 2, least) == 0
    with pytest.raises(ValueError, match=f"at least {least} bytes .* got {least - 1}"):
        widest_narrow(problem, 2, least - 1)
