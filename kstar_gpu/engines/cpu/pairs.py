"""Pairs of shards for the native CPU engine: both samples of a pair ask by one product.

A shard is made ready once: its equal samples of a class become one, and its balls are those that
fit all other shards'. For each pair only a certificate is made.
"""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ...inputs.problem import Integers
from ..duplicates import first_of_each, groups_of_equals
from ..pairs import Memory
from ..pairs import Pairs as AnyPairs
from ..shards import Census, Nearest, Shard
from . import _cpu
from .algebra import Crew
from .balls import Balls, Floats, choose_unit, in_whole_units
from .common import Common, certify, choose_first_look, first_balls
from .memory import all_room, memory_of
from .sides import Side, full_balls, measured, native_rows, near_together

# In place of 0: the least that a sample may know and still be told of one at 0, with a lower id.
NEARLY_ZERO = 5e-324
FIRST_MET = 1024  # samples of all shards that one which knows nothing meets first


@dataclass(frozen=True)
class Ready:
    """The distinct samples of a shard, and their balls."""

    side: Side
    ids: Integers  # (m,) the lowest of those that each stands for
    firsts: Integers  # (m,) their positions in the shard
    kind: Integers  # (n,) position in the shard -> which of them
    full: Balls
    first: Balls  # that a search looks at first

    @property
    def look(self) -> tuple[bool, bool]:
        """Say of which kind the balls are that a search looks at first."""
        return self.first is self.full, self.first.sums is None

    def native(self, fitting: _cpu.Certificate, look: _cpu.Balls) -> _cpu.Side:
        """Return the side as the extension takes it.

        Parameters
        ----------
        fitting : certificate of the full balls of both sides
        look : balls that a search looks at first
        """
        return _cpu.Side(
            native_rows(self.side.samples),
            self.side.codes.astype(np.int32),
            self.ids,
            self.side.weights.astype(np.int32),
            self.full.native(fitting),
            look,
        )


