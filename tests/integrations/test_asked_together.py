"""When the samples of other processes are gathered, and that they are left as they were."""

import numpy as np
import pytest
import torch

pytest.importorskip("torchmetrics")

from kstar_gpu import kstar_distribution
from kstar_gpu.integrations.torchmetrics import KStar


@pytest.fixture
def samples(rng):
    labels = np.arange(60) % 3
    features = rng.standard_normal((60, 4)) + labels[:, None]
    return torch.from_numpy(features).float(), torch.from_numpy(labels)


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
    assert len(metric.features[0]) == 60  # its own again
    metric.compute()
    assert len(gathered) == 4
    metric.scalars()
    assert len(gathered) == 6
    metric.reset()
    metric.update(samples[0][:5], torch.zeros(5, dtype=torch.int64))
    with pytest.raises(ValueError, match="two classes"):
        metric.distribution()
    metric.update(*samples)  # as if nothing had happened
    assert len(metric.features) == 2
    asked = len(gathered)
    metric = KStar(
        dist_sync_fn=gather, distributed_available_fn=lambda: True, sync_on_compute=False
    )
    metric.update(*samples)
    metric.compute()
    metric.scalars()
    np.testing.assert_array_equal(metric.distribution().kstar, kstar_distribution(*samples).kstar)
    assert len(gathered) == asked


def test_a_gathering_that_fails_leaves_the_samples(samples):
    def broken(tensor, group):
        raise ConnectionError("peer")

    metric = KStar(dist_sync_fn=broken, distributed_available_fn=lambda: True)
    metric.update(*samples)
    for asked in (metric.compute, metric.distribution, metric.scalars):
        with pytest.raises(ConnectionError):
            asked()
        assert metric.features[0].equal(samples[0])
    metric = KStar(
        dist_sync_fn=lambda tensor, group: [tensor], distributed_available_fn=lambda: True
    )
    metric.update(samples[0] * torch.nan, samples[1])
    with pytest.raises(ValueError, match="finite"):
        metric.compute()
    metric(*samples)  # which refuses where samples are still those of all processes
