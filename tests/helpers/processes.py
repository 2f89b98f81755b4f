"""What tests of several processes run in each: such a process must find it by name."""

from unittest import mock

import numpy as np
import pytest
import torch
from torchmetrics import MetricCollection
from torchmetrics.utilities.distributed import gather_all_tensors

from helpers.ranks import leave
from kstar_gpu.integrations.kstar_metric import KStarMetric
from kstar_gpu.integrations.torchmetrics import KStar, KStarOnes, KStarSkewness


def of_one_process(rank, folder, features, labels):
    """One part of the samples in each of two processes; what they find goes to files."""
    store = f"file://{folder}/store"
    torch.distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=2)
    found = {
        **_halves(rank, features, labels),
        "cosine": _stay(rank, features, labels),
        "from one": _from_one(rank, features, labels),
        "of two types": _of_two_types(rank, features, labels),
        "from none": KStar(average=None, num_classes=3).compute().numpy(),
    }
    _of_two_widths(rank, features, labels)
    np.savez(f"{folder}/{rank}.npz", **found)
    leave()


def _stay(rank, features, labels):
    """Only labels and answers are gathered, unless it is said how, or in how much memory."""
    half = slice(rank * 60, (rank + 1) * 60)
    found = {}
    with mock.patch.object(KStarMetric, "_sync_dist", side_effect=AssertionError("gathered")):
        metric = KStar(skewness="augmented", threshold=0.25, metric="cosine")
        metric.update(features[half], labels[half])
        found["cosine"] = metric.distribution()
        for options in ({"memory_limit": 1 << 30}, {"dist_sync_fn": gather_all_tensors}):
            metric = KStar(**options)
            metric.update(features[half], labels[half])
            with pytest.raises(AssertionError, match="gathered"):
                metric.distribution()
    assert (found["cosine"].skewness, found["cosine"].threshold) == ("augmented", 0.25)
    return found["cosine"].kstar


def _halves(rank, features, labels):
    metric = KStar()
    half = slice(rank * 60, (rank + 1) * 60)
    metric.update(features[half], labels[half])
    kstar = metric.distribution().kstar
    mean = metric.compute().item()
    assert len(metric.sample_labels[0]) == 60  # its own again
    step = metric(features[half], labels[half]).item()
    together = KStar(dist_sync_on_step=True)(features[half], labels[half]).item()
    alone = KStar(sync_on_compute=False)
    alone.update(features[half], labels[half])
    collection = MetricCollection([KStar(), KStarOnes(), KStarSkewness()])
    collection.update(features[half], labels[half])
    metric.reset()
    metric.update(features[half], labels[half])
    metric.sync()
    synced = metric.distribution().kstar  # as it is
    metric.unsync()
    return {
        "kstar": kstar,
        "mean": mean,
        "step": step,
        "together": together,
        "alone": alone.distribution().kstar,
        "synced": synced,
        **{name: value.item() for name, value in collection.compute().items()},
    }


def _from_one(rank, features, labels):
    """The other process has had no batch."""
    metric = KStar()
    if rank == 0:
        metric.update(features[:50], labels[:50])
        metric.update(features[50:], labels[50:])
    return metric.distribution().kstar


def _of_two_types(rank, features, labels):
    """As wide as the wider of them, for all."""
    metric = KStar()
    half = slice(rank * 60, (rank + 1) * 60)
    metric.update(features[half].to([torch.float16, torch.bfloat16][rank]), labels[half].bool())
    return metric.distribution().kstar


def _of_two_widths(rank, features, labels):
    """Refused in both, none of which waits for the other or loses its own."""
    metric = KStar()
    metric.update(features[:, : 3 + rank], labels)
    with pytest.raises(ValueError, match=r"features: as many .* in all processes .* got \[3, 4\]"):
        metric.compute()
    metric(features[:, : 3 + rank], labels)
    assert [len(batch) for batch in metric.features] == [120, 120]
