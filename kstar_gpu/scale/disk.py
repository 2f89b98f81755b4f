"""k* of more than fits in memory: a walk over pairs of shards, two of which are there at a time.

Shards are stretches of rows, as long as the memory limit allows. They are read where they are
needed; balls are made of them each time anew, which takes little beside what they are made for.
"""

from collections.abc import Sequence
from functools import reduce
from operator import add
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..columns import on_host, stable_order
from ..engines.pairs import Pairs
from ..engines.shards import Census, Few, Nearest, Shard, Summary, centre_of
from ..inputs.classes import Classes
from ..inputs.problem import Integers, check_as_wide, check_shape
from ..progress import counter
from .checkpoint import State, identity, resume, save
from .disk_memory import NAMES, Plan, plan_of
from .shards import Asking, Found, Visit, by_id, make_census, make_shard, visits
from .stored import Stored

CPU = torch.device("cpu")
SECONDS = 30.0  # between checkpoints


class Stretches(NamedTuple):
    """One side, cut into shards that are read when they are wanted."""

    stored: Stored
    codes: Integers
    name: str
    bounds: Integers  # where each shard begins, and where the last one ends
    metric: str

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def shard(self, number: int) -> Shard:
        """Read a shard."""
        start, stop = int(self.bounds[number]), int(self.bounds[number + 1])
        called = f"{self.name}[{start}:{stop}]"  # errors count rows from there
        rows = self.stored.matrix(start, stop, called)
        ids = np.arange(start, stop)
        return make_shard(rows, self.codes[start:stop], ids, self.metric, CPU, called)


def sides_on_disk(features: Any, references: Any, classes: Classes) -> list[Stored] | None:
    """Return features, and references if there are any, as they are stored; None if none are.

    What is in memory, beside what is not, is taken as stored there.
    """
    given = [features] if references is None else [features, references]
    stays = any(isinstance(side, Stored | np.memmap) for side in given)
    if not stays or not all(isinstance(side, Stored | np.ndarray | Tensor) for side in given):
        return None
    sides = [side if isinstance(side, Stored) else _of_array(side) for side in given]
    check_shape(sides[0].shape, "features", len(classes.codes), "labels")
    if references is not None:
        count = len(classes.reference_codes)
        check_shape(sides[1].shape, "references", count, "reference_labels")
        check_as_wide(sides[0].dimensions, sides[1].dimensions)
    return sides


def _of_array(array: Any) -> Stored:
    return Stored(tuple(array.shape), lambda start, stop: array[start:stop], copies=False)


def kstar(
    sides: Sequence[Stored],
    classes: Classes,
    metric: str,
    pairs: Pairs[Any],
    limit: int,
    progress: bool | None,
) -> Found:
    """Return k* of samples that are stored, by a walk that takes no more memory than the limit.

    Parameters
    ----------
    sides : the samples, and the references if there are any
    pairs : of an engine that tells what memory it takes
    limit : bytes, beside what is mapped into memory
    progress : show a bar for each question
    """
    dimensions, total = sides[0].dimensions, sum(side.shape[0] for side in sides)
    memory = pairs.memory(dimensions)
    assert memory is not None
    copied = max(side.copied_per_sample(name) for side, name in zip(sides, NAMES, strict=False))
    plan = plan_of(total, dimensions, copied, memory, limit)
    codes = on_host(classes.codes), on_host(classes.reference_codes)
    cut = [
        Stretches(side, theirs, name, _bounds(side.shape[0], plan.shard), metric)
        for side, theirs, name in zip(sides, codes, NAMES, strict=False)
    ]
    census = _census(cut, pairs, total, plan, metric)
    pairs.agree(census)
    order = np.concatenate(
        [start + stable_order(codes[0][start:stop]) for start, stop in _spans(cut[0])]
    )
    return by_id(order, *_walked(cut, pairs, census, sides[0].checkpoint, progress))


