"""What a process does that holds a part of a network's parameters: it must find it by name."""

import torch
from torch import nn

from helpers.own_networks import seeded
from helpers.ranks import leave
from helpers.small_sweep import loader, network, same
from kstar_gpu import sweep
from kstar_gpu.networks.fingerprints import model_fingerprint


def with_sharded_parameters(rank, folder):
    """A network whose parameters are in two processes (FSDP2) is the same network."""
    from torch.distributed.fsdp import fully_shard

    store = f"file://{folder}/store"
    torch.distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=2)
    for factory in (network, seeded):
        sharded = factory()
        fully_shard(next(sharded.children()))
        fully_shard(sharded)
        assert next(sharded.parameters()).to_local().shape != next(factory().parameters()).shape
        assert model_fingerprint(sharded) == model_fingerprint(factory())
        assert model_fingerprint(nn.parallel.DistributedDataParallel(factory())) == (
            model_fingerprint(factory())
        )
    sharded = network()
    fully_shard(sharded)
    models, key = {"net": sharded}, ("net", "data", "2")
    found = sweep(models, loader(), ["2"], device="cpu")
    assert same(found[key], sweep({"net": network()}, loader(), ["2"])[key])
    for _ in range(2):
        assert same(sweep(models, loader(), ["2"], out=f"{folder}/{rank}")[key], found[key])
    assert len(sweep({"net": network()}, loader(), ["2"], out=f"{folder}/{rank}")) == 1
    leave()
