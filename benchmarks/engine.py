"""Where the native CPU engine's time goes: run with --help for the arguments.

Prints for each feature set the time of setup, search and count, the width and the numbers (16 bits,
or bytes) of the balls that the search looks at first, the rate of the tiles as a share of the
machine's peak, and how many pairs per sample each sieve left: those screened at full width, and
those refined in float64. The peak of 16-bit numbers is measured beforehand, by products of points
that stay in the cache; that of bytes is higher as the engine's own cost model has it.
"""

import argparse
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import torch
from feature_sets import FeatureSet, load

from kstar_gpu.engines.cpu import _cpu
from kstar_gpu.engines.cpu.common import BYTE_PRODUCT
from kstar_gpu.engines.cpu.engine import Engine
from kstar_gpu.inputs.arrays import to_tensor
from kstar_gpu.inputs.problem import make_classes, make_problem

CPU = torch.device("cpu")
PEAK_QUERIES = 960, 2048  # so many, and so wide, that packing and writing hardly count
PEAK_POINTS = 9600, 2048


def peak_rate(target: str) -> float:
    """Return the highest rate seen of products of points, in multiply-adds per second."""
    queries, points = np.ones(PEAK_QUERIES, dtype=np.int16), np.ones(PEAK_POINTS, dtype=np.int16)
    result = np.empty((len(queries), len(points)), dtype=np.int32)
    best = 0.0
    for _ in range(5):
        start = perf_counter()
        _cpu.products(queries, points, points.shape[1], result, torch.get_num_threads(), target)
        best = max(best, queries.size * len(points) / (perf_counter() - start))
    return best


def profile(feature_set: FeatureSet) -> dict[str, Any]:
    """Run the engine once, from arrays to counts, and return what it did."""
    clock = [perf_counter()]
    features, labels, _ = feature_set
    x = to_tensor(features, "features")
    problem = make_problem(x, None, make_classes(labels, None), "euclidean", CPU)
    engine = Engine(problem, CPU, None, False)
    clock.append(perf_counter())
    squared, _ = engine.nearest_foreign()
    clock.append(perf_counter())
    engine.count_within(squared)
    clock.append(perf_counter())
    seconds = dict(zip(("setup", "search", "count"), np.diff(clock), strict=True))
    target = engine.crew.target or _cpu.targets()[0]
    product = BYTE_PRODUCT[target] if engine.bytes_first else 1.0
    return {
        "seconds": seconds,
        "work": engine.work,
        "width": engine.width,
        "numbers": "bytes" if engine.bytes_first else "16 bits",
        "product": product,
    }


def report(feature_set: FeatureSet, rounds: int, peak: float) -> str:
    """Profile a set several times; return a line of medians."""
    profiles = [profile(feature_set) for _ in range(rounds + 1)][1:]
    n, d = feature_set.features.shape
    seconds = {s: median(p["seconds"][s] for p in profiles) for s in ("setup", "search", "count")}
    work, width = profiles[-1]["work"], profiles[-1]["width"]
    search_work = work["search"]["tile_pairs"] * width * profiles[-1]["product"]
    search_rate = search_work / seconds["search"] / peak
    count_rate = work["count"]["tile_pairs"] * d / seconds["count"] / peak
    return (
        f"{feature_set.name:<20} {n:>6} x {d:<5} {sum(seconds.values()):>7.3f} s  "
        f"setup {seconds['setup']:.3f}  search {seconds['search']:.3f}  "
        f"count {seconds['count']:.3f}  width {width:>4} {profiles[-1]['numbers']:<7}  "
        f"of peak: search {100 * search_rate:3.0f} %  count {100 * count_rate:3.0f} %  "
        f"per sample: screened {work['search']['screened'] / n:7.1f}  "
        f"refined {work['search']['refined'] / n:5.1f} + {work['count']['refined'] / n:5.1f}"
    )


def main() -> None:
    """Print the peak, and then a line per feature set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default="fc1,conv3,effnet,minilm,logits,gaussian:20000x512")
    parser.add_argument("--size", type=int, help="keep this many samples of each set")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    target = _cpu.targets()[0]
    peak = peak_rate(target)
    print(f"{target}, {torch.get_num_threads()} threads, peak {peak / 1e9:.0f} G multiply-adds/s")
    for name in arguments.sets.split(","):
        print(report(load(name, arguments.size), arguments.rounds, peak), flush=True)


if __name__ == "__main__":
    main()
