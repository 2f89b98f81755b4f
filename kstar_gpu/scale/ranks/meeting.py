"""Samples of a rank that meet those of the others, each pair of ranks once.

In each round every rank is host to the samples of one rank ahead of it: their rows come, with what
they know; they ask, and their answers are sent back. Where all samples ask one another both sides
of a pair do so at once, so that half of the ranks ahead are enough.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ...cpu_tensors import row_bytes, taken
from ...engines.pairs import Pairs
from ...engines.shards import Shard
from ...inputs.problem import Integers
from .group import Ranks
from .party import Party, Question

ALL, EVEN, ODD = slice(None), slice(0, None, 2), slice(1, None, 2)  # of positions

ShardOf = Callable[[Tensor, Integers, Integers], Shard]  # of rows, their classes and ids


class Visit(NamedTuple):
    """Who meets in one round, as one host sees it."""

    guest: int
    hosts: slice  # which of the host's samples
    guests: slice


def rounds_of(size: int, self_form: bool) -> int:
    """Return how many rounds there are, that of the own samples among them."""
    return size // 2 + 1 if self_form else size


def is_shared(size: int, step: int, self_form: bool) -> bool:
    """Whether two ranks are ahead of one another in a round: each is host to half of the pairs."""
    return self_form and 2 * step == size


def visit(host: int, size: int, step: int, self_form: bool) -> Visit:
    """Return whom a rank is host to in round 1, 2, ..."""
    guest = (host + step) % size
    if not is_shared(size, step, self_form):
        return Visit(guest, ALL, ALL)
    return Visit(guest, ALL, EVEN) if host < guest else Visit(guest, ODD, ALL)


class Meeting:
    """What the samples of this rank ask those of all, round by round; all ranks take part.

    Parameters
    ----------
    party : this rank's samples; what they know is written to
    references : of this rank, whom they ask; None where all samples ask one another
    """

    def __init__(
        self,
        ranks: Ranks,
        pairs: Pairs[Any],
        party: Party,
        references: Shard | None,
        shard_of: ShardOf,
    ) -> None:
        self.ranks, self.pairs, self.party = ranks, pairs, party
        self.self_form, self.shard_of = references is None, shard_of
        self.rounds = rounds_of(ranks.size, self.self_form)
        hosts = party.shard if references is None else references
        values = party.shard.samples.values
        self.shapes = ranks.gather((len(hosts), len(party.shard), values.shape[1], values.dtype))
        self.ready = ranks.agreed(lambda: pairs.ready(hosts) if len(hosts) > 0 else None, "setup")
        self.coming: tuple[list[Tensor], Callable[[], None]] | None = None

    def round(self, question: Question, step: int) -> None:
        """Ask the own samples in round 0, then those of the rank so far ahead.

        Rows of a round come while those of the one before are computed with.
        """
        if step == 0:
            self.coming = self._rows(1)
            self.ranks.agreed(partial(self._meet_own, question), "own samples")
            return
        ahead, behind, hosted, visiting = self._who(step)
        rows, arrive = self.coming or self._rows(step)
        arrive()
        facts = [_room(4, self._guests(hosted))] if hosted else []
        sent = [self._some(visiting.guests).facts()] if visiting else []
        self.ranks.exchange(sent, behind, facts, ahead)
        self.coming = self._rows(step + 1)
        answers: list[Tensor] = self.ranks.agreed(
            lambda: [self._meet(question, hosted, rows[0], facts[0])] if hosted else [],
            f"round {step}",
        )
        each = question.answers_each
        back = [_room(each, self._guests(visiting))] if visiting else []
        self.ranks.exchange(answers, ahead, back, behind)
        if visiting:
            question.learn(self.party, visiting.guests, back[0].numpy())

    def _who(self, step: int) -> tuple[int, int, Visit | None, Visit | None]:
        """Return the rank ahead and the one behind, and the visits: from the one, to the other."""
        rank, size = self.ranks.rank, self.ranks.size
        ahead, behind = (rank + step) % size, (rank - step) % size
        return ahead, behind, self._visit(rank, step), self._visit(behind, step)

    def _visit(self, host: int, step: int) -> Visit | None:
        """Return whom a rank is host to; None if either of them has no samples."""
        met = visit(host, self.ranks.size, step, self.self_form)
        hosts = len(range(self.shapes[host][0])[met.hosts])
        return met if hosts > 0 and self._guests(met) > 0 else None

    def _guests(self, met: Visit) -> int:
        return len(range(self.shapes[met.guest][1])[met.guests])

    def _rows(self, step: int) -> tuple[list[Tensor], Callable[[], None]]:
        """Begin to send and to get the rows of a round; return them, and how to wait for them."""
        if step >= self.rounds:
            return [], _nothing
        ahead, behind, hosted, visiting = self._who(step)
        rows, sent = [], []
        if hosted:
            _, _, width, dtype = self.shapes[ahead]
            rows.append(_room(self._guests(hosted), width * dtype.itemsize, torch.uint8))
        if visiting:
            sent.append(row_bytes(self._some(visiting.guests).shard.samples.values))
        return rows, self.ranks.begin(sent, behind, rows, ahead)

    def _some(self, at: slice) -> Party:
        """Return the samples at these positions: a copy of them, if they are not all."""
        if at == ALL:
            return self.party
        return self.party.some(at, some_of(self.party.shard, at, self.shard_of))

    def _meet_own(self, question: Question) -> None:
        if self.ready is not None and self.self_form:
            question.ask(self.pairs, self.ready, None, self.party, None)
        elif self.ready is not None and len(self.party.shard) > 0:
            guests = self.pairs.ready(self.party.shard)
            question.ask(self.pairs, self.ready, guests, None, self.party)

    def _meet(self, question: Question, met: Visit, rows: Tensor, facts: Tensor) -> Tensor:
        """Be host to samples of another rank; return what they are to be told."""
        codes, ids = facts.numpy()[:2]
        shard = self.shard_of(rows.view(self.shapes[met.guest][3]), codes, ids)
        guests = Party.told(shard, facts)
        hosts, ready = self.party, self.ready
        if met.hosts != ALL:
            hosts = self._some(met.hosts)
            ready = self.pairs.ready(hosts.shard)
        asking = hosts if self.self_form else None
        question.ask(self.pairs, ready, self.pairs.ready(shard), asking, guests)
        if met.hosts != ALL:
            question.learn(self.party, met.hosts, question.answers(hosts))
        return torch.from_numpy(question.answers(guests))


def some_of(shard: Shard, at: slice | Integers, shard_of: ShardOf) -> Shard:
    """Return a copy of the samples at these positions."""
    rows = shard.samples.order.cpu().numpy()[at]
    return shard_of(taken(shard.samples.values, rows), shard.codes[at], shard.ids[at])


def _room(first: int, second: int, dtype: torch.dtype = torch.int64) -> Tensor:
    return torch.empty((first, second), dtype=dtype, device="cpu")


def _nothing() -> None:
    return None
