"""Time kstar() side by side with its peers: run with --help for the arguments.

All methods take turns in one process (A B C, A B C, ...), so that a busy or throttled machine
hits them alike. In a short pause before each call, threads of the method before fall asleep that
still wait for more work. A time covers the whole call, from numpy arrays to k*. Before the first
round kstar() is called once, and each peer finds its fastest block size.
"""

import argparse
import json
import os
import platform
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Any

import torch
from feature_sets import FeatureSet, load
from peers import PEERS, fastest_block

from kstar_gpu import kstar
from kstar_gpu.engines.cpu import _cpu

PAUSE = 0.05  # seconds


def environment() -> dict[str, Any]:
    """Describe the machine and the libraries that the times belong to."""
    machine = {
        "processor": _processor(),
        "instructions": os.environ.get("KSTAR_CPU_TARGET") or _cpu.targets()[0],
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torch threads": torch.get_num_threads(),
        "numpy": version("numpy"),
    }
    if find_spec("faiss") is not None:
        import faiss

        machine |= {"faiss": faiss.__version__, "faiss threads": faiss.omp_get_max_threads()}
    return machine


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def methods(
    feature_set: FeatureSet, versus: list[str], backend: str
) -> dict[str, Callable[[], object]]:
    """Return what is to be timed, warmed up: kstar() first, then the peers at their best."""
    features, labels, _ = feature_set
    ours = partial(kstar, features, labels, backend=backend)
    ours()
    calls: dict[str, Callable[[], object]] = {f"kstar ({backend})": ours}
    for name in versus:
        block = fastest_block(PEERS[name], features, labels)
        calls[f"{name} ({block} rows)"] = partial(PEERS[name], features, labels, block=block)
    return calls


def time_in_turns(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of every call of every method, one call each per round."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            sleep(PAUSE)
            start = perf_counter()
            call()
            seconds[name].append(perf_counter() - start)
    return seconds


def time_set(
    feature_set: FeatureSet, versus: list[str], backend: str, rounds: int
) -> list[dict[str, Any]]:
    """Time one feature set; the first record is kstar()'s, to which the ratios refer."""
    n, d = feature_set.features.shape
    seconds = time_in_turns(methods(feature_set, versus, backend), rounds)
    ours = median(next(iter(seconds.values())))
    return [
        {
            "set": feature_set.name,
            "samples": n,
            "dimensions": d,
            "method": name,
            "median_s": median(times),
            "fastest_s": min(times),
            "slowest_s": max(times),
            "giga_multiply_adds_per_s": n * n * d / median(times) / 1e9,
            "ratio_to_kstar": median(times) / ours,
        }
        for name, times in seconds.items()
    ]


def line(record: dict[str, Any]) -> str:
    """Write one record as a line of the table."""
    size = f"{record['samples']} x {record['dimensions']}"
    spread = f"{record['fastest_s']:.3f} .. {record['slowest_s']:.3f}"
    rate, ratio = record["giga_multiply_adds_per_s"], record["ratio_to_kstar"]
    return (
        f"{record['set']:<22} {size:>14}  {record['method']:<24} {record['median_s']:>9.3f} s  "
        f"{spread:>20} s  {rate:>8.1f} G/s  {ratio:>7.2f}x"
    )


def main() -> None:
    """Print the environment and then a line per feature set and method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default="fc1,effnet", help="comma-separated")
    parser.add_argument("--size", type=int, help="keep this many samples of each set")
    parser.add_argument("--versus", default=",".join(PEERS), help="comma-separated")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--backend", default="auto", help="kstar's backend")
    parser.add_argument("--json", type=Path, help="write environment and records here")
    arguments = parser.parse_args()
    versus = arguments.versus.split(",")
    for peer in versus:
        if peer not in PEERS:
            parser.error(f"--versus: {', '.join(PEERS)} are known, got {peer!r}")

    machine = environment()
    print(", ".join(f"{key} {value}" for key, value in machine.items()))
    print("median, fastest .. slowest; G/s: 10^9 multiply-adds of N x N x d; ratio: time / kstar's")
    records = []
    for name in arguments.sets.split(","):
        feature_set = load(name, arguments.size)
        for record in time_set(feature_set, versus, arguments.backend, arguments.rounds):
            print(line(record), flush=True)
            records.append(record)
    if arguments.json:
        report = {"environment": machine, "records": records}
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
