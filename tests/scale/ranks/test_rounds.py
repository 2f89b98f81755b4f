"""A call that was ended goes on from the last round that all ranks have finished."""

import numpy as np
import pytest
import torch
from helpers import ranks
from helpers.families import labels, lattice
from helpers.shards import uneven

# Rounds of three ranks, whose classes are counted by all, or by one each.
ROUNDS = {"together": ("own search", "search", "own count", "count")}
ROUNDS["alone each"] = ("own search", "search", "count")


@pytest.mark.parametrize("counted", ROUNDS)
def test_a_killed_call_goes_on_where_all_were(rng, tmp_path, counted):
    """Killed twice: some have kept a round more then, of which nothing may count twice."""
    x, y = (3 + lattice(rng, 200, 4)).astype(np.float32), labels(rng, 200, 4)
    parts = ranks.cut(rng, x, y, 3, uneven)
    kept = tmp_path / "kept"
    for last in ("search", "count"):
        done = 1 + ROUNDS[counted].index(last)
        folder = tmp_path / f"killed at {done}"
        folder.mkdir()
        context = torch.multiprocessing.spawn(
            ranks.killed_at, (str(folder), parts, kept, done, counted), nprocs=3, join=False
        )
        for process in context.processes:
            process.join(50)
        assert [process.exitcode for process in context.processes] == [0, -9, 0]
    assert {file.name for file in kept.iterdir()} == {
        f"rank-{rank}.{turn}" for rank in range(3) for turn in range(2)
    }
    no_search = "no search" if counted == "together" else "alone each, no search"
    others = [*parts[:2], (parts[2][0] + 1, *parts[2][1:])]
    pair = [parts[0], parts[1], (x[:0], y[:0], np.arange(0))]
    found = ranks.run(
        [
            (others, {"checkpoint": kept}),
            (others, {"checkpoint": kept, "fault": "lost"}),
            (pair, {"checkpoint": kept, "of": [0, 1]}),
            (parts, {"checkpoint": kept, "metric": "cosine"}),
            (parts, {"checkpoint": kept, "fault": no_search}),
            (others, {"checkpoint": kept}),
        ],
        3,
        tmp_path,
    )
    for refused in (*found[0], *found[1], *found[2][:2], *found[3]):
        assert refused[0] == "ValueError"
        assert "checkpoint: one of the same samples, labels, metric and number" in refused[1]
        assert "kept/rank-" in refused[1]
    ranks.assert_as_whole(found[4], parts, x, y)
    changed = x.copy()
    changed[parts[2][2]] += 1
    ranks.assert_as_whole(found[5], parts, changed, y)
    assert [*kept.iterdir()] == []
