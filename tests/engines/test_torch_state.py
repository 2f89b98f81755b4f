"""Neither result nor global state depends on the other."""

import subprocess
import sys
from contextlib import contextmanager, nullcontext

import numpy as np
import pytest
import torch
from helpers.families import denormal_differences, gaussian, labels

from kstar_gpu import definition, kstar
from kstar_gpu.engines import torch_state


@contextmanager
def switched(set_value, get_value, value):
    before = get_value()
    set_value(value)
    try:
        yield
    finally:
        set_value(before)


def matmul_precision(value):
    return switched(torch.set_float32_matmul_precision, torch.get_float32_matmul_precision, value)


def default_dtype(value):
    return switched(torch.set_default_dtype, torch.get_default_dtype, value)


def deterministic():
    return switched(
        torch.use_deterministic_algorithms, torch.are_deterministic_algorithms_enabled, True
    )


@contextmanager
def default_device(value):
    with torch.device(value):
        yield


@contextmanager
def flushed_denormals():
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


STATES = {
    "plain": nullcontext,
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "high": lambda: matmul_precision("high"),
    "medium": lambda: matmul_precision("medium"),
    "default float64": lambda: default_dtype(torch.float64),
    "default float16": lambda: default_dtype(torch.float16),
    "default device meta": lambda: default_device("meta"),
    "deterministic": deterministic,
    "inference mode": torch.inference_mode,
    "anomaly detection": torch.autograd.detect_anomaly,
    "flushed denormals": flushed_denormals,
}


def observed():
    """What a caller could see of the state."""
    backends = torch.backends
    precisions = [
        getattr(switch, "fp32_precision", None)
        for switch in (backends.cuda.matmul, backends.mkldnn.matmul)
    ]
    product = torch.ones(2, 2, device="cpu", dtype=torch.float32)
    denormal = torch.full((1,), 1e-310, dtype=torch.float64, device="cpu") * 1.0
    return (
        (product @ product).dtype,
        torch.get_float32_matmul_precision(),
        precisions,
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.get_num_threads(),
        denormal.view(torch.int64).item() == 0,
    )


@pytest.mark.filterwarnings("ignore:Anomaly Detection")
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("family", ["gaussian", "denormals"])
def test_state_changes_nothing_and_is_kept(state, family, backend, rng):
    x = gaussian(rng, 600, 96) if family == "gaussian" else denormal_differences(rng, 600, 9)
    y = labels(rng, 600, 4)
    wanted = definition.table(x, y)
    with STATES[state]():
        before = observed()
        result = kstar(x, y, backend=backend, return_foreign=True)
        assert observed() == before
    np.testing.assert_array_equal(result.kstar, wanted.kstar)
    np.testing.assert_array_equal(result.index, wanted.row)


@pytest.mark.filterwarnings("ignore:Anomaly Detection")
@pytest.mark.parametrize("state", STATES)
def test_products_are_float32_under_any_state(state):
    device = torch.device("cpu")
    with STATES[state](), torch_state.exact_arithmetic(device):
        assert torch_state.float32_products_are_float32(device)


BORN_FLUSHING = """
import sys
import numpy as np
import torch
torch.set_flush_denormal(True)
torch.ones(1 << 20).mul_(2)  # the workers are born now, and flush for ever
from helpers.families import denormal_differences, labels
from kstar_gpu import definition, kstar
rng = np.random.default_rng(0)
x, y = denormal_differences(rng, 3000, 40), labels(rng, 3000, 3)
result = kstar(x, y, backend=sys.argv[1])
queries = np.eye(1, 40).repeat(50, axis=0)  # not tiny themselves
placed = kstar(queries, y[:50], references=x, reference_labels=y, backend=sys.argv[1])
threads = torch.get_num_threads()
torch.set_flush_denormal(False)
rows = np.arange(0, 3000, 10)
assert (result[rows] == definition.kstar(x, y, rows=rows)).all()
assert (placed == definition.kstar(queries, y[:50], x, y)).all()
assert threads == 4, threads
"""


def test_workers_that_flush(backend, request):
    subprocess.run(
        [sys.executable, "-c", f"import torch; torch.set_num_threads(4)\n{BORN_FLUSHING}", backend],
        check=True,
        cwd=request.path.parents[1],
    )


def test_a_dishonest_float32_product_is_noticed(monkeypatch, backend, rng):
    device = torch.device("cpu")
    assert torch_state.float32_products_are_float32(device)
    plain = torch.Tensor.__matmul__

    def reduced(a, b):
        if a.dtype == torch.float32:
            return plain(a.to(torch.bfloat16), b.to(torch.bfloat16)).to(torch.float32)
        return plain(a, b)

    monkeypatch.setattr(torch.Tensor, "__matmul__", reduced)
    assert not torch_state.float32_products_are_float32(device)
    x, y = rng.standard_normal((300, 64)), labels(rng, 300, 4)
    np.testing.assert_array_equal(kstar(x, y, backend=backend), definition.kstar(x, y))
