"""Count the samples whose k* differs from the definition: run with --help for the arguments.

The definition is taken in float64 for a seeded selection of rows, or for the whole set where that
is not too much work. A method is right where it returns the same integer. With `--every-way` the
CPU engine alone is asked, with every instruction set of this processor, several numbers of threads,
and balls of bytes forced upon it.
"""

import argparse
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from feature_sets import FeatureSet, load
from peers import PEERS, Features, Integers

from kstar_gpu import available_backends, definition, kstar

WHOLE_SET_WORK = 10**10  # N x N x d up to which the definition needs a minute or so


def chosen_rows(features: Features, wanted: int, seed: int) -> Integers:
    """Return all rows of a set that is small enough, otherwise a seeded selection."""
    n, d = features.shape
    if n * n * d <= WHOLE_SET_WORK or wanted >= n:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, wanted, replace=False))


def defined(feature_set: FeatureSet, rows: Integers) -> Integers:
    """Return the k* of `rows` by the definition, the rows shared out among the cores."""
    features = feature_set.features.astype(np.float64)  # once, not in every thread

    def of_rows(part: Integers) -> Integers:
        return definition.kstar(features, feature_set.labels, rows=part)

    with ThreadPoolExecutor() as threads:
        return np.concatenate(list(threads.map(of_rows, np.array_split(rows, os.cpu_count() or 1))))


def methods(feature_set: FeatureSet, rows: Integers) -> dict[str, Callable[[], Integers | None]]:
    """Return what is compared with the definition; each call gives the k* of `rows`."""
    features, labels, _ = feature_set
    calls: dict[str, Callable[[], Integers | None]] = {}
    for backend, status in available_backends().items():
        if status.available:
            calls[f"kstar ({backend})"] = partial(_kstar_rows, feature_set, backend, rows)
    calls |= {name: partial(PEERS[name], features, labels, rows) for name in ("authors", "faiss")}
    return calls


def _kstar_rows(feature_set: FeatureSet, backend: str, rows: Integers) -> Integers:
    values: Integers = kstar(feature_set.features, feature_set.labels, backend=backend)
    return values[rows]


def compare_methods(feature_set: FeatureSet, rows: Integers) -> str:
    """Return how many rows differ with each method, as a line."""
    truth = defined(feature_set, rows)
    differing = {
        method: int(np.count_nonzero(call() != truth))
        for method, call in methods(feature_set, rows).items()
    }
    return "  ".join(f"{method} {count:>6}" for method, count in differing.items())


def compare_ways(feature_set: FeatureSet, rows: Integers) -> str:
    """Print how many rows differ each way that the CPU engine can go; return the sum of all."""
    from cpu_ways import forced, ways  # which want the engine's build, and its tests' helpers

    truth, total, calls = defined(feature_set, rows), 0, 0
    for way in ways():
        with forced(way) as looks:
            differing = int(np.count_nonzero(_kstar_rows(feature_set, "cpu", rows) != truth))
        width, numbers = looks[-1]
        print(
            f"{feature_set.name:<22} {way.target:<12} {way.threads} threads  {way.balls:<13} "
            f"({width:>4}, {numbers:<7}): {differing:>6}",
            flush=True,
        )
        total, calls = total + differing, calls + 1
    return f"{total:>6} of {calls} x {len(rows)}"


def main() -> None:
    """Print a line per feature set: rows checked, and how many differ with each method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default="fc1,effnet,letter,shuttle", help="comma-separated")
    parser.add_argument("--size", type=int, help="keep this many samples of each set")
    parser.add_argument("--rows", type=int, default=2000, help="rows to check in a large set")
    parser.add_argument("--seed", type=int, default=0, help="of the selection of rows")
    parser.add_argument("--every-way", action="store_true", help="that the CPU engine can go")
    arguments = parser.parse_args()

    compare = compare_ways if arguments.every_way else compare_methods
    for name in arguments.sets.split(","):
        feature_set = load(name, arguments.size)
        n, d = feature_set.features.shape
        rows = chosen_rows(feature_set.features, arguments.rows, arguments.seed)
        counts = compare(feature_set, rows)
        size = f"{n} x {d}"
        print(
            f"{feature_set.name:<22} {size:>14}  of {len(rows):>6} rows differ:  {counts}",
            flush=True,
        )


if __name__ == "__main__":
    main()
