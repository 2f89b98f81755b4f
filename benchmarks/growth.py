"""How kstar()'s time grows with the number of samples: run with --help for the arguments.

The samples are of 1 000 classes that overlap in 128 dimensions, so that whole classes are seldom
out of reach. Times are of whole calls; the exponent is fitted to the logarithms of their medians.
"""

import argparse
from collections.abc import Sequence
from statistics import median
from time import perf_counter
from typing import TypedDict

import numpy as np
from feature_sets import load

from kstar_gpu import kstar

KIND = "overlapping:{}x128x1000"
SIZES = (25_000, 50_000, 100_000, 200_000)
AIM = 200_000, 4.0  # samples, and seconds


class Timed(TypedDict):
    """The calls on so many samples."""

    samples: int
    seconds: list[float]


def measure(sizes: Sequence[int], rounds: int) -> list[Timed]:
    """Time calls on so many samples; each size has a call before them to warm up."""
    found = []
    for size in sizes:
        features, labels, _ = load(KIND.format(size))
        kstar(features, labels)
        seconds = []
        for _ in range(rounds):
            start = perf_counter()
            kstar(features, labels)
            seconds.append(perf_counter() - start)
        found.append(Timed(samples=size, seconds=seconds))
    return found


def exponent(growth: list[Timed]) -> float:
    """Return the power of the number of samples that the time grows with."""
    sizes = np.log([one["samples"] for one in growth])
    seconds = np.log([median(one["seconds"]) for one in growth])
    return float(np.polyfit(sizes, seconds, 1)[0])


def told(growth: list[Timed]) -> str:
    """Return the exponent, and the aim, as text."""
    text = f"time ~ samples ^ {exponent(growth):.2f}" if len(growth) > 1 else "one size alone"
    return f"{text}; aim of {AIM[0]:,} samples: {AIM[1]:g} s"


def main() -> None:
    """Print a line per size, and the exponent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of samples")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    growth = measure(arguments.sizes, arguments.rounds)
    for one in growth:
        times = "  ".join(f"{seconds:.3f}" for seconds in sorted(one["seconds"]))
        print(f"{one['samples']:>9,} samples: {times} s")
    print(told(growth))


if __name__ == "__main__":
    main()
