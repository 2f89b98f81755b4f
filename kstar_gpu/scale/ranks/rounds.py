"""What the ranks have found, round by round, so that a call goes on where another one was ended.

Each rank writes a file of its own after each round, in turns one of two: when all are ended, some
have finished one round more than the others, and have to go back to that which all have finished.
"""

from collections.abc import Sequence
from pathlib import Path

from ...cpu_tensors import row_bytes
from ...engines.shards import Shard
from ..checkpoint import State, identity, resume, save
from .group import Ranks

COURSE = "search in rounds, classes in places, large ones in rounds"  # what the steps are


class Rounds:
    """The files of one rank in a folder; made, and asked, by all ranks together."""

    def __init__(self, folder: Path, ranks: Ranks, shards: Sequence[Shard], metric: str) -> None:
        self.ranks, self.count = ranks, len(shards[0])
        self.files = [folder / f"rank-{ranks.rank}.{turn}" for turn in range(2)]
        own = ranks.agreed(lambda: [_of_shard(shard) for shard in shards], "checkpoint")
        # Of all ranks: what this one has found depends on what the others had.
        self.belongs = identity(ranks.gather(own), ranks.rank, metric, COURSE)

    def resumed(self) -> State:
        """Return the state after the last round that all ranks have finished."""
        found = self.ranks.agreed(self._found, "checkpoint")
        common = set.intersection(*self.ranks.gather({0, *found}))
        last = max(common)
        return found[last] if last > 0 else State.nothing(self.count)

    def _found(self) -> dict[int, State]:
        of = "samples, labels, metric and number of ranks"
        states = [resume(file, self.count, self.belongs, of) for file in self.files]
        return {state.done: state for state in states if state is not None}

    def keep(self, state: State) -> None:
        """Write the state after a round, over that of the last but one."""
        save(self.files[state.done % 2], state, self.belongs)

    def forget(self) -> None:
        """Remove the files, when no rank needs them any more."""
        self.ranks.gather(None)
        for file in self.files:
            file.unlink(missing_ok=True)


def _of_shard(shard: Shard) -> str:
    values, order = shard.samples.values, shard.samples.order.cpu().numpy()
    rows = row_bytes(values).numpy()
    return identity(rows, str(values.dtype), order, shard.codes, shard.ids)
