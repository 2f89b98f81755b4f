"""What tests of several processes run in each: such a process must find it by name."""

import numpy as np
import torch

from kstar_gpu.integrations.torchmetrics import KStar


def of_one_process(rank, folder, features, labels):
    """Half of the samples in each of two processes."""
    store = f"file://{folder}/store"
    torch.distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=2)
    metric = KStar()
    half = slice(rank * 60, (rank + 1) * 60)
    metric.update(features[half], labels[half])
    found = metric.distribution().kstar
    mean = metric.compute()["kstar_mean"].item()
    assert len(metric.labels[0]) == 60  # its own again
    np.savez(f"{folder}/{rank}.npz", kstar=found, mean=mean)
    torch.distributed.destroy_process_group()
