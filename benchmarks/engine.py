"""Where the native CPU engine's time goes: run with --help for the arguments.

Prints for each instruction set and feature set the time of setup, search and count, and the
processor time of all three; the width and the numbers (16 bits, or bytes) of the balls that the
search looks at first; the rate of the tiles as a share of the peak (`kernels.py`); and how many
pairs per sample met in tiles, how many of them were screened at full width, and how many refined in
float64. With `--keep` all that is kept, and with it the rates of the tiles alone and the growth of
the time with samples (`growth.py`): `engine_report.py` writes them to docs/performance.md.
"""

import argparse
import json
import subprocess
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import growth
import kernels
import numpy as np
import pytest
import torch
from feature_sets import FeatureSet, load
from in_turns import environment

from kstar_gpu.engines.cpu import _cpu
from kstar_gpu.engines.cpu.engine import Engine
from kstar_gpu.inputs.arrays import to_tensor
from kstar_gpu.inputs.classes import make_classes
from kstar_gpu.inputs.problem import make_problem

CPU = torch.device("cpu")
PHASES = ("setup", "search", "count")
Record = dict[str, Any]


def profile(feature_set: FeatureSet) -> Record:
    """Run the engine once, from arrays to counts, and return what it did."""
    clock, processor = [perf_counter()], process_time()
    features, labels, name = feature_set
    x = to_tensor(features, "features")
    problem = make_problem(x, None, make_classes(labels, None), "euclidean", CPU)
    engine = Engine(problem, CPU, None, False)
    clock.append(perf_counter())
    squared, _ = engine.nearest_foreign()
    clock.append(perf_counter())
    engine.count_within(squared)
    clock.append(perf_counter())
    return {
        "set": name,
        "samples": len(features),
        "dimensions": features.shape[1],
        "width": engine.width,
        "numbers": kernels.numbers(engine.bytes_first),
        "work": engine.work,
        "seconds": dict(zip(PHASES, np.diff(clock).tolist(), strict=True)),
        "processor": process_time() - processor,
    }


def profiled(feature_set: FeatureSet, rounds: int) -> Record:
    """Profile a set several times, after once to warm up; keep the medians of the times."""
    profiles = [profile(feature_set) for _ in range(rounds + 1)][1:]
    seconds = {phase: median(one["seconds"][phase] for one in profiles) for phase in PHASES}
    processor = median(one["processor"] for one in profiles)
    return {**profiles[-1], "seconds": seconds, "processor": processor}


def shares(record: Record, rates: dict[str, kernels.Rates], threads: int) -> tuple[float, float]:
    """Return how near to the peak of all threads the products of Search and of Count were."""
    work, seconds = record["work"], record["seconds"]
    width, dimensions = record["width"], record["dimensions"]
    first_peak, full_peak = (
        threads * rates[kind]["peak"] for kind in (record["numbers"], kernels.numbers(False))
    )
    search = work["search"]["tile_pairs"] * width / seconds["search"]
    count = work["count"]["tile_pairs"] * dimensions / seconds["count"]
    return search / first_peak, count / full_peak


def told(record: Record, rates: dict[str, kernels.Rates], threads: int) -> dict[str, str]:
    """Return the figures of a set as text, by what they are."""
    n, seconds, work = record["samples"], record["seconds"], record["work"]
    search, count = shares(record, rates, threads)
    met, refined = (
        " + ".join(f"{work[phase][stage] / n:,.1f}" for phase in ("search", "count"))
        for stage in ("tile_pairs", "refined")
    )
    return {
        "set": f"{record['set'].partition(':')[0]}, {n:,} x {record['dimensions']}",
        "whole": f"{sum(seconds.values()):.3f} s",
        **{phase: f"{seconds[phase]:.3f} s" for phase in PHASES},
        "CPU time": f"{record['processor']:.3f} s",
        "first look": f"{record['width']}, {record['numbers']}",
        "search, of peak": f"{search:.0%}",
        "count, of peak": f"{count:.0%}",
        "met per sample": met,
        "screened per sample": f"{work['search']['screened'] / n:,.1f}",
        "refined per sample": refined,
    }


def commit() -> str:
    """Return the commit that the figures belong to."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=10"]
    found = subprocess.run(command, cwd=kernels.ROOT, capture_output=True, text=True)
    return found.stdout.strip() or "unknown"


def main() -> None:
    """Print a line per instruction set and feature set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default="fc1,conv3,effnet,minilm,logits,gaussian:20000x512")
    parser.add_argument("--size", type=int, help="keep this many samples of each set")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--targets", help="instruction sets, comma-separated, or all")
    parser.add_argument("--keep", type=Path, help="folder that engine-TARGET.json is written to")
    parser.add_argument("--growth", type=int, nargs="+", default=growth.SIZES, help="to be kept")
    arguments = parser.parse_args()
    machine = {**environment(), "commit": commit()}
    targets = (arguments.targets or machine["instructions"]).split(",")
    if targets == ["all"]:
        targets = _cpu.targets()
    threads = machine["torch threads"]
    feature_sets = [load(name, arguments.size) for name in arguments.sets.split(",")]
    rates, records = {}, []
    for target in targets:
        rates[target] = kernels.measure(target, threads)
        peaks = (f"{each}: {rate['peak'] / 1e9:.1f}" for each, rate in rates[target].items())
        print(f"{target}, {threads} threads, peak of each: {', '.join(peaks)} G multiply-adds/s")
        for feature_set in feature_sets:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("KSTAR_CPU_TARGET", target)
                record = {"target": target, **profiled(feature_set, arguments.rounds)}
            figures = told(record, rates[target], threads)
            print("  ".join(f"{name} {text}" for name, text in figures.items()), flush=True)
            records.append(record)
    if arguments.keep:
        grown = growth.measure(arguments.growth, arguments.rounds)
        kept = {"machine": machine, "rates": rates, "sets": records, "growth": grown}
        path = arguments.keep / f"engine-{targets[0]}.json"
        path.write_text(json.dumps(kept, indent=1) + "\n")
        print(f"written: {path}")


if __name__ == "__main__":
    main()
