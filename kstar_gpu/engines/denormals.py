"""Denormals: the smallest numbers, which a thread flushes to zero if it is told to.

Canonical distances need them, and so do the features that are such numbers. A thread can be told
otherwise for a while, but torch's workers cannot: they have inherited how their thread was set
when they were born. What they lose of products is no more than certificates allow (bounds.py), but
of small features and distances everything.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from ..cpu_tensors import flattened
from ..distance import SMALL, row_chunks
from .torch_workers import GRAIN, start_workers

CHECKED_AT_ONCE = 1 << 17  # elements: half a megabyte, which stays in a cache


@contextmanager
def denormals_kept() -> Iterator[None]:
    """Within, this thread flushes no denormals; nor do threads that are born there."""
    flushed = _flushes(1)
    if flushed:
        torch.set_flush_denormal(False)
    try:
        yield
    finally:
        if flushed:
            torch.set_flush_denormal(True)


def lost_by_workers(inputs: Sequence[Tensor]) -> bool:
    """Return whether this thread's workers flush what computing with these arrays needs."""
    threads = torch.get_num_threads()
    # In this order: the question to the workers wakes them, and for some milliseconds afterwards
    # they look for more work instead of sleeping, on cores that a small problem could use.
    if threads == 1 or not any(map(_tiny, inputs)):
        return False
    start_workers()
    return _flushes(threads * GRAIN)


def _flushes(elements: int) -> bool:
    """Whether denormals are lost in an operation over so many elements."""
    small = torch.full((elements,), 2.0**-1000, dtype=torch.float64, device="cpu")
    product = small * 2.0**-60
    return bool((product.view(torch.int64) == 0).any())  # the bits: a comparison might flush too


def _tiny(values: Tensor) -> bool:
    """Whether a difference of two values, or its square, could be a float64 denormal.

    Also of values divided by the norm of their row (metric "cosine"). float32 denormals count:
    reading them may flush. Of values on another device nothing is found out.
    """
    if values.dtype == torch.float16 or values.numel() == 0:
        return False  # float16: its denormals are normal float32 numbers
    if values.device.type != "cpu":
        return True
    signed, unsigned, normal = {
        2: (torch.int16, np.uint16, 1 << 7),
        4: (torch.int32, np.uint32, 1 << 23),
        8: (torch.int64, np.uint64, 1 << 52),
    }[values.dtype.itemsize]
    rows = flattened(values) if values.ndim > 1 else values.reshape(1, -1)  # not yet checked
    smallest, largest = 2**64, 0
    for chunk in row_chunks(rows.shape[0], rows.shape[1], CHECKED_AT_ONCE):
        bits = rows[chunk].view(signed).numpy().view(unsigned)
        magnitudes = bits & unsigned(torch.iinfo(signed).max)
        if values.dtype == torch.float64:
            largest = max(largest, int(magnitudes.max()))
        magnitudes -= unsigned(1)  # wraps zero round to the largest
        smallest = min(smallest, int(magnitudes.min()))
        if smallest < normal - 1:
            return True
    if values.dtype != torch.float64 or largest == 0:
        return False
    least, greatest = np.array([smallest + 1, largest], dtype=np.uint64).view(np.float64)
    longest = float(greatest) * rows.shape[1] ** 0.5
    return bool(least < SMALL * max(1.0, longest))
