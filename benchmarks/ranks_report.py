"""Write the simulated section of docs/scale.md: `python benchmarks/ranks_report.py`.

What one rank of this machine does in a second is measured in one process, and what that foretells
for 1 to 4 ranks over gloo, of one thread each, is compared with what they take. Then the same
schedule with the assumed rates of other machines.
"""

import argparse
import os
from collections.abc import Callable
from dataclasses import replace
from multiprocessing import get_context
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from in_turns import environment
from kernels import ROOT
from marked_section import rewritten
from ranks_model import CHECKPOINT_BYTES, Machine, Work, simulate
from visit.summary import markdown

from kstar_gpu import kstar
from kstar_gpu.engines.registry import choose_pairs
from kstar_gpu.engines.shards import Nearest
from kstar_gpu.scale import distributed
from kstar_gpu.scale.shards import Asking, make_shard, take_census, visits

PAGE = ROOT / "docs" / "scale.md"
SCRIPT = "benchmarks/ranks_report.py"
CPU = torch.device("cpu")
TRIED = Work(samples=24_000, features=512, classes=10, number_bytes=4)
RANKS = (1, 2, 3, 4)
# Assumed, of one rank. H100: 30 % of the 990 T multiply-adds/s of its int8 tensor cores, of kernels
# that have not run on one; rows from its memory; 400 Gb/s. CPU: 32 cores of 500 G multiply-adds/s
# of bytes (AVX-512 with VNNI) and 250 G of 16 bits, half of which a search reached here, and
# 150 M numbers made ready by each in a second; 100 Gb/s.
MACHINES = {
    "H100": Machine(300e12, 150e12, 20e9, 50e9, 20e-6, 1.0),
    "32 cores": Machine(8e12, 4e12, 5e9, 12.5e9, 20e-6, 1.0),
}
SIZES = (10**7, 10**8)
MANY = (8, 64, 1024)
STRAGGLER = 1.5  # times as long as the others
RESTART = 60.0  # seconds


def data(work: Work) -> tuple[torch.Tensor, Any]:
    """Return Gaussian samples: of nothing can less be ruled out."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((work.samples, work.features), dtype=np.float32)
    return torch.from_numpy(rows), rng.integers(0, work.classes, work.samples)


def measured(work: Work) -> Machine:
    """Return what one thread of this machine does in a second, but for links."""
    rows, codes = data(work)
    pairs = choose_pairs("cpu", "euclidean", CPU)
    ids = np.array_split(np.arange(work.samples), 2)
    parts = [make_shard(rows[i], codes[i], i, "euclidean", CPU) for i in ids]
    choice = min(
        _timed(lambda: pairs.agree(take_census(pairs, [parts], "euclidean"))) for _ in range(2)
    )
    seconds = dict.fromkeys(("search", "count"), 0.0)

    start = perf_counter()
    ready = [pairs.ready(part) for part in parts]
    seconds["ready"] = perf_counter() - start
    known = [Nearest.nothing(len(part)) for part in parts]
    counts = [np.zeros(len(part), np.int64) for part in parts]
    asking = Asking(pairs, lambda _, number: ready[number], known, counts, True)
    for name, question in (("search", asking.search), ("count", asking.count)):
        for pair in visits(2):
            seconds[name] += _timed(question, *pair)
    return Machine(
        work.search() / seconds["search"],
        work.count() / seconds["count"],
        work.samples * work.features / seconds["ready"],
        link=1e9,
        latency=1e-3,
        choice=choice,
    )


def link(rank: int, meeting: str, into: Any) -> None:
    """Of one of two ranks: measure bytes per second in and out at once, and a message's time."""
    _join(rank, 2, meeting)
    rows = torch.zeros(24 << 20, dtype=torch.uint8)
    seconds = []
    for size in (1, len(rows)):
        times = []
        for _ in range(5):
            start = perf_counter()
            other = torch.empty(size, dtype=torch.uint8)
            operations = [
                dist.P2POp(dist.isend, rows[:size], 1 - rank),
                dist.P2POp(dist.irecv, other, 1 - rank),
            ]
            for each in dist.batch_isend_irecv(operations):
                each.wait()
            times.append(perf_counter() - start)
        seconds.append(median(times))
    if rank == 0:
        into.put((len(rows) / seconds[1], seconds[0]))
    dist.destroy_process_group()


