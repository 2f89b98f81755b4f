"""What tests of a distributed group run on each rank: such a process must find it by name."""

import json
import os
import signal
import sys
import time
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path
from unittest import mock

import numpy as np
import torch
import torch.distributed as dist

from kstar_gpu import kstar
from kstar_gpu.engines.shards import Nearest
from kstar_gpu.scale import distributed
from kstar_gpu.scale.ranks import course, dealing, group
from kstar_gpu.scale.ranks.group import Ranks
from kstar_gpu.scale.ranks.grouping import Places, places
from kstar_gpu.scale.ranks.party import Count, Party, Search
from kstar_gpu.scale.ranks.rounds import Rounds

PATIENCE = timedelta(seconds=60)  # of a test that would wait for ever


def run(cases, size, tmp_path):
    """Return what each rank found, or which error it got: [case][rank].

    A case is (features, labels, index) of each rank, and the same of references if there are any,
    and options; `fault` names one of `FAULTS`.
    """
    torch.multiprocessing.spawn(_rank, (size, str(tmp_path), cases), nprocs=size)
    return list(
        zip(*(torch.load(f"{tmp_path}/{r}", weights_only=False) for r in range(size)), strict=True)
    )


def cut(rng, x, y, size, way, index=True):
    """Return what each rank is given: features, labels, ids."""
    parts = way(rng, y, size)
    return [(x[part], y[part], part if index else None) for part in parts]


def assert_as_whole(found, parts, x, y, **options):
    """Compare what each rank found with that of the whole, bit for bit."""
    whole = kstar(x, y, return_foreign=True, **options)
    for (_, _, part, *_), result in zip(parts, found, strict=True):
        for ours, wanted in zip(result, whole, strict=True):
            np.testing.assert_array_equal(np.asarray(ours), np.asarray(wanted)[part])


def _rank(rank, size, folder, cases):
    torch.set_num_threads(1)
    _join(rank, size, folder)
    found = []
    for parts, options in cases:
        how = dict(options)
        group = dist.new_group(how.pop("of")) if "of" in how else None
        fault = how.pop("fault", None)
        with ExitStack() as stack:
            if fault is not None:
                FAULTS[fault](rank, stack)
            found.append(_outcome(parts[rank], group, how))
    torch.save(found, f"{folder}/{rank}")
    leave()


def leave():
    """End this rank, when all ranks have kept what they found.

    At once: of torch's own end, processes over gloo were seen to be aborted, once in a while.
    """
    dist.barrier()
    dist.destroy_process_group()
    os._exit(0)


def _outcome(part, group, how):
    try:
        features, labels, index, *others = part
        names = "references", "reference_labels", "reference_index"
        options = {"index": index, "group": group, "return_foreign": True, **how}
        options |= dict(zip(names, others, strict=False))
        return tuple(distributed.kstar(features, labels, **options))
    except BaseException as error:
        return type(error).__name__, str(error)


def _join(rank, size, folder):
    group.PATIENCE = PATIENCE
    store = f"file://{folder}/store"
    dist.init_process_group("gloo", init_method=store, rank=rank, world_size=size, timeout=PATIENCE)


def _fails(name, error, on=1):
    """Return a fault: one rank gets an error where it meets others."""

    def arranged(rank, stack):
        if rank == on:
            owner, method = name
            stack.enter_context(mock.patch.object(owner, method, side_effect=error))

    return arranged


def _forgets_ties(rank, stack):
    def nearer(known, squared, ids):
        tells = squared < known.squared
        known.squared[tells], known.ids[tells] = squared[tells], ids[tells]

    stack.enter_context(mock.patch.object(Nearest, "learn", nearer))


def _flushes(rank, stack):
    """Threads of torch's are born that flush denormals for ever; so it is for the last case."""
    torch.set_num_threads(4)
    torch.set_flush_denormal(True)
    torch.ones(1 << 20).mul_(2)


def _elsewhere(rank, stack):
    """New tensors have no numbers, unless it is said where they are."""
    stack.enter_context(torch.device("meta"))


def _lost(rank, stack):
    """Make rank 2 find none of its files."""
    if rank == 2:
        stack.enter_context(mock.patch.object(Rounds, "_found", return_value={}))


def _dealt(rank, stack):
    """See that a rank meets others with as much of each class as these have."""
    agree = course._agree

    def even(ranks, shards, sizes, how):
        for shard in shards:
            told = ranks.gather(np.bincount(shard.codes, minlength=10))
            assert np.ptp(np.array(told), axis=0).max() <= 1
        agree(ranks, shards, sizes, how)

    stack.enter_context(mock.patch.object(dealing, "WORTH", 0))
    stack.enter_context(mock.patch.object(course, "_agree", even))