class Pairs(AnyPairs[Ready]):
    """Asks the compiled engine about pairs of shards; the environment as for `Engine`."""

    def __init__(self, device: torch.device) -> None:
        self.crew = Crew(torch.get_num_threads(), os.environ.get("KSTAR_CPU_TARGET", ""))
        self.work: dict[str, Counter[str]] = {"search": Counter(), "count": Counter()}

    def memory(self, dimensions: int) -> Memory:
        """Return what samples of so many features take."""
        return memory_of(dimensions, self.crew.threads)

    def with_threads(self, threads: int) -> "Pairs":
        """Return the same, with so many threads."""
        other = copy(self)
        other.crew = Crew(threads, self.crew.target)
        other.work = {name: Counter() for name in self.work}
        return other

    def lengths(self, shard: Shard, centre: Floats) -> Floats:
        """Return the distance of each sample from the centre."""
        return measured(shard.samples, centre, self.crew)[0]

    def agree(self, census: Census) -> None:
        """Choose the unit of all balls, and which of them a search looks at first.

        And the instruction set: balls of bytes that are made for one may be too large for another.
        """
        self.crew = self.crew._replace(target=self.crew.target or _cpu.targets()[0])
        self.common = _chosen(census, self.crew)
        self.first_met = self.ready(census.few[-1].shard(FIRST_MET))

    def ready(self, shard: Shard) -> Ready:
        """Join equal samples of a class, and make balls of the distinct ones."""
        common, crew, samples = self.common, self.crew, shard.samples
        lengths, fingerprints = measured(samples, common.centre, crew)
        groups = groups_of_equals([samples], [fingerprints])
        firsts, weights, kind = first_of_each(groups, samples.codes)
        side = Side(samples.taken(firsts), weights, lengths[firsts])
        full = [full_balls(side, common, crew)]
        dimensions = full[0].width
        fitting = certify(common, full, side.lengths, dimensions)
        first, certificate = first_balls(common, full, fitting, side.lengths, crew)
        if first[0].sums is None and first[0].width <= _cpu.BOXED_WIDTH:
            [side], full, first, order = near_together([side], full, first, certificate, crew)
            place = np.empty_like(order)
            place[order] = np.arange(len(order))
            firsts, kind = firsts[order], place[kind]
        return Ready(side, shard.ids[firsts], firsts, kind, full[0], first[0])

    def search(
        self, ours: Ready, theirs: Ready | None, known: Nearest, other: Nearest | None
    ) -> None:
        """Let two shards tell each other of nearer foreign samples, by the same products."""
        sides = [ours] if theirs is None else [ours, theirs]
        self._start(ours, known)
        told = [_Told(ours, sides[-1], known)]
        if theirs is not None and other is not None:
            self._start(theirs, other)
            told.append(_Told(theirs, ours, other))
        columns = [column for each in told for column in (each.squared, each.ids)]
        self._ask("search", _cpu.nearest_foreign, sides, columns)
        for each in told:
            each.keep()

    def within(
        self, ours: Ready, theirs: Ready | None, squared: Floats, other: Floats | None
    ) -> tuple[Integers, Integers | None]:
        """Count for either shard, by the same products, those of a class that are within reach."""
        sides = [ours] if theirs is None else [ours, theirs]
        asking = [squared] if other is None else [squared, other]
        radii = [column[side.firsts] for side, column in zip(sides, asking, strict=False)]
        found = [np.zeros(len(column), dtype=np.int64) for column in radii]
        columns = [column for pair in zip(radii, found, strict=True) for column in pair]
        self._ask("count", _cpu.count_within, sides, columns)
        if theirs is None:
            found[0] += (ours.side.weights - 1) * (radii[0] > 0)
        counts = [count[side.kind] for side, count in zip(sides, found, strict=False)]
        return counts[0], counts[1] if len(counts) > 1 else None

    def _start(self, ours: Ready, known: Nearest) -> None:
        """Tell samples that know nothing of one foreign sample: near ones are nearer than most.

        It is the one of most promise among a few of all shards. Those of the own shard alone would
        be farther away, and each that is nearer than all before is looked at to the last digit.
        """
        if not np.isinf(known.squared).any():
            return
        told = _Told(ours, self.first_met, known)
        samples, references = self._native([ours, self.first_met])
        _cpu.start_among(samples, references, told.squared, told.ids, *self.crew)
        told.keep()

    def _ask(
        self,
        name: str,
        question: Callable[..., dict[str, int]],
        sides: list[Ready],
        columns: Sequence[NDArray[np.generic]],
    ) -> None:
        native = self._native(sides)
        references = native[1] if len(native) > 1 else None
        others = columns[2:] if len(columns) > 2 else (None, None)
        done = question(native[0], references, *columns[:2], *others, *self.crew, None)
        self.work[name].update(done)

    def _native(self, sides: list[Ready]) -> list[_cpu.Side]:
        full, looks = [side.full for side in sides], [side.first for side in sides]
        if len({side.look for side in sides}) > 1:
            looks = full
        lengths = np.concatenate([side.side.lengths for side in sides])
        fitting, certificate = (
            certify(self.common, balls, lengths, full[0].width) for balls in (full, looks)
        )
        return [
            side.native(fitting, look.native(certificate))
            for side, look in zip(sides, looks, strict=True)
        ]


class _Told:
    """What the distinct samples of a shard know, as the extension takes and tells it."""

    def __init__(self, side: Ready, other: Ready, known: Nearest) -> None:
        self.kind, self.known = side.kind, known
        self.squared, self.ids = known.squared[side.firsts], known.ids[side.firsts]
        # A sample at 0 is told no more; but here may be one of a lower id.
        self.squared[(self.squared == 0) & (self.ids > other.ids.min())] = NEARLY_ZERO

    def keep(self) -> None:
        """Let all samples know what was told."""
        self.known.learn(self.squared[self.kind], self.ids[self.kind])


def _chosen(census: Census, crew: Crew) -> Common:
    """Return what the balls of all shards have in common."""
    dimensions = len(census.centre)
    scale, longest = choose_unit(census.whole.longest, dimensions, census.whole.count)
    # From the centre in whole units all may be a little farther: none becomes an outlier by that.
    farther = longest + dimensions**0.5 / scale
    common = Common(in_whole_units(census.centre, scale), scale, farther)
    sides = []
    for few in census.few:
        samples = few.shard(len(few)).samples
        lengths, _ = measured(samples, common.centre, crew)
        sides.append(Side(samples, np.ones_like(few.codes), lengths))
    full = [full_balls(side, common, crew) for side in sides]
    lengths = np.concatenate([side.lengths for side in sides])
    fitting = certify(common, full, lengths, dimensions)
    each, room = census.whole.count / len(lengths), all_room(dimensions)
    return choose_first_look(common, sides, full, fitting, census.self_form, room, crew, each)
