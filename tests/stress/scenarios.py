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
    memory_limits,
    one_directory,
    shared_sweep,
    switches,
)
from .tally import Verdict, run


class Scenario(NamedTuple):
    """Trials, and how many of them; without a number all that there are."""

    trials: Callable[[Random], Iterator[Verdict]]
    long: int | None
    short: int
    seconds: int | None  # of a long run, at most, where no number of trials is all


SCENARIOS = {
    "kill -9 of a sweep, at random": Scenario(kills.sweeps_at_random, 60, 2, 30),
    "kill -9 of a sweep, at each operation on a file": Scenario(
        kills.sweeps_at_each_file, None, 2, None
    ),
    "kill -9 of spilling features, at random": Scenario(kills.spills_at_random, 60, 2, 20),
    "kill -9 of spilling features, at each operation on a file": Scenario(
        kills.spills_at_each_file, None, 2, None
    ),
    "kill -9 of saving a result": Scenario(kills.saves_at_random, 60, 2, 20),
    "full disk, a result, at every size": Scenario(full_disk.saves_at_every_size, None, 60, None),
    "full disk, spilled features, at every size": Scenario(
        full_disk.spills_at_every_size, None, 20, None
    ),
    "full disk, a sweep, at any size": Scenario(full_disk.sweeps_at_random_sizes, 60, 2, 20),
    "files limited in size, a sweep": Scenario(full_disk.sweeps_with_limited_files, 60, 1, 20),
    "damage of a result, every bit and length": Scenario(
        damage.results_at_every_bit, None, 200, None
    ),
    "damage of spilled features, every bit and length": Scenario(
        damage.spills_at_every_bit, None, 200, None
    ),
    "damage of a sweep, every bit and length": Scenario(
        damage.sweeps_at_every_bit, None, 200, None
    ),
    "damage of large spilled features, any bit": Scenario(damage.large_spills, 200, 3, 20),
    "damage of a sweep that goes on": Scenario(damage.resumed_sweeps, 400, 4, 30),
    "processes in a directory, same data": Scenario(one_directory.same_data, 120, 3, 20),
    "processes in a directory, other layers": Scenario(one_directory.other_layers, 120, 4, 20),
    "processes in a directory, other data": Scenario(one_directory.other_data, 120, 3, 20),
    "processes in a directory, some killed": Scenario(one_directory.some_killed, 120, 2, 30),
    "processes share a sweep, 2, 4 and 8": Scenario(shared_sweep.shared, 30, 3, 60),
    "processes share a sweep, kill -9": Scenario(shared_sweep.killed, 120, 6, 60),
    "threads, torch's switches flipped": Scenario(switches.threads, 1000, 10, 20),
    "address space limited": Scenario(memory.limits, 60, 4, 20),
    "memory_limit kept": Scenario(memory_limits.kept, 60, 1, 60),
    "memory kept after 300 rounds": Scenario(memory.leaks, None, 1, None),
    **{
        f"beside {number} busy processes": Scenario(
            partial(busy_neighbours.beside, number), 40, 1, 10
        )
        for number in busy_neighbours.NEIGHBOURS
    },
    "forked children killed": Scenario(forks.killed, 100, 4, 20),
    "forks during calls": Scenario(forks.during_calls, 100, 4, 20),
    "Ctrl-C": Scenario(interruptions.control_c, 120, 4, 20),
    "input scribbled over": Scenario(interruptions.scribbled, 40, 4, 20),
}


def run_long(name, seed):
    """Return the tally of a scenario, as `make test-stress` wants it."""
    scenario = SCENARIOS[name]
    return run(name, scenario.trials, seed, scenario.long, scenario.seconds)


def run_short(name, seed):
    """Return the tally of a few trials."""
    scenario = SCENARIOS[name]
    return run(name, scenario.trials, seed, scenario.short)
