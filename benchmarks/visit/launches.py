"""One call of the engine in which one launch of each kind is profiled: what `ncu` is started with.

    ncu --profile-from-start off ... python -m visit.launches SAMPLES DIMENSIONS

The launches of a call differ: the first ones find loose thresholds. So a first call counts them,
and in the second the middle one of each kind is profiled.
"""

import sys
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from typing import Any

import torch

from kstar_gpu import kstar
from visit import data


def starters(kernels: Any) -> dict[str, Callable[..., Any]]:
    """Return the functions that start kernels: those that are told a stream."""
    return {
        name: function
        for name, function in vars(kernels).items()
        if "stream:" in (getattr(function, "__doc__", None) or "") and not name.startswith("_")
    }


def at_the_middle(
    name: str, function: Callable[..., Any], seen: Counter[str], middle: int
) -> Callable[..., Any]:
    """Return a function that counts its calls, and has the one in the middle profiled."""

    def called(*arguments: Any) -> Any:
        seen[name] += 1
        if seen[name] != middle:
            return function(*arguments)
        torch.cuda.profiler.start()  # type: ignore[no-untyped-call]  # torch declares no types
        try:
            return function(*arguments)
        finally:
            torch.cuda.synchronize()
            torch.cuda.profiler.stop()  # type: ignore[no-untyped-call]  # likewise

    return called


def profile_one_of_each(call: Callable[[], Any]) -> dict[str, int]:
    """Make a call twice; return how many launches of each kind it has."""
    kernels = import_module("kstar_gpu.engines.cuda._cuda")
    plain, seen = starters(kernels), Counter[str]()
    for name, function in plain.items():
        setattr(kernels, name, at_the_middle(name, function, seen, 0))
    call()
    launches = dict(seen)
    seen.clear()
    for name, function in plain.items():
        setattr(kernels, name, at_the_middle(name, function, seen, launches.get(name, 0) // 2 + 1))
    call()
    return launches


def main() -> None:
    """Make the features and call."""
    samples, dimensions = map(int, sys.argv[1:])
    device = torch.device("cuda", 0)
    x, y = data.named(f"gaussian:{samples}x{dimensions}", device)
    print(profile_one_of_each(lambda: kstar(x, y, backend="cuda")))


if __name__ == "__main__":
    main()
