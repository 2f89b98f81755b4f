"""Devices: those that are not there are refused as `device`; those without float64 get float32."""

import numpy as np
import pandas as pd
import pytest
import torch
from helpers.five_samples import WANTED, X, Y, assert_refused

from kstar_gpu import kstar
from kstar_gpu.inputs import arrays, devices


@pytest.mark.parametrize(
    ("device", "error", "words"),
    [
        ("meta", ValueError, "one that holds numbers is wanted, which 'meta' does not, got 'meta'"),
        (torch.device("meta"), ValueError, "one that holds numbers is wanted"),
        ("xla", ValueError, "torch sees no device of the type xla here, got 'xla'"),
        ("vulkan:1", ValueError, "torch sees no device of the type vulkan here, got 'vulkan:1'"),
        ("hpu", ValueError, "torch sees no device of the type hpu here, got 'hpu'"),
        ("abacus", ValueError, "a torch device is wanted, got 'abacus'"),
        ("", ValueError, "a torch device is wanted, got ''"),
        (-1, ValueError, "a torch device is wanted, got -1"),
        (True, TypeError, "a torch device is wanted, got True"),
        (1.5, TypeError, "a torch device is wanted, got 1.5"),
        (b"cpu", TypeError, "a torch device is wanted, got b'cpu'"),
        (["cpu"], TypeError, "a torch device is wanted, got ['cpu']"),
    ],
)
@pytest.mark.parametrize("metric", ["euclidean", "precomputed"])
def test_devices_that_are_not_there(device, error, words, metric):
    features = np.eye(5) if metric == "precomputed" else X
    arguments = dict(features=features, device=device, metric=metric)
    assert_refused(arguments, error, f"device: {words}")


@pytest.mark.parametrize(
    ("device", "there"),
    [
        ("mps", torch.backends.mps.is_available),
        ("xpu", torch.xpu.is_available),
        ("cuda", torch.cuda.is_available),
    ],
)
def test_kinds_of_devices_of_other_machines(device, there):
    if there():
        pytest.skip(f"{device} is there")
    assert_refused(dict(device=device), ValueError, "device: torch sees no ")
    assert_refused(dict(device=device), ValueError, f"got {device!r}")


def test_a_cuda_device_of_too_high_a_number(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)
    assert devices.named_device("cuda") == torch.device("cuda:1")
    assert devices.named_device("cuda:0") == torch.device("cuda:0")
    with pytest.raises(ValueError, match=r"^device: torch sees 2 CUDA devices here, got 'cuda:2'$"):
        devices.named_device("cuda:2")


def test_devices_with_float64(monkeypatch):
    cpu, gpu, apple = map(torch.device, ("cpu", "cuda:3", "mps"))
    assert [devices.has_float64(device) for device in (cpu, gpu, apple)] == [True, True, False]
    assert [devices.float64_device(device) for device in (cpu, gpu, apple)] == [cpu, gpu, cpu]
    for has in (True, False):
        properties = type("Properties", (), {"has_fp64": has})
        monkeypatch.setattr(torch.xpu, "get_device_properties", lambda _, found=properties: found)
        assert devices.has_float64(torch.device("xpu")) == has


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "precomputed"])
def test_results_on_a_device_without_float64_are_float32(metric, monkeypatch):
    features = torch.cdist(*[torch.from_numpy(X)] * 2) if metric == "precomputed" else X
    wanted = kstar(np.asarray(features), Y, metric=metric, return_foreign=True)
    # The CPU in the place of Apple's GPU: what it holds is the seam.
    monkeypatch.setattr(devices, "has_float64", lambda device: False)
    monkeypatch.setattr(arrays, "has_float64", lambda device: False)
    given = torch.as_tensor(features)
    result = kstar(given, Y, metric=metric, return_foreign=True)
    assert [each.dtype for each in result] == [torch.int64, torch.float32, torch.int64]
    np.testing.assert_array_equal(result.kstar, wanted.kstar)
    np.testing.assert_array_equal(result.distance, wanted.distance.astype(np.float32))
    np.testing.assert_array_equal(result.index, wanted.index)
    assert kstar(given, Y, metric=metric, normalize=True).dtype == torch.float32
    for other in (np.asarray(features), pd.DataFrame(np.asarray(features))):
        assert kstar(other, Y, metric=metric, normalize=True).dtype == np.float64


def test_integers_that_need_float64_leave_a_device_without(monkeypatch):
    cpu = torch.device("cpu")
    asked = []
    monkeypatch.setattr(arrays, "float64_device", lambda device: asked.append(device) or cpu)
    assert arrays.to_tensor(torch.tensor([[2**24 + 1]]), "features").dtype == torch.float64
    assert asked == [cpu]
    assert arrays.to_tensor(torch.tensor([[2**24]]), "features").dtype == torch.float32
    assert asked == [cpu]


def test_a_device_that_is_there():
    for device in ("cpu", "cpu:0", torch.device("cpu")):
        np.testing.assert_array_equal(kstar(X, Y, device=device), WANTED)


def test_a_device_of_another_machine_has_a_name_here():
    assert devices.named_anywhere("cuda:77") == torch.device("cuda", 77)
    assert devices.named_anywhere("cpu") == torch.device("cpu")
