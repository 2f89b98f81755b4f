"""What `kstar_gpu.scale.distributed` takes on many ranks, simulated.

The schedule is the real one (`kstar_gpu/scale/ranks/course.py`): in each round a rank gets the rows
of the rank ahead of it while it computes, makes them ready, lets both sides ask, waits until all
ranks have done so, and sends the answers back; then classes are counted in one place each. Here
each of these steps costs nothing but time.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kstar_gpu.engines.shards import FEW_ROWS
from kstar_gpu.scale.ranks.grouping import places
from kstar_gpu.scale.ranks.meeting import rounds_of, visit

Seconds = NDArray[np.float64]  # of each rank
FACT_BYTES = 32  # of a sample: class, id, and what it knows
ANSWER_BYTES = 16  # of a sample: distance and id of its nearest one, or its count
CHECKPOINT_BYTES = 24  # of a sample: distance and id of its nearest one, and its count
KNOWN_BYTES = 350  # of a sample: thresholds, seeds, radii, order, ids (engines/cpu/memory.py)
BALL_BYTES = 3.5  # of a number: 16 bits, a byte, and up to half of another one in few dimensions


@dataclass(frozen=True)
class Machine:
    """What one rank does in a second."""

    search: float  # multiply-adds of Search
    count: float  # multiply-adds of Count
    ready: float  # numbers of rows made ready
    link: float  # bytes, in and out at once
    latency: float  # seconds of a message, and of a step of what all ranks agree upon
    choice: float  # seconds in which it chooses the balls of all, by a few samples


@dataclass(frozen=True)
class Work:
    """Samples, shared out evenly."""

    samples: int
    features: int
    classes: int
    number_bytes: int

    def row_bytes(self, ranks: int) -> float:
        """Return what one rank's rows and facts take."""
        return self.samples / ranks * (self.features * self.number_bytes + FACT_BYTES)

    def few_bytes(self) -> int:
        """Return what the few samples take that every rank gets from all."""
        return min(self.samples, FEW_ROWS) * self.features * 8

    def search(self) -> float:
        """Return the multiply-adds of Search: all foreign pairs, each once."""
        return self.samples**2 / 2 * (1 - 1 / self.classes) * self.features

    def count(self) -> float:
        """Return the multiply-adds of Count: all pairs of a class, each once."""
        return self.samples**2 / 2 / self.classes * self.features

    def places(self, ranks: int) -> tuple[float, float]:
        """Return which part of all samples the busiest rank counts alone, and all count together.

        Classes of one size.
        """
        sizes = np.full(self.classes, self.samples // self.classes)
        where = places([sizes], ranks)
        alone = np.bincount(where.rank[where.rank >= 0], minlength=ranks)
        return alone.max() / self.classes, where.together.mean()

    def received(self, ranks: int) -> float:
        """Return the bytes that a rank receives: of rows, for both questions, and of answers."""
        rows, answers = self.row_bytes(ranks), self.samples / ranks * ANSWER_BYTES
        met = (ranks - 1) / 2
        alone, together = self.places(ranks)
        counted = (ranks - 1) * alone * (rows + answers / 2)  # the others stay where they are
        return met * (rows + answers) + counted + met * together * (rows + answers / 2)

    def memory(self, ranks: int) -> float:
        """Return the bytes of a rank's shard and of one that it meets, and of rows of the next."""
        row = self.features * self.number_bytes
        return self.samples / ranks * (3 * row + 2 * (self.features * BALL_BYTES + KNOWN_BYTES))


@dataclass(frozen=True)
class Run:
    """What a run takes."""

    rounds: list[float]  # when each of them ends; the first is the own samples' of Search
    computing: float  # seconds of the busiest rank
    exchanging: float  # seconds in which they wait for rows and answers

    @property
    def total(self) -> float:
        """When all have their answers."""
        return self.rounds[-1]

    def with_death(self, when: float, restart: float) -> float:
        """Return the total if a rank dies then, and all go on from the last finished round.

        Parameters
        ----------
        restart : seconds until all ranks are there again and have their own rows ready
        """
        finished = max((end for end in self.rounds if end <= when), default=0.0)
        return self.total + (when - finished) + restart


class Clock:
    """What the ranks do, one step after the other; in each of them all wait for the busiest."""

    def __init__(self, work: Work, machine: Machine, pace: Seconds, cores: float) -> None:
        self.work, self.machine, self.pace, self.cores = work, machine, pace, cores
        self.ranks = len(pace)
        self.now, self.waited = 0.0, 0.0
        self.computed = np.zeros(self.ranks)
        self.rounds: list[float] = []

    def compute(self, busy: Seconds) -> float:
        """Let each rank compute for so long, in seconds of `machine`; return how long all took."""
        busy = self.pace * busy
        took = float(_shared(busy, self.cores).max())
        self.computed += busy
        self.now += took
        if self.ranks > 1:  # they agree that none has failed
            self.now += self.machine.latency * math.ceil(math.log2(self.ranks))
        return took

    def wait(self, size: float, meanwhile: float = 0.0) -> None:
        """Let bytes come, for which it was computed meanwhile."""
        if self.ranks > 1:
            seconds = max(0.0, size / self.machine.link + self.machine.latency - meanwhile)
            self.now += seconds
            self.waited += seconds

    def meet(self, products: float, rate: float, part: float) -> None:
        """Let a part of all samples meet in rounds: half the pairs of own ones, all of others'."""
        work, ranks = self.work, self.ranks
        rows = part * work.samples / ranks
        ready = rows * work.features / self.machine.ready
        pair = products / rate / (ranks**2 / 2)
        took = self.compute(np.full(ranks, pair / 2))
        self.rounds.append(self.now)
        for step in range(1, rounds_of(ranks, True)):
            met = [visit(rank, ranks, step, True) for rank in range(ranks)]
            guests = np.array([_part(one.guests) for one in met])
            hosts = np.array([_part(one.hosts) for one in met])
            again = np.where(hosts < 1, hosts, 0)  # a part of the hosts is made ready for it
            self.wait(part * work.row_bytes(ranks), took)
            took = self.compute((guests + again) * ready + guests * hosts * pair)
            self.wait(rows * ANSWER_BYTES)
            self.rounds.append(self.now)


def simulate(work: Work, machine: Machine, pace: Seconds, cores: float = math.inf) -> Run:
    """Return what a run takes.

    Parameters
    ----------
    pace : (ranks,) seconds that each rank computes where `machine` would compute one
    cores : how many ranks compute at once; others take turns with them
    """
    ranks = len(pace)
    clock = Clock(work, machine, pace, cores)
    ready = work.samples / ranks * work.features / machine.ready
    clock.wait(work.few_bytes())
    clock.compute(np.full(ranks, machine.choice + ready))
    clock.meet(work.search(), machine.search, 1.0)
    alone, together = work.places(ranks)
    if alone > 0:
        moved = (ranks - 1) / ranks * alone * work.samples  # the others stay where they are
        clock.wait(moved * work.row_bytes(1) / work.samples)
        rows = alone * work.samples
        pairs = alone * work.count()
        seconds = rows * work.features / machine.ready + pairs / machine.count
        clock.compute(np.full(ranks, seconds))
        clock.wait(moved * ANSWER_BYTES / 2)
        clock.rounds.append(clock.now)
    if together > 0:
        clock.meet(together * work.count(), machine.count, together)
    return Run(clock.rounds, float(clock.computed.max()), clock.waited)


def _part(some: slice) -> float:
    """Return which part of all samples these are."""
    return 1 / (some.step or 1)


def _shared(busy: Seconds, cores: float) -> Seconds:
    """Return how long each rank takes where the cores are fewer than those that compute."""
    computing = int((busy > 0).sum())
    return busy * max(1.0, computing / cores)
