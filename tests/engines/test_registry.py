"""Which backend is chosen, and what is said of one that is missing."""

import re
import sys
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from helpers.five_samples import WANTED, X, Y, assert_refused

from kstar_gpu import available_backends, kstar
from kstar_gpu.engines import registry
from kstar_gpu.engines import status as engine_status
from kstar_gpu.engines.registry import choose_engine, default_device
from kstar_gpu.engines.status import BackendStatus

CPU, CUDA, METAL = map(torch.device, ("cpu", "cuda:0", "mps"))


@pytest.fixture
def one_gpu(monkeypatch):
    """A machine with one CUDA device; its compute capability can be set."""
    device = SimpleNamespace(capability=(9, 0), code_missing=lambda index: None)
    gpu = SimpleNamespace(
        get_device_capability=lambda _: device.capability, device=lambda _: nullcontext()
    )
    monkeypatch.setattr(torch, "cuda", gpu)
    monkeypatch.setitem(sys.modules, "kstar_gpu.engines.cuda._cuda", device)
    there = replace(registry.BACKENDS["cuda"], status=lambda: BackendStatus(True, "compiled"))
    monkeypatch.setitem(registry.BACKENDS, "cuda", there)
    monkeypatch.setattr(registry.Record, "load", lambda record: record.module.split(".")[1])
    return device


def chosen(backend, device):
    return choose_engine(backend, "euclidean", device)


def test_auto_takes_the_engine_of_the_device(one_gpu):
    assert chosen("auto", CUDA) == "cuda"
    assert chosen("auto", METAL) == "portable"
    assert chosen("auto", CPU) in ("cpu", "portable")


def test_unknown_tensor_cores_are_left_to_torch(one_gpu):
    one_gpu.capability = 13, 0
    assert chosen("auto", CUDA) == "portable"
    with pytest.raises(ValueError, match=r"compute capability 13\.0; backend='torch' works there"):
        chosen("cuda", CUDA)


def test_a_device_it_was_not_built_for_is_left_to_torch(one_gpu):
    one_gpu.code_missing = lambda index: "no kernel image is available"
    assert chosen("auto", CUDA) == "portable"
    with pytest.raises(ValueError, match="device: no kernel image is available; backend='torch'"):
        chosen("cuda", CUDA)


def test_the_cuda_backend_wants_a_cuda_device(one_gpu):
    with pytest.raises(ValueError, match="backend 'cuda' computes on a CUDA device, got 'cpu'"):
        chosen("cuda", CPU)


def test_a_backend_goes_to_its_device():
    features = torch.zeros(2, 2)
    assert default_device("cuda", features).type == "cuda"
    assert default_device("cpu", features) == default_device("auto", features) == CPU


@pytest.mark.skipif(available_backends()["cuda"].available, reason="there is a CUDA device")
def test_a_missing_cuda_says_why():
    reason = available_backends()["cuda"].detail
    with pytest.raises(ValueError, match="backend: 'cuda' is not available here: ") as refused:
        kstar([[0.0], [1.0]], [0, 1], backend="cuda")
    assert reason in str(refused.value)


def test_an_unknown_backend_is_refused():
    assert_refused(
        dict(backend="tpu"),
        ValueError,
        "backend: 'auto', 'cpu', 'cuda', 'torch' are known, got 'tpu'",
    )


@pytest.mark.skipif(
    not available_backends()["cpu"].available, reason="the cpu backend is not built"
)
def test_the_cpu_backend_wants_the_cpu():
    arguments = dict(backend="cpu", device="meta")
    assert_refused(arguments, ValueError, "device: backend 'cpu' computes on the CPU, got 'meta'")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_where_there_is_none():
    with pytest.raises(ValueError, match="device: torch sees no CUDA device here, got 'cuda'"):
        kstar(X, Y, device="cuda")


def test_a_missing_backend_says_why(monkeypatch, tmp_path):
    record = tmp_path / "_build_failures.json"
    record.write_text('{"kstar_gpu.engines.cpu._cpu": "CompileError: no g++"}')
    monkeypatch.setattr(engine_status, "files", lambda package: tmp_path)
    monkeypatch.setitem(sys.modules, "kstar_gpu.engines.cpu._cpu", None)
    status = available_backends()["cpu"]
    assert not status.available
    assert status.detail.endswith("CompileError: no g++")
    with pytest.raises(ValueError, match=re.escape("backend: 'cpu' is not available here: ")):
        kstar(X, Y, backend="cpu")
    np.testing.assert_array_equal(kstar(X, Y), WANTED)
