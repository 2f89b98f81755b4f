"""Arithmetic that does not depend on torch's global state.

A certificate is about float32 products rounded to float32, and the canonical distance about
float64 with denormals. Autocast, TF32, bfloat16 products and denormal flushing would each break
one of them, so they are switched off for the length of a computation and put back afterwards.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
import torch
from torch import Tensor

from ..cpu_tensors import flattened
from ..distance import SMALL, row_chunks

REDUCED = ("tf32", "bf16")
GRAIN = 1 << 15  # elements that torch hands to one thread at least
CHECKED_AT_ONCE = 1 << 17  # elements: half a megabyte, which stays in a cache
PROBE_SIZE = 256  # large enough that a library would take its fast path


@contextmanager
def exact_arithmetic(device: torch.device, *inputs: Tensor) -> Iterator[None]:
    """Within, products and sums round as IEEE 754 says, whatever the caller has set.

    Parameters
    ----------
    device : the device that computes
    inputs : the arrays computed with: whether they hold denormals decides if threads that flush
        them must be avoided
    """
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        stack.enter_context(torch.autocast(device.type, enabled=False))
        if device.type != "cpu":
            stack.enter_context(torch.autocast("cpu", enabled=False))
        if device.type == "cuda":
            stack.enter_context(torch.cuda.device(device))
        stack.enter_context(_any_algorithm())
        stack.enter_context(_full_precision_products())
        stack.enter_context(_denormals_kept(inputs))
        yield


@contextmanager
def _any_algorithm() -> Iterator[None]:
    """Let torch use what it calls nondeterministic: results do not depend on its order."""
    if not torch.are_deterministic_algorithms_enabled():
        yield  # the switch is slow, the first time
        return
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(False)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(True, warn_only=warn_only)


@contextmanager
def _full_precision_products() -> Iterator[None]:
    if not hasattr(torch.backends.cuda.matmul, "fp32_precision"):  # torch < 2.9
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("highest")
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(before)
        return
    switches = [getattr(torch.backends, library).matmul for library in ("cuda", "mkldnn")]
    # What is not reduced is left untouched: it may be inherited, and stay so.
    reduced = [(switch, switch.fp32_precision) for switch in switches]
    reduced = [(switch, value) for switch, value in reduced if value in REDUCED]
    for switch, _ in reduced:
        switch.fp32_precision = "ieee"
    try:
        yield
    finally:
        for switch, value in reduced:
            switch.fp32_precision = value


@contextmanager
def _denormals_kept(inputs: tuple[Tensor, ...]) -> Iterator[None]:
    """Stop flushing in this thread; step around worker threads that were born flushing.

    A thread inherits the mode at its creation, and torch's workers cannot be reached afterwards.
    Where they flush and the numbers are small enough for it to matter, this thread works alone.
    """
    flushed = _flushes(1)
    if flushed:
        torch.set_flush_denormal(False)
    threads = torch.get_num_threads()
    # In this order: the question to the workers wakes them, and for some milliseconds afterwards
    # they look for more work instead of sleeping, on cores that a small problem could use.
    alone = threads > 1 and any(_tiny(x) for x in inputs) and _flushes(threads * GRAIN)
    if alone:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        if alone:
            torch.set_num_threads(threads)
        if flushed:
            torch.set_flush_denormal(True)


def _flushes(elements: int) -> bool:
    """Whether denormals are lost in an operation over so many elements."""
    small = torch.full((elements,), 2.0**-1000, dtype=torch.float64, device="cpu")
    product = small * 2.0**-60
    return bool((product.view(torch.int64) == 0).any())  # the bits: a comparison might flush too


def _tiny(values: Tensor) -> bool:
    """Whether a difference of two values, or its square, could be a float64 denormal.

    float32 denormals count: reading them may flush. Of values on another device nothing is found
    out.
    """
    if values.dtype == torch.float16 or values.numel() == 0:
        return False  # float16: its denormals are normal float32 numbers
    if values.device.type != "cpu":
        return True
    signed, unsigned, smallest = {
        2: (torch.int16, np.uint16, 1 << 7),
        4: (torch.int32, np.uint32, 1 << 23),
        8: (torch.int64, np.uint64, int(np.float64(SMALL).view(np.uint64))),
    }[values.dtype.itemsize]
    rows = flattened(values) if values.ndim > 1 else values.reshape(1, -1)  # not yet checked
    for chunk in row_chunks(rows.shape[0], rows.shape[1], CHECKED_AT_ONCE):
        bits = rows[chunk].view(signed).numpy().view(unsigned)
        magnitudes = bits & unsigned(torch.iinfo(signed).max)
        magnitudes -= unsigned(1)  # wraps zero round to the largest
        if magnitudes.min() < smallest - 1:
            return True
    return False


def float32_products_are_float32(device: torch.device) -> bool:
    """Whether a float32 product on this device really rounds to float32.

    Some reductions are set by the environment (NVIDIA_TF32_OVERRIDE, oneDNN's default
    floating-point mode), where no switch of torch reaches them; a product whose last bits would
    get lost tells.
    """
    values = 1 + torch.arange(PROBE_SIZE, dtype=torch.float32, device=device) * (32749 * 2.0**-23)
    # A diagonal factor leaves one product in each sum: it must be the rounded product itself.
    columns = values.flip(0).expand(PROBE_SIZE, PROBE_SIZE)
    return bool((torch.diag(values) @ columns == values[:, None] * columns).all())
