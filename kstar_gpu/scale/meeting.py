"""A shard that meets those of the other ranks, each pair of them once.

Every rank meets the W // 2 ranks ahead of it, so that each pair of ranks meets once, by one of the
two: it gets the other's rows, lets both sides ask, and sends the other's answers back.
"""

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..cpu_tensors import row_bytes
from ..engines.shards import Nearest, Pairs, Shard
from ..inputs.problem import Integers
from .checkpoint import State
from .ranks import Ranks
from .rounds import Rounds


class Partners(NamedTuple):
    """Whom a rank meets in one round."""

    ahead: int
    behind: int
    computes: bool  # this rank, for itself and the one ahead
    is_computed: bool  # for this rank by the one behind


def partners(rank: int, size: int, step: int) -> Partners:
    """Return whom a rank meets in round 1, 2, ..., size // 2."""
    ahead, behind = (rank + step) % size, (rank - step) % size
    once = 2 * step == size  # then both are one: the lower one computes
    return Partners(ahead, behind, not once or rank < ahead, not once or behind < rank)


class Meeting:
    """The shard of this rank, as it meets those of the others."""

    def __init__(
        self,
        ranks: Ranks,
        pairs: Pairs[Any],
        shard: Shard,
        shard_of: Callable[[Tensor, Integers, Integers], Shard],
        rounds: Rounds | None,
    ) -> None:
        self.ranks, self.pairs, self.shard, self.shard_of = ranks, pairs, shard, shard_of
        self.rounds = rounds
        self.state = State.nothing(len(shard)) if rounds is None else rounds.resumed()
        self.known = Nearest(self.state.squared, self.state.ids)
        self.counts = self.state.counts
        values = shard.samples.values
        self.rows = row_bytes(values)
        self.shapes = ranks.gather((len(shard), values.shape[1], values.dtype))

    def answers(self) -> tuple[Nearest, Integers]:
        """Let all samples ask both questions of all others."""
        mine = len(self.shard) > 0
        self.ready = self.ranks.agreed(
            lambda: self.pairs.ready(self.shard) if mine else None, "setup"
        )
        questions = (self._search, self._count)
        steps = list(product(questions, range(self.ranks.size // 2 + 1)))
        for question, step in steps[self.state.done :]:
            if step == 0:
                own = partial(question, None, None) if mine else _nothing
                self.ranks.agreed(own, "own samples")
            else:
                self._round(step, question)
            self.state.done += 1
            if self.rounds is not None:
                self.rounds.keep(self.state)
        return self.known, self.counts

    def _round(self, step: int, question: Callable[..., Any]) -> None:
        """Meet the rank so far ahead, while the one as far behind meets this one."""
        rank = self.ranks.rank
        ahead, behind, computes, is_computed = partners(rank, self.ranks.size, step)
        meets = computes and self._both(rank, ahead)
        is_met = is_computed and self._both(behind, rank)
        count, width, dtype = self.shapes[ahead]
        rows = torch.empty((count, width * dtype.itemsize), dtype=torch.uint8, device="cpu")
        facts = torch.empty((4, count), dtype=torch.int64, device="cpu")
        self.ranks.exchange(
            [self.rows, self._facts()] if is_met else [],
            behind,
            [rows, facts] if meets else [],
            ahead,
        )

        def met() -> NDArray[np.int64]:
            codes, ids, squared, nearest = facts.numpy()
            other = Nearest(squared.view(np.float64).copy(), nearest.copy())
            shard = self.shard_of(rows.view(dtype), codes, ids)
            answers: NDArray[np.int64] = question(self.pairs.ready(shard), other)
            return answers

        told = self.ranks.agreed(met if meets else _nothing, f"round {step}")
        back = torch.empty((2, len(self.shard)), dtype=torch.int64, device="cpu")
        answers = [torch.from_numpy(told)] if meets else []
        self.ranks.exchange(answers, ahead, [back] if is_met else [], behind)
        if is_met:
            self._learn(question, back.numpy())

    def _both(self, one: int, other: int) -> bool:
        return self.shapes[one][0] > 0 and self.shapes[other][0] > 0

    def _facts(self) -> Tensor:
        """Return classes and ids by row, and what is known by position."""
        codes = np.empty_like(self.shard.codes)
        ids = np.empty_like(self.shard.ids)
        order = self.shard.samples.order.cpu().numpy()
        codes[order], ids[order] = self.shard.codes, self.shard.ids
        squared = self.known.squared.view(np.int64)
        return torch.from_numpy(np.stack([codes, ids, squared, self.known.ids]))

    def _search(self, theirs: Any, other: Nearest | None) -> Any:
        self.pairs.search(self.ready, theirs, self.known, other)
        return None if other is None else np.stack([other.squared.view(np.int64), other.ids])

    def _count(self, theirs: Any, other: Nearest | None) -> Any:
        radii = None if other is None else other.squared
        ours, others = self.pairs.within(self.ready, theirs, self.known.squared, radii)
        self.counts += ours
        return None if others is None else np.stack([others, others])

    def _learn(self, question: Callable[..., Any], back: NDArray[np.int64]) -> None:
        if question == self._search:
            self.known.learn(back[0].view(np.float64), back[1])
        else:
            self.counts += back[0]


def _nothing() -> None:
    return None
