"""The samples of one rank as they meet those of others, and the two questions that they ask."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...engines.pairs import Pairs
from ...engines.shards import Nearest, Shard
from ...inputs.problem import Integers


@dataclass(frozen=True)
class Party:
    """Samples in class order, and what they know by position; written to.

    Attributes
    ----------
    counts : (n,) samples of its class nearer than the nearest foreign one, of those met so far
    """

    shard: Shard
    known: Nearest
    counts: Integers

    @staticmethod
    def told(shard: Shard, facts: Tensor) -> "Party":
        """Return samples of another rank, who know what came with them: `facts`."""
        squared, ids = facts.numpy()[2:].copy()
        return Party(shard, Nearest(squared.view(np.float64), ids), np.zeros_like(ids))

    def some(self, at: slice | Integers, shard: Shard) -> "Party":
        """Return a copy of those at these positions, who have counted nothing; a shard of them."""
        known = Nearest(self.known.squared[at].copy(), self.known.ids[at].copy())
        return Party(shard, known, np.zeros(len(shard), np.int64))

    def facts(self) -> Tensor:
        """Return classes and ids by row, and what is known by position: (4, n)."""
        codes, ids = by_row(self.shard, self.shard.codes, self.shard.ids)
        squared = self.known.squared.view(np.int64)
        return torch.from_numpy(np.stack([codes, ids, squared, self.known.ids]))


def by_row(shard: Shard, *columns: Integers) -> Integers:
    """Return columns (k, n) that go by position as they go by row."""
    rows = np.empty((len(columns), len(shard)), np.int64)
    rows[:, shard.samples.order.cpu().numpy()] = np.stack(columns)
    return rows


def came_as(shard: Shard, ids: Integers) -> Integers:
    """Return for each position of a shard which of the samples it was that came: of these ids."""
    rows: Integers = shard.samples.order.cpu().numpy()
    return np.argsort(ids)[rows]  # rows of a shard rise by id


class Question(ABC):
    """What samples that meet ask one another.

    Attributes
    ----------
    answers_each : numbers that answer one sample
    """

    answers_each: int

    @abstractmethod
    def ask(
        self, pairs: Pairs[Any], hosts: Any, guests: Any, ours: Party | None, theirs: Party | None
    ) -> None:
        """Let samples that are ready meet; those who ask are written to.

        Parameters
        ----------
        guests : None where the hosts meet themselves
        ours, theirs : who asks, of the hosts and of the guests; None for those who do not
        """

    @abstractmethod
    def answers(self, party: Party) -> Integers:
        """Return what samples know now, (`answers_each`, n)."""

    @abstractmethod
    def learn(self, party: Party, at: slice | Integers, told: Integers) -> None:
        """Let samples at these positions know what others were told in their place."""


class Search(Question):
    """Which foreign sample is the nearest? To be told twice does no harm."""

    answers_each = 2

    def ask(
        self, pairs: Pairs[Any], hosts: Any, guests: Any, ours: Party | None, theirs: Party | None
    ) -> None:
        """Tell of nearer foreign samples."""
        if ours is None and theirs is not None:
            pairs.search(guests, hosts, theirs.known, None)
        elif ours is not None:
            pairs.search(hosts, guests, ours.known, None if theirs is None else theirs.known)

    def answers(self, party: Party) -> Integers:
        """Return squared distances, by their bits, and ids."""
        return np.stack([party.known.squared.view(np.int64), party.known.ids])

    def learn(self, party: Party, at: slice | Integers, told: Integers) -> None:
        """Keep what is nearer."""
        some = Nearest(party.known.squared[at], party.known.ids[at])
        some.learn(told[0].view(np.float64), told[1])
        party.known.squared[at], party.known.ids[at] = some.squared, some.ids


class Count(Question):
    """How many of the own class are nearer than that? To be told once."""

    answers_each = 1

    def ask(
        self, pairs: Pairs[Any], hosts: Any, guests: Any, ours: Party | None, theirs: Party | None
    ) -> None:
        """Add those that are nearer."""
        if ours is None and theirs is not None:
            theirs.counts[:] += pairs.within(guests, hosts, theirs.known.squared, None)[0]
        elif ours is not None:
            radii = None if theirs is None else theirs.known.squared
            counts, others = pairs.within(hosts, guests, ours.known.squared, radii)
            ours.counts[:] += counts
            if theirs is not None and others is not None:
                theirs.counts[:] += others

    def answers(self, party: Party) -> Integers:
        """Return the counts."""
        return party.counts[None]

    def learn(self, party: Party, at: slice | Integers, told: Integers) -> None:
        """Add to the counts."""
        party.counts[at] += told[0]