def _counted(together):
    """Return a fault: all classes are counted by all ranks, or none is."""

    def anywhere(sizes, size):
        asked = np.minimum(sizes[0], sizes[-1] - (len(sizes) == 1)) > 0
        alone = np.where(asked & (not together), np.arange(len(asked)) % size, -1)
        return Places(alone, asked & together)

    return lambda rank, stack: stack.enter_context(mock.patch.object(course, "places", anywhere))


def _stays(rank, stack):
    fault = AssertionError("dealt")
    stack.enter_context(mock.patch.object(course, "in_turns", side_effect=fault))


def _by_the_group(rank, stack):
    """Rows go by the group that was given, as they would by NCCL."""
    enter = Ranks.__enter__

    def by_the_group(ranks):
        ranks.device = torch.device("cpu")
        return enter(ranks)

    stack.enter_context(mock.patch.object(Ranks, "__enter__", by_the_group))


def _both(rank, stack):
    """See that some classes are counted by all ranks, and others by one."""

    def told(sizes, size):
        where = places(sizes, size)
        assert where.together.any()
        assert (where.rank >= 0).any()
        return where

    stack.enter_context(mock.patch.object(course, "places", told))


def _searches_no_more(rank, stack, together):
    _counted(together)(rank, stack)
    _fails((Search, "ask"), AssertionError("searched"), rank)(rank, stack)


FAULTS = {
    "by the group": _by_the_group,
    "both": _both,
    "together": _counted(True),
    "alone each": _counted(False),
    "stays": _stays,
    "dealt": _dealt,
    "not dealt": lambda rank, stack: stack.enter_context(
        mock.patch.object(dealing, "WORTH", np.inf)
    ),
    "lost": _lost,
    "ties": _forgets_ties,
    "flush": _flushes,
    "elsewhere": _elsewhere,
    "agreed": _fails((Search, "ask"), MemoryError("no room")),
    "alone": _fails((Party, "facts"), OSError("no disk")),
    "interrupted": _fails((Search, "learn"), KeyboardInterrupt(), on=2),
    "memory": _fails((Party, "facts"), RuntimeError("DefaultCPUAllocator: can't allocate memory")),
    "no search": lambda rank, stack: _searches_no_more(rank, stack, together=True),
    "alone each, no search": lambda rank, stack: _searches_no_more(rank, stack, together=False),
    "memory agreed": _fails(
        (Count, "ask"), RuntimeError("DefaultCPUAllocator: can't allocate memory")
    ),
}


def killed(rank, folder, features, labels):
    """Rank 1 dies among its answers; the others tell what they got, and live on until all have."""
    _join(rank, 3, folder)
    if rank == 1:
        Count.ask = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    try:
        distributed.kstar(features, labels)
    except Exception as error:
        Path(f"{folder}/ended{rank}").write_text(f"{type(error).__name__}: {error}")
        while len([*Path(folder).glob("ended*")]) < 2:
            time.sleep(0.05)
    os._exit(0)


def killed_at(rank, folder, parts, checkpoint, done, fault):
    """Rank 1 dies where it would keep a round that the others have kept."""
    _join(rank, len(parts), folder)
    FAULTS[fault](rank, ExitStack())
    keep = Rounds.keep

    def dies(rounds, state):
        if state.done < done:
            return keep(rounds, state)
        others = [rounds.files[done % 2].with_stem(f"rank-{other}") for other in (0, 2)]
        while not all(file.exists() and _done(file) == done for file in others):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)

    if rank == 1:
        Rounds.keep = dies
    features, labels, index = parts[rank]
    with suppress(RuntimeError):
        distributed.kstar(features, labels, index=index, checkpoint=checkpoint)
    os._exit(0)


def _done(file):
    return json.loads(file.read_bytes().partition(b"\n")[0])["done"]


def main():
    """What torchrun starts."""
    dist.init_process_group("gloo")
    x = torch.from_numpy(np.random.default_rng(0).standard_normal((60, 4)))
    own = torch.arange(dist.get_rank(), 60, dist.get_world_size())
    found = distributed.kstar(x[own], own % 3, index=own)
    np.save(f"{sys.argv[1]}/{dist.get_rank()}.npy", found.numpy())
    dist.barrier()  # none ends while another one saves
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
