"""CuPy's current stream is that of torch while an array of CuPy's is computed with."""

import sys
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from kstar_gpu.inputs.streams import on_stream_of


@pytest.fixture
def cupy(monkeypatch):
    """A library by the name of CuPy whose current streams are known by their device."""

    class ndarray:  # noqa: N801  # as CuPy calls it
        device = SimpleNamespace(id=1)

    library = SimpleNamespace(ndarray=ndarray)
    library.cuda = SimpleNamespace(
        get_current_stream=lambda device: SimpleNamespace(ptr=0x500 + device)
    )
    monkeypatch.setitem(sys.modules, "cupy", library)
    return library


@pytest.fixture
def entered(monkeypatch):
    """What torch was told to compute on, stream by stream."""
    streams = []

    @contextmanager
    def stream(place):
        streams.append(place)
        yield
        streams.append("left")

    monkeypatch.setattr(torch.cuda, "ExternalStream", lambda pointer, device: (pointer, device))
    monkeypatch.setattr(torch.cuda, "stream", stream)
    return streams


def test_torch_computes_on_the_current_stream_of_the_arrays_device(cupy, entered):
    with on_stream_of(cupy.ndarray()):
        assert entered == [(0x501, torch.device("cuda", 1))]
    assert entered[1:] == ["left"]


@pytest.mark.parametrize("values", [np.zeros(3), torch.zeros(3), [[1.0]]])
def test_others_are_computed_on_torchs_own(values, cupy, entered):
    with on_stream_of(values):
        pass
    assert entered == []


def test_cupy_need_not_be_there(entered):
    with on_stream_of(np.zeros(3)):
        pass
    assert entered == []
