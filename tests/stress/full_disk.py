"""Disks that are full, or fail, after so many bytes: at every size; then there is room again.

A disk of another size needs rights that not everybody has, so writing itself fails here: below
Python's buffers, part of a write done and the next one refused, as a disk does it. The limit that
the system itself puts on the size of a file comes beside it.
"""

import builtins
import errno
import io
import os
import resource
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from kstar_gpu import KStarDistribution, read_activations

from . import stores
from .kills import resumed
from .tally import LOST, NOTICED, SURVIVED, WRONG, Verdict
from .trial import call

FAILURES = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
REFUSED = (*FAILURES, errno.EFBIG)


class Disk:
    """Room for so many bytes; then every write fails, and so does what makes them last."""

    def __init__(self, room, number):
        self.room = room
        self.number = number
        self.written = 0

    def take(self, wanted):
        """Return how many bytes may be written."""
        taken = min(wanted, self.room - self.written)
        if taken <= 0 < wanted:
            raise OSError(self.number, os.strerror(self.number))
        self.written += taken
        return taken

    def sync(self, file):
        if self.number == errno.EIO and self.written == self.room:
            raise OSError(self.number, os.strerror(self.number))


@contextmanager
def limited(disk):
    """Within, whatever this process writes goes to this disk."""
    true_open, true_write = builtins.open, os.write

    class Raw(io.FileIO):
        def write(self, data):
            view = memoryview(data).cast("B")
            return super().write(view[: disk.take(len(view))])

    def opened(file, mode="r", buffering=-1, encoding=None, *more, **others):
        if not set(mode) & {"w", "x", "a", "+"}:
            return true_open(file, mode, buffering, encoding, *more, **others)
        raw = Raw(file, mode.replace("b", "").replace("t", ""))
        if buffering == 0:
            return raw
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding)

    def written(file, data):
        return true_write(file, bytes(data)[: disk.take(len(data))])

    with (
        patch.object(builtins, "open", opened),
        patch.object(io, "open", opened),
        patch.object(os, "write", written),
        patch.object(os, "fsync", disk.sync),
    ):
        yield


def saves_at_every_size(random):
    """Saving over an earlier result, with room for 0, 1, 2, ... bytes of the new one."""
    old, new = stores.result(0), stores.result(1)
    with TemporaryDirectory() as out:
        path = Path(out) / "result.npz"
        room = _written(lambda: new.save(path))
        for size, number in zip(random.sample(range(room), room), cycle(FAILURES)):
            old.save(path)
            yield _full(lambda: new.save(path), Disk(size, number)) or _saved(path, old)


def _saved(path, old):
    left = sorted(one.name for one in path.parent.iterdir() if one != path)
    if left:
        return Verdict(WRONG, f"left behind: {left}")
    if not stores.equal(KStarDistribution.load(path), old):
        return Verdict(LOST, "the earlier result")
    return Verdict(NOTICED)


def spills_at_every_size(random):
    """`activations(spill=)` with room for 0, 1, 2, ... bytes; then spilled anew."""
    record = partial(stores.recorded, layers=["0"], count=24)
    wanted = record()
    with TemporaryDirectory() as out:
        room = _written(lambda: record(out))
    for size, number in zip(random.sample(range(room), room), cycle(FAILURES)):
        with TemporaryDirectory() as out:
            yield (
                _full(lambda out=out: record(out), Disk(size, number))
                or _spilled(out, record, wanted)
            )


def _spilled(out, record, wanted):
    try:
        if stores.as_lists(read_activations(out)) != wanted:
            return Verdict(WRONG, "half a spill was believed")
    except ValueError:
        pass
    if record(out) != wanted:
        return Verdict(WRONG, "spilled anew: other features")
    return Verdict(NOTICED)


def sweeps_at_random_sizes(random):
    """Sweeps on disks that are full, are given a little room, are full again; then all of it."""
    wanted = stores.swept(None)
    with TemporaryDirectory() as out:
        room = _written(lambda: stores.swept(out, True))
    while True:
        with TemporaryDirectory() as out:
            whole = {}
            verdict = None
            for _ in range(random.randint(1, 3)):
                disk = Disk(random.randrange(room), random.choice(FAILURES))
                spill = random.random() < 0.7
                verdict = _full(lambda out=out, spill=spill: stores.swept(out, spill), disk)
                whole |= stores.whole_results(out)
                if verdict and verdict.outcome != SURVIVED:
                    break
            if verdict and verdict.outcome != SURVIVED:
                yield verdict
                continue
            yield resumed(out, True, wanted, whole)


def sweeps_with_limited_files(random):
    """Where the system itself refuses files beyond a size."""
    wanted = stores.swept(None)
    for size in random.sample(range(0, 4096, 16), 256):
        with TemporaryDirectory() as out:
            ended = call(_within_file_size, size, out)
            if ended.failure and ended.failure.number not in REFUSED:
                yield Verdict(WRONG, str(ended))
            elif not ended.returned and not ended.failure:
                yield Verdict(LOST, str(ended))
            else:
                yield resumed(out, True, wanted, stores.whole_results(out))


def _within_file_size(size, out):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    return stores.swept(out, True)


def _written(act):
    """Return how many bytes are written."""
    disk = Disk(1 << 40, errno.ENOSPC)
    with limited(disk):
        act()
    return disk.written


def _full(act, disk):
    """Do it on a disk that is too small; return a verdict only where that is not noticed."""
    try:
        with limited(disk):
            act()
    except OSError as error:
        if error.errno == disk.number:
            return None
        return Verdict(WRONG, f"room for {disk.room}: another error: {error!r}")
    except Exception as error:
        return Verdict(WRONG, f"room for {disk.room}: {error!r}")
    return Verdict(SURVIVED)
