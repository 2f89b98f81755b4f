"""What `kstar_gpu.scale.distributed` takes on many ranks, simulated.

The schedule is the real one (`kstar_gpu/scale/meeting.py`): in each round a rank gets the rows of
the rank ahead of it, makes them ready, lets both sides ask, waits until all ranks have done so, and
sends the answers back. Here each of these steps costs nothing but time.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kstar_gpu.engines.shards import FEW_ROWS
from kstar_gpu.scale.meeting import partners

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

    def received(self, ranks: int) -> float:
        """Return the bytes that a rank receives, of rows and of answers, for both questions."""
        answers = self.samples / ranks * ANSWER_BYTES
        return 2 * (ranks // 2) * (self.row_bytes(ranks) + answers)

    def memory(self, ranks: int, kept: int = 2) -> float:
        """Return the bytes of a rank's shard and of those that it meets, made ready."""
        numbers = self.features * (self.number_bytes + BALL_BYTES)
        return kept * self.samples / ranks * (numbers + KNOWN_BYTES)


@dataclass(frozen=True)
class Run:
    """What a run takes."""

    rounds: list[float]  # when each of them ends; the first is the own samples' of Search
    computing: float  # seconds of the busiest rank
    exchanging: float  # seconds in which that one waits for rows and answers

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


def simulate(
    work: Work, machine: Machine, pace: Seconds, prefetch: bool = False, cores: float = math.inf
) -> Run:
    """Return what a run takes.

    Parameters
    ----------
    pace : (ranks,) seconds that each rank computes where `machine` would compute one
    prefetch : whether the next rows come while these are computed with, as they do not yet
    cores : how many ranks compute at once; others take turns with them
    """
    ranks = len(pace)
    rows = work.samples / ranks
    agreeing = machine.latency * math.ceil(math.log2(ranks)) if ranks > 1 else 0.0
    ready = rows * work.features / machine.ready
    fetching = work.row_bytes(ranks) / machine.link + machine.latency if ranks > 1 else 0.0
    answering = rows * ANSWER_BYTES / machine.link + machine.latency if ranks > 1 else 0.0
    setup = pace * (machine.choice + ready)
    gathering = work.few_bytes() / machine.link if ranks > 1 else 0.0
    clock = float(_shared(setup, cores).max()) + gathering + agreeing
    computed, waited = setup, np.full(ranks, gathering)
    rounds = []
    for products, rate in ((work.search(), machine.search), (work.count(), machine.count)):
        # Of a rank's own samples half the pairs meet, and all of those of two ranks.
        pair = products / rate / (ranks**2 / 2)
        clock += float(_shared(pace * pair / 2, cores).max()) + agreeing
        computed += pace * pair / 2
        rounds.append(clock)
        hidden = 0.0
        for step in range(1, ranks // 2 + 1):
            meets = np.array([partners(r, ranks, step).computes for r in range(ranks)])
            arrival = max(0.0, fetching - hidden)
            busy = np.where(meets, pace * (ready + pair), 0.0)
            longest = float(_shared(busy, cores).max())
            clock += arrival + longest + agreeing + answering
            computed += busy
            waited += arrival + answering
            hidden = longest if prefetch else 0.0
            rounds.append(clock)
    busiest = int(computed.argmax())
    return Run(rounds, float(computed[busiest]), float(waited[busiest]))


def _shared(busy: Seconds, cores: float) -> Seconds:
    """Return how long each rank takes where the cores are fewer than those that compute."""
    computing = int((busy > 0).sum())
    return busy * max(1.0, computing / cores)