def one_rank(rank: int, ranks: int, rounds: int, meeting: str, into: Any) -> None:
    """Of one rank: take its part of all calls, and tell how long they took it."""
    _join(rank, ranks, meeting)
    rows, codes = data(TRIED)
    own = np.array_split(np.arange(TRIED.samples), ranks)[rank]
    distributed.kstar(rows[own[:200]], codes[own[:200]])  # loads what is loaded once
    times = []
    for _ in range(rounds):
        dist.barrier()
        start = perf_counter()
        distributed.kstar(rows[own], codes[own])
        times.append(perf_counter() - start)
    into.put(times)
    dist.destroy_process_group()


def _join(rank: int, ranks: int, meeting: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=ranks)


def together(ranks: int, target: Callable[..., None], *arguments: Any) -> list[Any]:
    """Return what so many processes tell."""
    context = get_context("spawn")
    told = context.SimpleQueue()
    with TemporaryDirectory() as folder:
        meeting = os.path.join(folder, "meeting")
        processes = [
            context.Process(target=target, args=(rank, *arguments, meeting, told))
            for rank in range(ranks)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
    found = []
    while not told.empty():
        found.append(told.get())
    return found


def checked(rounds: int) -> str:
    """Return a table of what is foretold for this machine, and what is."""
    torch.set_num_threads(1)
    (speed, latency), *_ = together(2, link)
    machine = measured(TRIED)
    machine = replace(machine, link=speed, latency=latency)
    cores = float(len(os.sched_getaffinity(0)))
    rows = []
    for ranks in RANKS:
        told = together(ranks, one_rank, ranks, rounds)
        seconds = median(max(each) for each in zip(*told, strict=True))
        run = simulate(TRIED, machine, np.ones(ranks), cores=cores)
        ratio = f"{seconds / run.total:.2f}"
        rows.append((ranks, f"{run.total:.2f} s", f"{seconds:.2f} s", ratio))
    torch.set_num_threads(int(cores))
    alone = min(_timed(kstar, *data(TRIED)) for _ in range(1 + rounds))
    rates = (
        f"One thread: Search {machine.search / 1e9:.0f} G and Count {machine.count / 1e9:.0f} G "
        f"multiply-adds/s, {machine.ready / 1e6:.0f} M numbers/s made ready, balls chosen in "
        f"{machine.choice:.2f} s; gloo "
        f"{machine.link / 1e9:.1f} GB/s, {1e6 * machine.latency:.0f} us. "
        f"One process of {cores:.0f} threads: {alone:.2f} s."
    )
    return f"{rates}\n\n{markdown(('ranks', 'foretold', 'measured', 'ratio'), rows)}"


def _timed(call: Callable[..., Any], *arguments: Any) -> float:
    start = perf_counter()
    call(*arguments)
    return perf_counter() - start


def on_paper() -> str:
    """Return a table of what other machines would take."""
    rows = []
    for samples in SIZES:
        for name, machine in MACHINES.items():
            work = Work(samples, 1024, 1000, 2)
            rows += [_line(work, name, machine, ranks) for ranks in MANY]
    head = ("samples", "rank", "ranks", "products", "received", "memory", "checkpoint")
    times = ("computing", "waiting", "whole", "a straggler", "a death")
    return markdown((*head, *times), rows)


def _line(work: Work, name: str, machine: Machine, ranks: int) -> tuple[Any, ...]:
    pace = np.ones(ranks)
    run = simulate(work, machine, pace)
    pace[ranks // 2] = STRAGGLER
    slow = simulate(work, machine, pace)
    return (
        f"{work.samples:.0e}".replace("e+0", "e"),
        name,
        ranks,
        f"{(work.search() + work.count()) / ranks:.1e}",
        f"{work.received(ranks) / 1e9:.1f} GB",
        f"{work.memory(ranks) / 1e9:.1f} GB",
        f"{CHECKPOINT_BYTES * work.samples / ranks / 1e6:.1f} MB",
        *(_time(t) for t in (run.computing, run.exchanging, run.total, slow.total)),
        _time(run.with_death(run.total / 2, RESTART)),
    )


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 600 else f"{seconds / 3600:.1f} h"


def main() -> None:
    """Measure, simulate, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    machine = ", ".join(f"{key} {value}" for key, value in environment().items())
    text = f"{machine}.\n\n{checked(arguments.rounds)}\n\nOn paper:\n\n{on_paper()}"
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(rewritten(page, SCRIPT, text), encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
