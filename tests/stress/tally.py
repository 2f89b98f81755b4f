"""What came of each trial, and how many came out how."""

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from types import MappingProxyType
from typing import NamedTuple

SURVIVED = "survived"  # the right result, integer for integer
NOTICED = "noticed"  # an error that names what is wrong, or a warning and the right result
WRONG = "wrong"  # another result, or an error of another kind
LOST = "lost"  # what was finished is gone, or the call did not come back


class Verdict(NamedTuple):
    """What came of one trial; the note says how, where that should not have been.

    Where times are told, they are seconds by what took them.
    """

    outcome: str
    note: str = ""
    times: Mapping[str, float] = MappingProxyType({})


@dataclass
class Tally:
    """The trials of a scenario, counted by what came of them."""

    scenario: str
    seed: int
    tried: int = 0
    survived: int = 0
    noticed: int = 0
    wrong: int = 0
    lost: int = 0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    times: dict[str, list[float]] = field(default_factory=dict)

    def add(self, verdict):
        self.tried += 1
        setattr(self, verdict.outcome, getattr(self, verdict.outcome) + 1)
        if verdict.outcome in (WRONG, LOST):
            self.notes.append(f"trial {self.tried}, {verdict.outcome}: {verdict.note}")
        for what, seconds in verdict.times.items():
            self.times.setdefault(what, []).append(seconds)

    def __str__(self):
        counts = (f"{getattr(self, name)} {name}" for name in (SURVIVED, NOTICED, WRONG, LOST))
        return f"{self.scenario}: {self.tried} tried, {', '.join(counts)} ({self.seconds:.0f} s)"


def run(name, scenario, seed, trials=None, seconds=None):
    """Return the tally of a scenario: of all its trials, or of so many, or as long as time is left.

    Parameters
    ----------
    name : of the scenario
    scenario : from a source of random numbers to verdicts, one a trial
    seed : of the random numbers, the same for the same trials
    """
    tally = Tally(name, seed)
    start = time.monotonic()
    with closing(scenario(Random(f"{seed} {name}"))) as verdicts:
        for verdict in islice(verdicts, trials):
            tally.add(verdict)
            if seconds is not None and time.monotonic() - start > seconds:
                break
    tally.seconds = time.monotonic() - start
    return tally
