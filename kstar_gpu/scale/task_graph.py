"""The tasks of k* on blocks, as a graph in Dask's form: a key, a function, and keys that it needs.

    labels -> codes -> shards -> few, centre, summaries -> agreed -> ready
           -> search   each block with itself, then pairs of blocks, wave by wave
           -> count    likewise, within the radii found
           -> results  block by block

Each pair meets once. A wave is a few rounds of a tournament, and its pairs depend on what their
blocks knew after the wave before: so none runs far ahead of the others, which would want too many
blocks at a time, and what is known makes those to come cheaper. What was known after each wave is
kept to the end. If a worker is lost, only pairs of blocks whose knowledge it held are asked again.
"""

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..engines.shards import FEW_ROWS
from . import blocks
from .shards import rounds

ROUNDS = 2  # of a wave: as many pairs at a time as there are blocks
# Samples that stand for all are no more than the largest block has, but so many may be.
ANY_FEW = 1024

Key = Hashable
Wave = list[tuple[int, int | None]]  # pairs; None where a block meets itself


class Side(NamedTuple):
    """The samples, or the references, in blocks of which none is empty.

    Attributes
    ----------
    name, labels_name : of the arguments
    rows, labels : keys of the blocks
    sizes : how many samples each block has
    """

    name: str
    labels_name: str
    rows: Sequence[Key]
    labels: Sequence[Key]
    sizes: Sequence[int]


class Tasks:
    """A graph, as it grows.

    Parameters
    ----------
    token : tells its keys from those of other graphs
    """

    def __init__(self, token: str) -> None:
        self.token = token
        self.graph: dict[Key, Any] = {}

    def add(self, name: str, numbers: Sequence[int], task: Callable[..., Any], *given: Any) -> Key:
        """Add a task, and return its key. Keys in what is given stand for their results."""
        key = (f"kstar-{name}-{self.token}", *numbers)
        self.graph[key] = (task, *given)
        return key

    def per_block(
        self, name: str, sides: Sequence[Sequence[Any]], task: Callable[..., Any], *given: Any
    ) -> list[list[Key]]:
        """Add a task for each block of each side, to which it is given before the others."""
        return [
            [self.add(name, (s, i), task, block, *given) for i, block in enumerate(side)]
            for s, side in enumerate(sides)
        ]


def add_kstar(
    tasks: Tasks, sides: Sequence[Side], how: blocks.How, normalize: bool, like: Any
) -> list[Key]:
    """Add all tasks, and return the keys of the results of the samples' blocks.

    Parameters
    ----------
    sides : the samples, and the references if there are any
    like : an array of the kind that results are to be of
    """
    codes, population = _add_classes(tasks, sides)
    agreed, ready = _add_shards(tasks, sides, codes, how)
    pairs = _Pairs(tasks, agreed, ready)
    known = _add_search(pairs, codes[0])
    counts = _add_count(pairs, [each[-1] for each in known])
    task = partial(blocks.results, how.metric, normalize, like)
    return [
        tasks.add("results", (i,), task, codes[0][i], known[i], counts[i], population)
        for i in range(len(known))
    ]


def _add_classes(tasks: Tasks, sides: Sequence[Side]) -> tuple[list[list[Key]], Key]:
    """Return the keys of the classes of each block's samples, and of how large k* can get."""
    distinct = [
        [
            tasks.add("distinct", (s, i), partial(blocks.distinct_labels, side.labels_name), block)
            for i, block in enumerate(side.labels)
        ]
        for s, side in enumerate(sides)
    ]
    labels = tasks.add("labels", (), blocks.all_labels, *distinct)
    codes = [
        [
            tasks.add("codes", (s, i), partial(blocks.codes, side.labels_name), block, labels)
            for i, block in enumerate(side.labels)
        ]
        for s, side in enumerate(sides)
    ]
    counted = partial(blocks.populations, len(sides) == 1)
    return codes, tasks.add("population", (), counted, codes[-1], labels)


