"""Time kstar() and the bare product beside busy processes: run with --help for the arguments.

Every neighbour is a process of one thread that never waits. A method that keeps to its fair share
takes as much longer as its threads are given less of the cores; what is worse than that it loses by
waiting for threads that are not running. The machine should have nothing else to do: the load that
it had before is printed.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import sleep
from typing import Any

import torch
from feature_sets import FeatureSet, load
from in_turns import environment, methods, time_in_turns

BUSY = [sys.executable, "-c", "while True: pass"]
UNDER_WAY = 0.5  # seconds after which neighbours have begun


@contextmanager
def beside(neighbours: int) -> Iterator[None]:
    """Within, so many processes keep a core each busy, if they are given one."""
    processes = [subprocess.Popen(BUSY) for _ in range(neighbours)]
    try:
        sleep(UNDER_WAY)
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def fair_factor(neighbours: int, threads: int, cores: int) -> float:
    """Return how much longer threads take that share the cores evenly with the neighbours."""
    return max(1.0, (threads + neighbours) / cores) / max(1.0, threads / cores)


def time_set(
    feature_set: FeatureSet, backends: list[str], counts: list[int], rounds: int
) -> list[dict[str, Any]]:
    """Return a record per method and number of neighbours, of which the first is none."""
    calls = methods(feature_set, ["product"], backends[0])
    for backend in backends[1:]:
        calls |= methods(feature_set, [], backend)
    cores, threads = len(os.sched_getaffinity(0)), torch.get_num_threads()
    alone: dict[str, float] = {}
    records = []
    for count in counts:
        with beside(count):
            seconds = time_in_turns(calls, rounds)
        for name, times in seconds.items():
            fair = alone.setdefault(name, median(times)) * fair_factor(count, threads, cores)
            records.append(
                {
                    "set": feature_set.name,
                    "method": name,
                    "neighbours": count,
                    "median_s": median(times),
                    "worst_s": max(times),
                    "ratio_to_fair_share": median(times) / fair,
                    "worst_ratio_to_fair_share": max(times) / fair,
                }
            )
    return records


def table(records: list[dict[str, Any]]) -> str:
    """Return a table in Markdown: a line per method and set, a column per number of neighbours."""
    counts = sorted({record["neighbours"] for record in records})
    lines = [
        "| set | method | " + " | ".join(f"{count} beside it" for count in counts) + " |",
        "|---|---" + "|---" * len(counts) + "|",
    ]
    for key in dict.fromkeys((record["set"], record["method"]) for record in records):
        cells = [
            f"{record['median_s']:.2f} s, worst {record['worst_s']:.2f} s: "
            f"{record['ratio_to_fair_share']:.2f}x, worst "
            f"{record['worst_ratio_to_fair_share']:.2f}x"
            for record in records
            if (record["set"], record["method"]) == key
        ]
        lines.append(f"| {key[0]} | {key[1]} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Print the environment, and seconds and ratios to the fair share as a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default="gaussian:10000x1280", help="comma-separated")
    parser.add_argument("--size", type=int, help="keep this many samples of each set")
    parser.add_argument("--backends", default="cpu,torch", help="comma-separated")
    parser.add_argument("--neighbours", default="0,1,2,4", help="comma-separated; 0 is first")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write environment and records here")
    arguments = parser.parse_args()
    counts = [int(count) for count in arguments.neighbours.split(",")]
    if counts[0] != 0:
        parser.error(f"--neighbours: 0 first is wanted, got {arguments.neighbours}")

    machine = environment() | {"load before": f"{os.getloadavg()[0]:.1f}"}
    print(", ".join(f"{key} {value}" for key, value in machine.items()), end="\n\n")
    records = []
    for name in arguments.sets.split(","):
        feature_set = load(name, arguments.size)
        records += time_set(feature_set, arguments.backends.split(","), counts, arguments.rounds)
    print(table(records))
    if arguments.json:
        report = {"environment": machine, "records": records}
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
