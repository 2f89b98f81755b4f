"""Every way that the CPU engine can go: instruction set, threads, and what it looks at first."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from kernels import numbers

from kstar_gpu.engines import projection
from kstar_gpu.engines.cpu import _cpu, sides
from kstar_gpu.engines.cpu.common import first_balls

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from helpers.narrow import full_coarse, narrowest_coarse

THREADS = (1, 2, 8)
# What takes the place of `choose_balls`.
BALLS: dict[str, Callable[..., projection.Choice]] = {
    "as chosen": projection.choose_balls,
    "full, bytes": full_coarse,
    "narrow, bytes": narrowest_coarse,
}


class Way(NamedTuple):
    """One of them."""

    target: str
    balls: str  # a key of BALLS
    threads: int


class Look(NamedTuple):
    """What a search really looked at first."""

    width: int
    numbers: str


def ways() -> list[Way]:
    """Return all ways of this processor."""
    return [
        Way(target, balls, threads)
        for target in _cpu.targets()
        for balls in BALLS
        for threads in THREADS
    ]


@contextmanager
def forced(way: Way) -> Iterator[list[Look]]:
    """Make the engine go this way; give, call by call, what it looked at first."""
    threads, looks = torch.get_num_threads(), list[Look]()

    def watched(*given: Any) -> Any:
        balls, certificate = first_balls(*given)
        looks.append(Look(balls[0].width, numbers(balls[0].points.itemsize == 1)))
        return balls, certificate

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "KSTAR_CPU_TARGET", way.target)
        patch.setattr(projection, "choose_balls", BALLS[way.balls])
        patch.setattr(sides, "first_balls", watched)
        torch.set_num_threads(way.threads)
        try:
            yield looks
        finally:
            torch.set_num_threads(threads)
