"""What tests of a distributed group run on each rank: such a process must find it by name."""

import os
import signal
import sys
from datetime import timedelta

import numpy as np
import torch
import torch.distributed as dist

from kstar_gpu.engines.shards import Nearest
from kstar_gpu.scale import distributed

OPTIONS = {"return_foreign": True}


def run(cases, size, tmp_path):
    """Return what each rank found, or which error it got: [case][rank].

    A case is (features, labels, index) of each rank, and options.
    """
    torch.multiprocessing.spawn(_rank, (size, str(tmp_path), cases), nprocs=size)
    return list(
        zip(*(torch.load(f"{tmp_path}/{r}", weights_only=False) for r in range(size)), strict=True)
    )


def _rank(rank, size, folder, cases):
    torch.set_num_threads(1)
    _join(rank, size, folder)
    found = []
    for parts, options in cases:
        how = dict(options)
        features, labels, index = parts[rank]
        fault = how.pop("fault", None)
        group = dist.new_group(how.pop("of")) if "of" in how else None
        if fault == "ties":
            _forget_ties()
        if fault == "error" and rank == 1:
            distributed._Meeting._count = _fails
        try:
            result = distributed.kstar(features, labels, index=index, group=group, **OPTIONS, **how)
            found.append(tuple(result))
        except Exception as error:
            found.append((type(error).__name__, str(error)))
    torch.save(found, f"{folder}/{rank}")
    dist.barrier()
    dist.destroy_process_group()


def killed(rank, folder, features, labels):
    """Rank 1 dies among its answers; what the others got goes to files."""
    _join(rank, 3, folder)
    if rank == 1:
        distributed._Meeting._count = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    try:
        distributed.kstar(features, labels)
    except Exception as error:
        with open(f"{folder}/ended{rank}", "w") as file:
            file.write(type(error).__name__)
    os._exit(0)


def _join(rank, size, folder):
    store = f"file://{folder}/store"
    wait = timedelta(seconds=60)
    dist.init_process_group("gloo", init_method=store, rank=rank, world_size=size, timeout=wait)


def _fails(*_):
    raise MemoryError("no room")


def _forget_ties():
    def nearer(known, squared, ids):
        tells = squared < known.squared
        known.squared[tells], known.ids[tells] = squared[tells], ids[tells]

    Nearest.learn = nearer


def main():
    """What torchrun starts."""
    dist.init_process_group("gloo")
    x = torch.from_numpy(np.random.default_rng(0).standard_normal((60, 4)))
    own = torch.arange(dist.get_rank(), 60, dist.get_world_size())
    found = distributed.kstar(x[own], own % 3, index=own)
    np.save(f"{sys.argv[1]}/{dist.get_rank()}.npy", found.numpy())
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
