"""kill -9: at any moment of a sweep, a spill, a saving, and before each thing it does to a file.

Afterwards what was finished is there as it was, nothing half is believed, and a second run gives
what one gives that nobody disturbed.
"""

import os
import signal
import sys
import time
from itertools import count, cycle
from pathlib import Path
from tempfile import TemporaryDirectory

from kstar_gpu import KStarDistribution, read_activations

from . import stores
from .tally import LOST, SURVIVED, WRONG, Verdict
from .trial import call

# What the interpreter reports of files before it is done.
FILE_OPERATIONS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link"}


def sweeps_at_random(random):
    """Killed once to three times, at random moments; then gone on with."""
    wanted = stores.swept(None)
    for spill in cycle([False, True]):
        with TemporaryDirectory() as out:
            length = _duration(stores.swept, out, spill)
        with TemporaryDirectory() as out:
            whole = {}
            for _ in range(random.randint(1, 3)):
                call(stores.swept, out, spill, kill_after=random.uniform(0, length))
                whole |= stores.whole_results(out)
            yield resumed(out, spill, wanted, whole)


def sweeps_at_each_file(random):
    """Killed before each thing that a sweep does to a file."""
    wanted = stores.swept(None)
    with TemporaryDirectory() as out:
        operations = call(_operations, out, stores.swept, out, True).value
    for number in random.sample(range(operations), operations):
        with TemporaryDirectory() as out:
            call(_killed_at, number, out, stores.swept, out, True)
            yield resumed(out, True, wanted, stores.whole_results(out))


def resumed(out, spill, wanted, whole):
    """Return what comes of going on with a sweep of which these results are whole."""
    ended = call(stores.swept, out, spill)
    if not ended.returned:
        return Verdict(LOST if ended.hung else WRONG, f"gone on with: {ended}")
    after = stores.whole_results(out)
    if gone := [path.name for path, what in whole.items() if after.get(path) != what]:
        return Verdict(LOST, f"computed again or gone: {gone}")
    if ended.value != wanted or stores.loaded(out) != wanted:
        return Verdict(WRONG, "another result")
    if left := stores.left_behind(out):
        return Verdict(WRONG, f"left behind: {left}")
    return Verdict(SURVIVED)


def spills_at_random(random):
    """`activations(spill=)` killed: read as it is, it is refused or right; then spilled anew."""
    wanted = stores.recorded()
    with TemporaryDirectory() as out:
        length = _duration(stores.recorded, out)
    while True:
        with TemporaryDirectory() as out:
            call(stores.recorded, out, kill_after=random.uniform(0, length))
            yield _spill(out, wanted)


def spills_at_each_file(random):
    """The same, before each thing that is done to a file."""
    wanted = stores.recorded()
    with TemporaryDirectory() as out:
        operations = call(_operations, out, stores.recorded, out).value
    for number in random.sample(range(operations), operations):
        with TemporaryDirectory() as out:
            call(_killed_at, number, out, stores.recorded, out)
            yield _spill(out, wanted)


def _spill(out, wanted):
    try:
        believed = stores.as_lists(read_activations(out))
    except ValueError:
        believed = wanted
    if believed != wanted:
        return Verdict(WRONG, "half a spill was believed")
    ended = call(stores.recorded, out)
    if ended.value != wanted or stores.as_lists(read_activations(out)) != wanted:
        return Verdict(WRONG, f"spilled anew: {ended}")
    return Verdict(SURVIVED)


def saves_at_random(random):
    """Killed while one result replaces another: the file is one of the two."""
    results = [stores.result(seed) for seed in range(2)]
    while True:
        with TemporaryDirectory() as out:
            path = Path(out) / "result.npz"
            results[0].save(path)
            call(_save_for_ever, results, path, kill_after=random.uniform(0, 0.1))
            try:
                found = KStarDistribution.load(path)
            except (OSError, ValueError) as error:
                yield Verdict(LOST, str(error))
                continue
            right = any(stores.equal(found, result) for result in results)
            yield Verdict(SURVIVED) if right else Verdict(WRONG, "another result")


def _save_for_ever(results, path):
    for number in count():
        results[number % 2].save(path)


def _operations(out, function, *arguments):
    """Return how many things a function does to files below a folder."""
    seen = []
    _watch(out, seen.append)
    function(*arguments)
    return len(seen)


def _killed_at(number, out, function, *arguments):
    """Call a function that is killed before its so-many-eth operation on a file below a folder."""
    seen = count()

    def kill(event):
        if next(seen) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    _watch(out, kill)
    function(*arguments)


def _watch(out, tell):
    """Tell of each operation on a file, for good: this process is for one call alone."""

    def hook(event, details):
        if event in FILE_OPERATIONS and any(out in str(one) for one in details):
            tell(event)

    sys.addaudithook(hook)


def _duration(function, *arguments):
    """Return the seconds that an undisturbed call takes, with its process."""
    start = time.monotonic()
    call(function, *arguments)
    return time.monotonic() - start
