"""CuPy's current stream is that of torch while an array of CuPy's is computed with."""

import sys
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from kstar_gpu import kstar
from kstar_gpu.inputs.streams import on_stream_of


class Stream:
    """One of torch's: its name, and what happens to all of them, in turn."""

    def __init__(self, name, events):
        self.name, self.events = name, events

    def wait_stream(self, other):
        self.events.append(f"{self.name} waits for {other.name}")


@pytest.fixture
def cupy(monkeypatch):
    """A library by the name of CuPy, with an array on device 1 and a current stream there."""

    class ndarray:  # noqa: N801  # as CuPy calls it
        device = SimpleNamespace(id=1)

        def __dlpack__(self, **options):
            raise BufferError("there is no CUDA device")

        def __dlpack_device__(self):
            return 2, 1

    library = SimpleNamespace(ndarray=ndarray, pointers={1: 0x501})
    library.cuda = SimpleNamespace(
        get_current_stream=lambda device: SimpleNamespace(ptr=library.pointers[device])
    )
    monkeypatch.setitem(sys.modules, "cupy", library)
    return library


@pytest.fixture
def events(monkeypatch):
    """What torch was told, one after the other, as if there were CUDA devices."""
    told = []

    @contextmanager
    def stream(place):
        told.append(f"on {place.name}")
        yield
        told.append(f"off {place.name}")

    def external(pointer, device):
        return Stream(f"{pointer:#x} of {device}" if pointer else "one of the pool", told)

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "ExternalStream", external)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: Stream("ours", told))
    monkeypatch.setattr(
        torch.cuda, "default_stream", lambda device: Stream(f"default of {device}", told)
    )
    monkeypatch.setattr(torch.cuda, "stream", stream)
    return told


@pytest.mark.parametrize(
    ("pointer", "name"),
    [(0x501, "0x501 of cuda:1"), (0, "default of cuda:1"), (1, "default of cuda:1")],
)
def test_torch_computes_on_the_current_stream_of_the_arrays_device(pointer, name, cupy, events):
    cupy.pointers[1] = pointer
    with on_stream_of(cupy.ndarray()):
        assert events == [f"{name} waits for ours", f"on {name}"]
    assert events[2:] == [f"off {name}", f"ours waits for {name}"]


def test_torchs_stream_waits_where_something_fails(cupy, events):
    with pytest.raises(KeyError), on_stream_of(cupy.ndarray()):
        raise KeyError
    assert events[-1] == "ours waits for 0x501 of cuda:1"


def test_the_default_stream_of_each_thread_is_refused(cupy, events):
    cupy.pointers[1] = 2
    with pytest.raises(ValueError, match=r"features: .* got CuPy's default stream of each thread"):
        kstar(cupy.ndarray(), [0, 1])
    assert events == []


def test_where_torch_has_no_cuda_the_argument_is_named(cupy, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(TypeError, match=r"features: .* got ndarray, which cannot be read"):
        kstar(cupy.ndarray(), [0, 1])


@pytest.mark.parametrize("values", [np.zeros(3), torch.zeros(3), [[1.0]]])
def test_others_are_computed_on_torchs_own(values, cupy, events):
    with on_stream_of(values):
        pass
    assert events == []


def test_cupy_need_not_be_there(events):
    with on_stream_of(np.zeros(3)):
        pass
    assert events == []
