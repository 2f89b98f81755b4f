"""Samples that a sampler repeats, known by its way of dealing them, whatever the batches."""

from itertools import chain
from types import SimpleNamespace

import pytest
import torch
from torch.utils.data import BatchSampler, DataLoader, DistributedSampler, TensorDataset

pytest.importorskip("torchmetrics")

from kstar_gpu.integrations.repeated_samples import OwnSamples, validation_loaders


def loader_of(count, rank, ranks, kind=DistributedSampler, **options):
    samples = TensorDataset(torch.arange(count))
    sampler = kind(samples, ranks, rank, **options)
    return DataLoader(samples, batch_size=3, sampler=sampler)


def taken(loader):
    """Return the samples that are taken of a loader."""
    own = OwnSamples(loader)
    return [sample for (batch,) in loader for sample in batch[: own.among(len(batch))].tolist()]


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize(
    ("count", "ranks"), [(24, 2), (23, 2), (10, 4), (9, 4), (8, 4), (2, 5), (7, 1)]
)
def test_each_sample_is_taken_once(count, ranks, shuffle):
    loaders = [loader_of(count, rank, ranks, shuffle=shuffle) for rank in range(ranks)]
    assert sorted(chain(*map(taken, loaders))) == [*range(count)]
    given = [sample for loader in loaders for (batch,) in loader for sample in batch.tolist()]
    assert len(given) == -(-count // ranks) * ranks


def test_samples_that_are_dropped_are_not_missed():
    found = [taken(loader_of(10, rank, 4, shuffle=False, drop_last=True)) for rank in range(4)]
    assert sorted(chain(*found)) == [*range(8)]


class Other(DistributedSampler):
    """May deal in another way."""


class Buckets(BatchSampler):
    """May order samples in another way."""


def test_of_others_all_are_taken():
    samples = TensorDataset(torch.arange(3))
    plain = DistributedSampler(samples, 2, 1)
    others = [
        loader_of(3, 1, 2, Other),
        DataLoader(samples, 2),
        DataLoader(samples, batch_sampler=Buckets(plain, 2, False)),
        [torch.ones(2)],
        DataLoader(samples, batch_size=None, sampler=plain),
    ]
    assert [OwnSamples(loader).among(2) for loader in others] == [2] * 5
    assert OwnSamples(DataLoader(samples, batch_size=2, sampler=plain)).among(2) == 1


@pytest.mark.parametrize("library", ["lightning.fabric", "lightning_fabric"])
def test_samplers_that_lightning_puts_around_others(library):
    distributed = pytest.importorskip(f"{library}.utilities.distributed")
    samples = TensorDataset(torch.arange(9))
    found = []
    for rank in range(2):
        order = torch.utils.data.SubsetRandomSampler([8, 1, 3, 5, 7])
        sampler = distributed.DistributedSamplerWrapper(order, num_replicas=2, rank=rank)
        torch.manual_seed(0)  # as in processes that have to agree
        found.append(taken(DataLoader(samples, batch_size=2, sampler=sampler)))
    assert [len(each) for each in found] == [3, 2]
    assert sorted(chain(*found)) == [1, 3, 5, 7, 8]


def test_loaders_are_those_of_what_runs():
    def loop(mode, *loaders):
        return SimpleNamespace(_combined_loader=SimpleNamespace(_mode=mode, flattened=loaders))

    def trainer(function):
        fit = SimpleNamespace(epoch_loop=SimpleNamespace(val_loop=loop("sequential", "a", "b")))
        state = SimpleNamespace(fn=function)
        return SimpleNamespace(state=state, fit_loop=fit, validate_loop=loop("min_size", "c"))

    assert validation_loaders(trainer("fit")) == ["a", "b"]
    assert validation_loaders(trainer("validate")) == []