def _add_shards(
    tasks: Tasks, sides: Sequence[Side], codes: Sequence[Sequence[Key]], how: blocks.How
) -> tuple[Key, list[list[Key]]]:
    """Return the key of what all shards have in common, and those of shards that are ready."""
    shards: list[list[Key]] = []
    for s, side in enumerate(sides):
        starts = [0, *np.cumsum(side.sizes).tolist()]
        shards.append(
            [
                tasks.add(
                    "shard",
                    (s, i),
                    partial(blocks.shard, how, side.name, starts[i]),
                    rows,
                    codes[s][i],
                )
                for i, rows in enumerate(side.rows)
            ]
        )
    total = sum(sum(side.sizes) for side in sides)
    largest = max(max(side.sizes) for side in sides)
    share = partial(blocks.few, total, min(FEW_ROWS, max(ANY_FEW, largest)))
    parts = tasks.per_block("few", shards, share)
    few = [tasks.add("all-few", (s,), blocks.all_few, side) for s, side in enumerate(parts)]
    centre = tasks.add("centre", (), blocks.centre, few)
    summaries = tasks.per_block("summary", shards, partial(blocks.summary, how), centre)
    agreed = tasks.add("agreed", (), partial(blocks.agreed, how), few, summaries)
    return agreed, tasks.per_block("ready", shards, blocks.ready, agreed)


class _Pairs:
    """Adds tasks of pairs of blocks."""

    def __init__(self, tasks: Tasks, agreed: Key, ready: Sequence[Sequence[Key]]) -> None:
        self.tasks, self.agreed, self.ready = tasks, agreed, ready
        self.self_form = len(ready) == 1

    @property
    def waves(self) -> list[Wave]:
        """Every pair once; first each block with itself, where these are their own references."""
        count = len(self.ready[0])
        played = rounds(count, None if self.self_form else len(self.ready[1]))
        waves: list[Wave] = [[(one, None) for one in range(count)]] if self.self_form else []
        for first in range(0, len(played), ROUNDS):
            waves.append([pair for each in played[first : first + ROUNDS] for pair in each])
        return waves

    def add(
        self,
        name: str,
        task: Callable[..., Any],
        wave: Wave,
        known: Sequence[Key],
        before: Sequence[Sequence[Key]] | None = None,
    ) -> list[tuple[list[int], list[Key]]]:
        """Add a task per pair; return of each block the keys of its pairs, and which part it has.

        Parameters
        ----------
        known : what the samples of each block know
        before : of each block, what has to be done first
        """
        met: list[tuple[list[int], list[Key]]] = [([], []) for _ in known]
        for one, other in wave:
            theirs = None if other is None else self.ready[-1][other]
            asks = [one] if other is None or not self.self_form else [one, other]
            also = known[asks[1]] if len(asks) > 1 else None
            waits = [] if before is None else [key for block in asks for key in before[block][-1:]]
            numbers = (one, one if other is None else other)
            ours = self.ready[0][one]
            given = (self.agreed, ours, theirs, known[one], also, waits)
            key = self.tasks.add(name, numbers, task, *given)
            for part, block in enumerate(asks):
                met[block][0].append(part)
                met[block][1].append(key)
        return met


def _add_search(pairs: _Pairs, codes: Sequence[Key]) -> list[list[Key]]:
    """Return of each block the keys of what its samples know: nothing, then wave by wave, all."""
    tasks = pairs.tasks
    known = [[tasks.add("nothing", (i,), blocks.nothing, each)] for i, each in enumerate(codes)]
    for number, wave in enumerate(pairs.waves):
        met = pairs.add("search", blocks.search, wave, [each[-1] for each in known])
        for i, (parts, keys) in enumerate(met):
            if keys:
                task = partial(blocks.nearest, parts)
                known[i].append(tasks.add("known", (i, number), task, known[i][-1], keys))
    return known


def _add_count(pairs: _Pairs, known: Sequence[Key]) -> list[list[Key]]:
    """Return of each block the keys of counts, wave by wave; their sum is the whole."""
    counts: list[list[Key]] = [[] for _ in known]
    for number, wave in enumerate(pairs.waves):
        met = pairs.add("count", blocks.count, wave, known, counts)
        for i, (parts, keys) in enumerate(met):
            if keys:
                task = partial(blocks.added, parts)
                counts[i].append(pairs.tasks.add("counts", (i, number), task, keys))
    return counts
