"""Samples that several processes keep are asked together; one process is a group, too."""

import numpy as np
import pytest
import torch
from helpers.families import denormal_differences, labels, lattice

from kstar_gpu import kstar_distribution
from kstar_gpu.integrations.all_processes import AllProcesses


@pytest.fixture
def group(tmp_path):
    store = f"file://{tmp_path}/store"
    torch.distributed.init_process_group("gloo", init_method=store, rank=0, world_size=1)
    yield None
    torch.distributed.destroy_process_group()


def test_results_are_those_of_the_whole(rng, group):
    """Duplicates across classes, whose nearest foreign sample is at distance 0, among them."""
    x, y = lattice(rng, 200, 3), labels(rng, 200, 4)
    together = AllProcesses(group, torch.from_numpy(x), torch.from_numpy(y))
    np.testing.assert_array_equal(together.labels, y)
    names = dict(enumerate("abcd"))
    options = {"metric": "cosine", "backend": "torch", "skewness": "augmented", "threshold": 0.2}
    for given in ({}, options):
        shifted = 3 + x if given else x
        together = AllProcesses(group, torch.from_numpy(shifted), torch.from_numpy(y))
        found = together.distribution(names, **given)
        wanted = kstar_distribution(shifted, y, names, **given)
        assert found.class_names == wanted.class_names == ("a", "b", "c", "d")
        np.testing.assert_array_equal(found.kstar, wanted.kstar)
        assert found.foreign_at_zero.any()
        np.testing.assert_array_equal(found.foreign_at_zero, wanted.foreign_at_zero)
        assert found.pattern == wanted.pattern


def test_hardly_apart_is_not_at_distance_0(rng, group):
    """Where the calling thread takes the smallest numbers for 0."""
    x, y = denormal_differences(rng, 100, 40), labels(rng, 100, 3)
    together = AllProcesses(group, torch.from_numpy(x), torch.from_numpy(y))
    torch.set_flush_denormal(True)
    try:
        found = together.distribution(None)
    finally:
        torch.set_flush_denormal(False)
    assert not found.foreign_at_zero.any()
    np.testing.assert_array_equal(found.kstar, kstar_distribution(x, y).kstar)
