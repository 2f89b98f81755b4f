"""The stream of a device on which the caller's library computes."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from .frames import comes_from

# What CUDA calls default streams: that of all threads, and that of the thread itself.
OF_ALL_THREADS, OF_EACH_THREAD = (0, 1), 2


@contextmanager
def on_stream_of(values: Any) -> Iterator[None]:
    """Let torch compute, within, on CuPy's current stream, if these are an array of CuPy's.

    DLPack makes the stream of either wait for that of the other. But what torch has computed on
    a stream of its own it gives to others, there, as soon as CuPy forgets it: perhaps before CuPy
    has read it. Tensors that come beside the array were made on torch's stream, and their memory
    goes back to it: so either stream waits for the other.

    Raises
    ------
    ValueError
        Where CuPy's current stream is one that torch has not.
    """
    # What torch cannot read is told where it is read.
    if not comes_from(values, "cupy", "ndarray") or not torch.cuda.is_available():
        yield
        return
    device = torch.device("cuda", int(values.device.id))
    current = sys.modules["cupy"].cuda.get_current_stream(device.index)
    ours, theirs = torch.cuda.current_stream(device), _as_torch_has_it(current.ptr, device)
    theirs.wait_stream(ours)
    try:
        with torch.cuda.stream(theirs):
            yield
    finally:
        ours.wait_stream(theirs)


def _as_torch_has_it(pointer: int, device: torch.device) -> torch.cuda.Stream:
    if pointer == OF_EACH_THREAD:
        raise ValueError(
            "features: arrays on a stream that torch has, too, are wanted, got CuPy's default "
            "stream of each thread: call within `with cupy.cuda.Stream.null:`"
        )
    if pointer in OF_ALL_THREADS:  # torch would take 0 for a stream of its own
        return torch.cuda.default_stream(device)
    return torch.cuda.ExternalStream(pointer, device)  # type: ignore[no-untyped-call]  # of torch
