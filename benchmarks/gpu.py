"""Time the CUDA engine on a GPU, side by side with what else computes k* there.

Each method is made ready, timed, checked and saved in its turn, in a process that is ended when it
takes too long (`gpu_methods.py`). Writes a file as `make bench` does, for `make bench-report`, and
prints its table: run with --help for arguments.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from feature_sets import load
from gpu_methods import OURS, method_names
from in_turns import environment
from limited import in_turn

WORKER = Path(__file__).with_name("gpu_methods.py")
SETS = "gaussian:50000x2048,gaussian:50000x2048x100,clusters:50000x2048"
SETS += ",gaussian:200000x256,gaussian:20000x512"
NO_TIME = [float("nan")]


def worker(name: str, rounds: int, limit: float, methods: list[str]) -> list[str]:
    """Return the command line of a process that times some methods on a set."""
    return [sys.executable, str(WORKER), name, ",".join(methods), str(rounds), str(limit)]


def benchmark(name: str, rounds: int, limit: float) -> Iterator[dict[str, Any]]:
    """Give the record of each method on a set once it is done, with times or with why not."""
    features, labels, _ = load(name)
    sizes = {"samples": len(features), "dimensions": features.shape[1]}
    sizes["classes"] = len(set(labels.tolist()))
    ours = NO_TIME
    command = partial(worker, name, rounds, limit)
    for method, told in in_turn(command, method_names(), limit):
        record = {"set": name, **sizes, "method": method}
        found: dict[str, Any] = {"why": told} if isinstance(told, str) else told
        if method == OURS:
            ours = found.get("times", NO_TIME)
        yield {**record, **found, "kstar_s": ours}


def keep(content: dict[str, Any], record: dict[str, Any]) -> None:
    """Add a record to what is written, as `make bench` writes it."""
    if "why" in record:
        content["not_timed"].append({k: v for k, v in record.items() if k != "kstar_s"})
    else:
        times = record.pop("times")
        content["benchmarks"].append({"extra_info": record, "stats": {"data": times}})


def main() -> None:
    """Measure, write the file, and print its table."""
    from bench_report import glance, read  # which draws: those who only measure need not be able to
    from pytest_benchmark.utils import get_commit_info

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default=SETS, help="comma-separated; see feature_sets.py")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--limit", type=float, default=120, help="seconds for a method on a set")
    parser.add_argument("--json", type=Path, help="default: benchmarks/results/bench-gpu-<device>")
    arguments = parser.parse_args()
    if not torch.cuda.is_available():
        parser.error(f"torch {torch.__version__} sees no CUDA device on this machine")
    device = torch.cuda.get_device_name()
    results = Path(__file__).parent / "results"
    path = arguments.json or results / f"bench-gpu-{device.replace(' ', '-').lower()}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    content: dict[str, Any] = {
        "machine_info": {**environment(), "device": device, "cuda": torch.version.cuda},
        "commit_info": get_commit_info(),
        "benchmarks": [],
        "not_timed": [],
    }
    for name in arguments.sets.split(","):
        for record in benchmark(name, arguments.rounds, arguments.limit):
            keep(content, record)
            path.write_text(json.dumps(content, indent=1) + "\n")  # what is done is kept
    print(f"{device}\n\n{glance(read([path])[0])}")


if __name__ == "__main__":
    main()
