"""The torchmetrics metric: the same numbers as from all samples at once."""

import matplotlib
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

matplotlib.use("Agg")
pytest.importorskip("torchmetrics")

import matplotlib.pyplot as plt
from helpers.processes import of_one_process
from torchmetrics import MetricCollection

from kstar_gpu import kstar_distribution
from kstar_gpu.integrations.torchmetrics import KStar


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.fixture
def samples(rng):
    labels = np.arange(120) % 4
    features = rng.standard_normal((120, 6)) + labels[:, None]
    return torch.from_numpy(features).float(), torch.from_numpy(labels)


def test_batches_give_what_all_samples_do(samples):
    metric = KStar(metric="cosine")
    for batch in DataLoader(TensorDataset(*samples), batch_size=50):
        metric.update(*batch)
    wanted = kstar_distribution(*samples, metric="cosine")
    found = metric.compute()
    assert found["kstar_mean"] == torch.tensor(wanted.mean.mean(), dtype=torch.float32)
    assert found["kstar_skewness"] == torch.tensor(
        wanted.skewness_plain.mean(), dtype=torch.float32
    )
    shares = sum(found[f"kstar_{pattern}"] for pattern in ("fractured", "overlapped", "clustered"))
    assert shares == 1
    np.testing.assert_array_equal(metric.distribution().kstar, wanted.kstar)
    metric.reset()
    assert not metric.features


def test_in_a_collection_and_moved(samples):
    collection = MetricCollection([KStar()]).to("cpu")
    collection.update(*samples)
    assert set(collection.compute()) >= {"kstar_mean", "kstar_skewness"}


def test_each_batch_by_itself(samples):
    metric = KStar()
    first = metric(samples[0][:60], samples[1][:60])
    wanted = kstar_distribution(samples[0][:60], samples[1][:60])
    assert first["kstar_mean"] == torch.tensor(wanted.mean.mean(), dtype=torch.float32)
    assert len(metric.labels) == 1


def test_a_picture(samples):
    metric = KStar(class_names=list("abcd"))
    metric.update(*samples)
    figure, ax = metric.plot()
    assert ax.figure is figure
    assert [tick.get_text() for tick in ax.get_yticklabels()] == list("abcd")


def test_options_of_torchmetrics_and_unknown_ones(samples):
    metric = KStar(compute_on_cpu=True, metric="cosine")
    metric.update(*samples)
    assert metric.compute()["kstar_mean"] > 0
    with pytest.raises(ValueError, match="Unexpected keyword arguments"):
        KStar(metrics="cosine")


def test_labels_that_do_not_fit(samples):
    with pytest.raises(ValueError, match=r"labels: one label per sample is wanted \(120\)"):
        KStar().update(samples[0], samples[1][:5])


def test_gathers_when_it_is_asked_to_and_not_otherwise(samples):
    gathered = []

    def gather(tensor, group):
        gathered.append(group)
        return [tensor, tensor]

    metric = KStar(dist_sync_fn=gather, distributed_available_fn=lambda: True, process_group="some")
    metric(*samples)
    assert not gathered  # a step is of this process
    both = [torch.cat([part, part]) for part in samples]
    np.testing.assert_array_equal(metric.distribution().kstar, kstar_distribution(*both).kstar)
    assert gathered == ["some"] * 2  # features and labels
    assert len(metric.features[0]) == 120  # its own again
    metric.compute()
    assert len(gathered) == 4
    metric.reset()
    metric.update(samples[0][:5], torch.zeros(5, dtype=torch.int64))
    with pytest.raises(ValueError, match="two classes"):
        metric.distribution()
    metric.update(*samples)  # as if nothing had happened


def test_of_all_processes(samples, tmp_path):
    torch.multiprocessing.spawn(of_one_process, (str(tmp_path), *samples), nprocs=2)
    wanted = kstar_distribution(*samples)
    for rank in range(2):
        with np.load(tmp_path / f"{rank}.npz") as found:
            np.testing.assert_array_equal(found["kstar"], wanted.kstar)
            assert found["mean"] == np.float32(wanted.mean.mean())
