"""Shared by all tests: GPU tests run wherever there is a GPU, and tiles can be made small."""

import os

# Before torch is there: its threads then sleep while they wait for one another. Where others want
# the cores as well, those that spin take five times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import pytest
import torch
from helpers.narrow import full_coarse, narrowest, narrowest_coarse
from helpers.other_kernels import use_other_kernels

from kstar_gpu import available_backends
from kstar_gpu.engines import projection
from kstar_gpu.engines.portable import memory as portable

# Workers of pytest-xdist share the cores; two threads at least, for what only two can get wrong.
WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
if WORKERS > 1 and "OMP_NUM_THREADS" not in os.environ:
    torch.set_num_threads(max(2, torch.get_num_threads() // WORKERS))


def pytest_collection_modifyitems(items):
    if torch.cuda.is_available():
        return
    for item in items:
        if item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.skip(reason="no CUDA device"))


def pytest_report_header():
    return [f"backend {name}: {status.detail}" for name, status in available_backends().items()]


BACKENDS = [name for name, status in available_backends().items() if status.available]


@pytest.fixture(scope="session", autouse=True)
def other_kernels():
    """Always, so that no test can take the bits of a forward pass for granted."""
    with pytest.MonkeyPatch.context() as patch:
        use_other_kernels(patch)
        yield


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


@pytest.fixture(params=[8, 1024], ids=["small-tiles", "large-tiles"])
def tiles(request, monkeypatch):
    """Sides of tiles: with small ones, little data already fills many of them."""
    monkeypatch.setattr(portable, "LARGEST_SIDE", request.param)
    return request.param


@pytest.fixture
def narrow_balls(monkeypatch):
    """Make every engine search with narrow balls first, whatever that costs."""
    asked = []

    def watched(trial, dimensions, costs, widest, *widths):
        asked.append(widest)
        return narrowest(trial, dimensions, costs, widest, *widths)

    monkeypatch.setattr(projection, "choose_balls", watched)
    yield
    assert asked
    assert min(asked) > 0


@pytest.fixture(params=[full_coarse, narrowest_coarse], ids=["full", "narrow"])
def byte_balls(request, monkeypatch):
    """Make the CPU engine look at balls of bytes first; give, call by call, those of the sides."""
    sides = pytest.importorskip("kstar_gpu.engines.cpu.sides", reason="the engine is not built")
    first_balls, made = sides.first_balls, []

    def watched(*given):
        balls, certificate = first_balls(*given)
        made.append(balls)
        return balls, certificate

    monkeypatch.setattr(projection, "choose_balls", request.param)
    monkeypatch.setattr(sides, "first_balls", watched)
    yield made
    assert made


@pytest.fixture
def narrow_integers(monkeypatch):
    """Let numpy count in 32 bits, as it does on Windows before its second version."""
    arange = np.arange
    monkeypatch.setattr(np, "arange", lambda *ends, dtype=np.int32: arange(*ends, dtype=dtype))


@pytest.fixture
def rng():
    return np.random.default_rng(20231204)
