"""Bits that flip, and files that end too early: noticed, or without any effect.

Reading is refused by a ValueError that names the file, or says nothing and gives what was written.
`sweep` computes again what is damaged, and warns.
"""

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

from kstar_gpu import KStarDistribution, Sweep, read_activations

from . import stores
from .tally import NOTICED, SURVIVED, WRONG, Verdict

LARGE = 20_000  # samples


def results_at_every_bit(random):
    """A saved result."""
    with TemporaryDirectory() as out:
        path = Path(out) / "result.npz"
        saved = stores.result()
        saved.save(path)
        yield from _read_damaged(
            random,
            out,
            lambda: KStarDistribution.load(path),
            lambda read: stores.equal(read, saved),
        )


def spills_at_every_bit(random):
    """A directory of features, each of its files."""
    with TemporaryDirectory() as out:
        wanted = stores.recorded(out, layers=["0"], count=24)
        yield from _read_damaged(
            random, out, lambda: stores.as_lists(read_activations(out)), wanted.__eq__
        )


def sweeps_at_every_bit(random):
    """The directory of a sweep, each of its files, read by `Sweep.load`."""
    with TemporaryDirectory() as out:
        wanted = stores.swept(out, layers=["0"], models=["A"])
        yield from _read_damaged(random, out, lambda: Sweep.load(out), _holds(wanted))


def _holds(wanted):
    return lambda read: stores.by_key(read) == wanted


def large_spills(random):
    """Features of many samples, a bit anywhere."""
    with TemporaryDirectory() as out:
        wanted = stores.recorded(out, count=LARGE)
        while True:
            yield _judged(
                random_damage(random, out),
                lambda: stores.as_lists(read_activations(out)),
                wanted.__eq__,
            )


def resumed_sweeps(random):
    """A sweep's directory is damaged, finished or with spilled features left; `sweep` goes on."""
    wanted = stores.swept(None)
    while True:
        with TemporaryDirectory() as out:
            unfinished = random.random() < 0.5
            if unfinished:
                stores.leave_features(out)
            else:
                stores.swept(out)
            damage = random_damage(random, out)
            damage.do()
            yield _gone_on_with(damage, out, wanted)


def _gone_on_with(damage, out, wanted):
    """Return what comes of a damaged sweep: computed again, or refused by the name of the file."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            found = stores.swept(out, True)
        except Exception as error:
            if _names(error, damage.path):
                return Verdict(NOTICED)
            return Verdict(WRONG, f"{damage}: {error!r}")
        if found != wanted or stores.loaded(out) != wanted:
            return Verdict(WRONG, f"{damage}: another result")
    return Verdict(NOTICED if any(_names(one.message, damage.path) for one in warned) else SURVIVED)


class Damage:
    """A file with one bit flipped, or cut short; done and undone."""

    def __init__(self, path, bit=None, length=None):
        self.path = path
        self.bit = bit
        self.length = length
        self.whole = path.read_bytes()

    def __str__(self):
        what = f"bit {self.bit} flipped" if self.length is None else f"cut to {self.length} bytes"
        return f"{self.path.name} ({len(self.whole)} bytes) {what}"

    def do(self):
        content = bytearray(self.whole)
        if self.length is None:
            content[self.bit // 8] ^= 1 << self.bit % 8
        self.path.write_bytes(content[: self.length])

    def undo(self):
        self.path.write_bytes(self.whole)


def all_damage(random, out):
    """Return each bit of each file, and each length that it may end at, in any order."""
    found = []
    for path in _files(out):
        size = path.stat().st_size
        found += [(path, bit, None) for bit in range(8 * size)]
        found += [(path, None, length) for length in range(size)]
    random.shuffle(found)
    return found


def random_damage(random, out):
    """Return a bit anywhere, or a file cut short; each file as likely as any other."""
    path = random.choice(_files(out))
    size = path.stat().st_size
    if random.random() < 0.8:
        return Damage(path, bit=random.randrange(8 * size))
    return Damage(path, length=random.randrange(size))


def _files(out):
    return sorted(path for path in Path(out).rglob("*") if path.is_file() and path.stat().st_size)


def _read_damaged(random, out, read, right):
    """Yield what comes of reading with each bit flipped, and each file cut at each length."""
    for one in all_damage(random, out):
        yield _judged(Damage(*one), read, right)


def _judged(damage, read, right):
    damage.do()
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            found = read()
        if right(found):
            return Verdict(SURVIVED)
        if any(_names(one.message, damage.path) for one in warned):
            return Verdict(NOTICED)
        return Verdict(WRONG, f"{damage}: believed")
    except Exception as error:
        if _names(error, damage.path):
            return Verdict(NOTICED)
        return Verdict(WRONG, f"{damage}: {error!r}")
    finally:
        damage.undo()


def _names(error, path):
    """Whether it is of the one kind, and names the file, or at least its folder."""
    return isinstance(error, ValueError | Warning) and str(path.parent) in str(error)
