"""The scenarios by name, and how many trials of each are a long run and a short one."""

from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import NamedTuple

from . import (
    busy_neighbours,
    damage,
    forks,
    full_disk,
    interruptions,
    kills,
    memory,
    one_directory,
    switches,
)
from .tally import Verdict, run


class Scenario(NamedTuple):
    """Trials, and how many of them; without a number all that there are."""

    trials: Callable[[Random], Iterator[Verdict]]
    long: int | None
    short: int
    seconds: int  # of a long run, at most


SCENARIOS = {
    "kill -9 of a sweep, at random": Scenario(kills.sweeps_at_random, 60, 2, 40),
    "kill -9 of a sweep, at each operation on a file": Scenario(
        kills.sweeps_at_each_file, None, 2, 60
    ),
    "kill -9 of spilling features, at random": Scenario(kills.spills_at_random, 60, 2, 20),
    "kill -9 of spilling features, at each operation on a file": Scenario(
        kills.spills_at_each_file, None, 2, 20
    ),
    "kill -9 of saving a result": Scenario(kills.saves_at_random, 60, 2, 20),
    "full disk, saving a result, at every size": Scenario(
        full_disk.saves_at_every_size, None, 60, 60
    ),
    "full disk, spilling features, at every size": Scenario(
        full_disk.spills_at_every_size, None, 20, 60
    ),
    "full disk, a sweep": Scenario(full_disk.sweeps_at_random_sizes, 60, 2, 30),
    "files limited in size, a sweep": Scenario(full_disk.sweeps_with_limited_files, 40, 2, 20),
    "damage of a result, every bit and length": Scenario(
        damage.results_at_every_bit, None, 200, 60
    ),
    "damage of spilled features, every bit and length": Scenario(
        damage.spills_at_every_bit, None, 200, 60
    ),
    "damage of a sweep, every bit and length": Scenario(damage.sweeps_at_every_bit, None, 200, 90),
    "damage of large spilled features": Scenario(damage.large_spills, 200, 3, 30),
    "damage of a sweep that goes on": Scenario(damage.resumed_sweeps, 400, 6, 30),
    "2 to 8 processes in a directory, same data": Scenario(one_directory.same_data, 120, 3, 25),
    "2 to 8 processes in a directory, other layers": Scenario(
        one_directory.other_layers, 120, 4, 25
    ),
    "2 to 8 processes in a directory, other data": Scenario(one_directory.other_data, 120, 3, 25),
    "2 to 8 processes in a directory, some killed": Scenario(
        one_directory.some_killed, 120, 2, 40
    ),
    "4 threads, torch's switches flipped": Scenario(switches.threads, 1000, 10, 30),
    "address space limited": Scenario(memory.limits, 60, 4, 30),
    "300 rounds, memory kept": Scenario(memory.leaks, None, 1, 60),
    **{
        f"beside {number} busy processes": Scenario(
            partial(busy_neighbours.beside, number), 40, 2, 20
        )
        for number in busy_neighbours.NEIGHBOURS
    },
    "forked children killed": Scenario(forks.killed, 60, 4, 30),
    "forks during calls": Scenario(forks.during_calls, 60, 4, 30),
    "Ctrl-C": Scenario(interruptions.control_c, 120, 4, 30),
    "input scribbled over": Scenario(interruptions.scribbled, 40, 4, 30),
}


def run_long(name, seed):
    """Return the tally of a scenario, as `make test-stress` wants it."""
    scenario = SCENARIOS[name]
    return run(name, scenario.trials, seed, scenario.long, scenario.seconds)


def run_short(name, seed):
    """Return the tally of a few trials."""
    scenario = SCENARIOS[name]
    return run(name, scenario.trials, seed, scenario.short)
