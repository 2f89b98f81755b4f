"""The stream of a device on which the caller's library computes."""

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from .frames import comes_from


def on_stream_of(values: Any) -> AbstractContextManager[Any]:
    """Let torch compute, within, on CuPy's current stream, if these are an array of CuPy's.

    DLPack makes the stream of either wait for that of the other. But what torch has computed on
    a stream of its own it gives to others, there, as soon as CuPy forgets it: perhaps before CuPy
    has read it.
    """
    if not comes_from(values, "cupy", "ndarray"):
        return nullcontext()
    number = int(values.device.id)
    stream = sys.modules["cupy"].cuda.get_current_stream(number)
    there = torch.cuda.ExternalStream(stream.ptr, torch.device("cuda", number))  # type: ignore[no-untyped-call]  # of torch
    return torch.cuda.stream(there)
