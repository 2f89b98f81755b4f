"""Ranks that find something together fail together, whatever happens to one of them."""

import numpy as np
import pytest
import torch
from helpers import ranks
from helpers.families import labels, lattice

from kstar_gpu import kstar
from kstar_gpu.scale.ranks.group import Ranks


def test_an_error_on_one_rank_ends_the_others(rng, tmp_path):
    """Where they agree, and where they do not; the group that was given is as good as before."""
    x, y = lattice(rng, 90, 3), labels(rng, 90, 3)
    own = np.array_split(rng.permutation(90), 3)
    parts = [(x[part], y[part], part) for part in own]
    wanted = {
        "agreed": (1, "MemoryError", "no room"),
        "alone": (1, "OSError", "no disk"),
        "interrupted": (2, "KeyboardInterrupt", ""),
        "memory": (1, "MemoryError", "DefaultCPUAllocator: can't allocate memory"),
        "memory agreed": (1, "MemoryError", "DefaultCPUAllocator: can't allocate memory"),
    }
    *cases, well = ranks.run(
        [*((parts, {"fault": fault}) for fault in wanted), (parts, {})], 3, tmp_path
    )
    for found, (failed, kind, message) in zip(cases, wanted.values(), strict=True):
        others = [found[rank] for rank in range(3) if rank != failed]
        assert found[failed] == (kind, message)
        assert others[0] == others[1]
        assert others[0][0] == "RuntimeError"
        assert f"rank {failed}" in others[0][1]
        assert f"{kind}: {message}" in others[0][1]
    ranks.assert_as_whole(well, parts, x, y)


def test_a_rank_that_is_killed_ends_the_others(rng, tmp_path):
    """By its connections, and by those of the ones that have heard of it: all of them live on."""
    x, y = lattice(rng, 60, 3), labels(rng, 60, 3)
    context = torch.multiprocessing.spawn(ranks.killed, (str(tmp_path), x, y), nprocs=3, join=False)
    for process in context.processes:
        process.join(50)
    assert [process.exitcode for process in context.processes] == [0, -9, 0]
    for rank in (0, 2):
        told = (tmp_path / f"ended{rank}").read_text()
        assert told.startswith("RuntimeError: a rank has ended, or is out of reach")


def test_rows_may_go_by_the_group(rng, tmp_path):
    """Over gloo, in the place of NCCL; in a part of the ranks, whose numbers are others."""
    x, y = lattice(rng, 90, 3), labels(rng, 90, 3)
    parts = [(x[part], y[part], part) for part in np.array_split(rng.permutation(90), 4)]
    others = [parts[0], parts[0], parts[1], parts[2]]
    cases = [(parts, {"fault": "by the group"})]
    cases += [(others, {"fault": "by the group", "of": [0, 2, 3]})]
    every, some = ranks.run(cases, 4, tmp_path)
    ranks.assert_as_whole(every, parts, x, y)
    own = np.sort(np.concatenate([part[2] for part in parts[:3]]))
    three = [(x[part], y[part], np.searchsorted(own, part)) for *_, part in parts[:3]]
    for found, (*_, part) in zip((some[0], some[2], some[3]), three, strict=True):
        np.testing.assert_array_equal(found[0], kstar(x[own], y[own])[part])


def test_a_group_comes_first():
    with pytest.raises(ValueError, match="init_process_group comes first"):
        Ranks(None)
