"""The course of a call on many ranks: from what they were given to the answers of each."""

from collections.abc import Sequence
from functools import cache, partial, reduce
from operator import add
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ...cpu_tensors import taken
from ...engines.pairs import Pairs
from ...engines.shards import Few, Nearest, Shard, Summary, centre_of
from ...inputs.devices import float64_device
from ...inputs.problem import Integers, checked_magnitude
from ..checkpoint import State
from ..shards import Found, make_census, make_shard
from .dealing import in_turns, is_worth
from .given import Side
from .group import Ranks
from .grouping import count_in_places, places
from .meeting import ALL, Meeting, rounds_of, some_of
from .moves import Moves
from .owners import Own, shared
from .party import Count, Party, Search, came_as
from .rounds import Rounds


class How(NamedTuple):
    """By which means one rank finds its answers."""

    metric: str
    place: torch.device
    pairs: Pairs[Any]
    folder: Path | None  # of checkpoints

    def shard_of(self, values: Tensor, codes: Integers, ids: Integers, name: str = "") -> Shard:
        """Return samples, known by such a name, as a shard."""
        return make_shard(values, codes, ids, self.metric, float64_device(self.place), name)


def tables_of(ranks: Ranks, owned: Sequence[Own], classes: int) -> list[Integers]:
    """Return how many samples each rank has of each class, (W, C), on each side."""
    own = [np.bincount(each.codes[each.kept], minlength=classes) for each in owned]
    return [np.array(table) for table in zip(*ranks.gather(own), strict=True)]


def find(
    ranks: Ranks,
    sides: Sequence[Side],
    owned: Sequence[Own],
    tables: Sequence[Integers],
    how: How,
) -> Found:
    """Return the answers of this rank's samples in the order of its input; called by all.

    Parameters
    ----------
    sides, owned, tables : of the samples, and of the references if there are any
    """
    dealt = is_worth(tables)
    to = [
        in_turns(table, ranks.rank, own.codes[own.kept]) if dealt else None
        for own, table in zip(owned, tables, strict=True)
    ]
    parts = [_Part(ranks, *each) for each in zip(sides, owned, to, strict=True)]
    shards = [ranks.agreed(partial(part.shard, how), part.name) for part in parts]
    sizes = [table.sum(0) for table in tables]
    _agree(ranks, shards, sizes, how)
    rounds = None if how.folder is None else Rounds(how.folder, ranks, shards, how.metric)
    party = _answered(ranks, shards, sizes, how, rounds)
    found = Found(1 + party.counts, party.known.squared, party.known.ids)
    answers = shared(ranks, owned[0], *parts[0].returned(found, party.shard))
    if rounds is not None:
        rounds.forget()
    return answers


class _Part:
    """The samples of one side that this rank has in a call: its own ones, or those dealt to it.

    Parameters
    ----------
    to : (n,) rank to which each of its own samples goes; None where they stay
    """

    def __init__(self, ranks: Ranks, side: Side, own: Own, to: Integers | None) -> None:
        self.name = side.names.features
        self.ids, codes = own.ids[own.kept], own.codes[own.kept]
        every = own.kept.all()

        def kept() -> Tensor:
            if to is not None or not every:
                checked_magnitude(side.values, self.name)  # names the row as it was given
            return side.values if every else taken(side.values, np.flatnonzero(own.kept))

        values = ranks.agreed(kept, self.name)
        facts = np.stack([codes, self.ids])
        self.moves = None
        if to is not None:
            self.moves = Moves(ranks, to)
            values, facts = self.moves.moved(values, facts)
        self.values, self.facts = values, facts

    def shard(self, how: How) -> Shard:
        codes, ids = self.facts
        return how.shard_of(self.values, codes, ids, self.name)

    def returned(self, found: Found, shard: Shard) -> tuple[Found, Integers]:
        """Return answers, and the ids of the samples that they are about, where these were given.

        Parameters
        ----------
        found : of the samples here, by position in this shard
        """
        if self.moves is None:
            return found, shard.ids
        answers = np.empty((3, len(shard)), np.int64)
        by_position = np.stack([found.kstar, found.squared.view(np.int64), found.index])
        answers[:, came_as(shard, self.facts[1])] = by_position
        kstar, squared, index = self.moves.returned(answers)
        return Found(kstar, squared.view(np.float64), index), self.ids


def _agree(ranks: Ranks, shards: Sequence[Shard], sizes: Sequence[Integers], how: How) -> None:
    """Choose what the balls of all ranks have in common."""
    pairs = how.pairs
    total = int(sum(size.sum() for size in sizes))
    few = [Few.together(ranks.gather(Few.of(shard, total))) for shard in shards]
    centre = centre_of(few)
    summaries = []
    for shard in shards:
        lengths = ranks.agreed(partial(pairs.lengths, shard, centre), "census")
        summaries.append(reduce(add, ranks.gather(Summary.of(shard, lengths))))
    ranks.agreed(lambda: pairs.agree(make_census(few, summaries, how.metric)), "census")


def _answered(
    ranks: Ranks,
    shards: Sequence[Shard],
    sizes: Sequence[Integers],
    how: How,
    rounds: Rounds | None,
) -> Party:
    """Let this rank's samples ask both questions of all, step by step."""
    samples, references = shards[0], shards[1] if len(shards) > 1 else None
    state = State.nothing(len(samples)) if rounds is None else rounds.resumed()
    party = Party(samples, Nearest(state.squared, state.ids), state.counts)
    where = places(sizes, ranks.size)

    rounds_each = rounds_of(ranks.size, references is None)

    @cache
    def meeting() -> Meeting:
        return Meeting(ranks, how.pairs, party, references, how.shard_of)

    @cache
    def meeting_of_large() -> tuple[Meeting, slice | Integers]:
        """Return how samples of classes meet that all ranks count together, and which these are."""
        if all(where.together[size > 0].all() for size in sizes):
            return meeting(), ALL
        at = [np.flatnonzero(where.together[shard.codes]) for shard in shards]
        some = [
            ranks.agreed(partial(some_of, shard, these, how.shard_of), "classes")
            for shard, these in zip(shards, at, strict=True)
        ]
        large = party.some(at[0], some[0])
        large.counts[:] = party.counts[at[0]]
        others = some[1] if len(some) > 1 else None
        return Meeting(ranks, how.pairs, large, others, how.shard_of), at[0]

    def search(step: int) -> None:
        meeting().round(Search(), step)

    def count(step: int) -> None:
        large, at = meeting_of_large()
        large.round(Count(), step)
        party.counts[at] = large.party.counts

    steps = [partial(search, step) for step in range(rounds_each)]
    if (where.rank >= 0).any():
        each = partial(count_in_places, ranks, how.pairs, party, references, where, how.shard_of)
        steps.append(each)
    if where.together.any():
        steps += [partial(count, step) for step in range(rounds_each)]
    for step in steps[state.done :]:
        step()
        state.done += 1
        if rounds is not None:
            rounds.keep(state)
    return party