def _bounds(count: int, shard: int) -> Integers:
    return np.linspace(0, count, -(-count // shard) + 1).astype(np.int64)


def _spans(side: Stretches) -> list[tuple[int, int]]:
    return list(zip(side.bounds[:-1].tolist(), side.bounds[1:].tolist(), strict=True))


def _census(
    cut: Sequence[Stretches], pairs: Pairs[Any], total: int, plan: Plan, metric: str
) -> Census:
    """Return the census of shards of which one is there at a time, each of them twice."""
    few = [
        Few.together([Few.of(side.shard(i), total, plan.few) for i in range(len(side))])
        for side in cut
    ]
    centre = centre_of(few)

    def summary(side: Stretches, number: int) -> Summary:
        shard = side.shard(number)
        return Summary.of(shard, pairs.lengths(shard, centre))

    summaries = [reduce(add, (summary(side, i) for i in range(len(side)))) for side in cut]
    return make_census(few, summaries, metric)


class Held:
    """The shards that are ready: two at the most."""

    def __init__(self, cut: Sequence[Stretches], pairs: Pairs[Any]) -> None:
        self.cut, self.pairs = cut, pairs
        self.ready: dict[tuple[int, int], Any] = {}

    def turn_to(self, pair: Visit, following: Visit | None) -> None:
        """Let go of what this pair does not need; where it is but one shard, one more may stay."""
        stay = _sides(pair) if pair[1] is not None or not following else _sides(following)
        keys = {self._key(*shard) for shard in [*stay, *_sides(pair)]}
        self.ready = {key: shard for key, shard in self.ready.items() if key in keys}

    def get(self, side: int, number: int) -> Any:
        """Return a shard, and make it ready if it is not."""
        key = self._key(side, number)
        if key not in self.ready:
            self.ready[key] = self.pairs.ready(self.cut[side].shard(number))
        return self.ready[key]

    def _key(self, side: int, number: int) -> tuple[int, int]:
        return side % len(self.cut), number


def _sides(pair: Visit) -> list[tuple[int, int]]:
    one, other = pair
    return [(0, one)] if other is None else [(0, one), (-1, other)]


def _walked(
    cut: Sequence[Stretches],
    pairs: Pairs[Any],
    census: Census,
    checkpoint: Path | None,
    progress: bool | None,
) -> tuple[Nearest, Integers]:
    """Return what the samples know, and their counts, shard by shard."""
    count, met = len(cut[0].codes), visits(len(cut[0]), len(cut[1]) if cut[1:] else None)
    belongs = ""
    state = None
    if checkpoint is not None:
        few = [each for side in census.few for each in (side.rows, side.ids)]
        cuts = [each for side in cut for each in (side.bounds, side.codes)]
        belongs = identity(*few, *cuts, census.whole.largest, census.normed)
        state = resume(checkpoint, count, belongs)
    if state is None:
        state = State.nothing(count)
    known = [Nearest(state.squared[a:b], state.ids[a:b]) for a, b in _spans(cut[0])]
    counts = [state.counts[a:b] for a, b in _spans(cut[0])]
    held = Held(cut, pairs)
    asking = Asking(pairs, held.get, known, counts, census.self_form)
    steps = [*((asking.search, pair) for pair in met), *((asking.count, pair) for pair in met)]
    saved = monotonic()
    for name, first in (("search", 0), ("count", len(met))):
        with counter(progress, name, "pair", len(met)) as bar:
            bar.add(min(len(met), max(0, state.done - first)))
            for step in range(max(first, state.done), first + len(met)):
                ask, pair = steps[step]
                held.turn_to(pair, steps[step + 1][1] if step + 1 < len(steps) else None)
                ask(*pair)
                state.done = step + 1
                bar.add(1)
                if checkpoint is not None and monotonic() - saved >= SECONDS:
                    save(checkpoint, state, belongs)
                    saved = monotonic()
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    return Nearest(state.squared, state.ids), state.counts
