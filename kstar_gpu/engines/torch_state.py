"""Arithmetic that does not depend on how torch is set, and leaves it set as it is.

Most of torch's switches are those of all threads. A call that turned one would turn it for the
others, and could not keep it so: hence none is turned, and nothing depends on them. A product that
was reduced tells (portable/canaries.py), no result is of the default type, and no operation that is
used on the CPU is refused as nondeterministic. What is each thread's own is set: gradients,
autocast, what numpy does where numbers vanish, and whether denormals are flushed (denormals.py).
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from .denormals import lost_by_workers
from .own_thread import in_own_thread
from .torch_workers import start_workers

T = TypeVar("T")


def exactly(compute: Callable[[], T], device: torch.device, inputs: Sequence[Tensor]) -> T:
    """Return what a computation gives where all rounds as IEEE 754 says, whatever is set.

    Parameters
    ----------
    device : that computes
    inputs : the arrays that torch's workers compute with, if they do: where these would lose their
        denormals, the computation gets a thread with workers of its own
    """
    # Another thread would have another one, which does not wait for what made the inputs.
    stream = torch.cuda.current_stream(device) if device.type == "cuda" else None

    def prepared() -> T:
        if inputs:
            start_workers()  # of this thread
        with exact_arithmetic(device, stream):
            return compute()

    return in_own_thread(prepared) if lost_by_workers(inputs) else prepared()


@contextmanager
def exact_arithmetic(
    device: torch.device, stream: torch.cuda.Stream | None = None
) -> Iterator[None]:
    """Within, this thread's operations are those that are written, on this device and stream."""
    with ExitStack() as stack:
        stack.enter_context(np.errstate(all="ignore"))  # squares may vanish, as defined
        stack.enter_context(torch.no_grad())
        stack.enter_context(torch.autocast(device.type, enabled=False))
        if device.type != "cpu":
            stack.enter_context(torch.autocast("cpu", enabled=False))
        if device.type == "cuda":
            stack.enter_context(torch.cuda.device(device))
            stack.enter_context(torch.cuda.stream(stream))
            stack.enter_context(_any_algorithm)
        yield


class _AnyAlgorithm:
    """Lets torch use what it calls nondeterministic: results do not depend on its order.

    On a CUDA device products are refused otherwise, unless the environment says how much memory
    they may take. The one switch of all threads that is turned: by the first who needs it, and back
    by the last, if nobody else has turned it meanwhile.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.inside = 0
        self.turned = False
        self.warn_only = False

    def __enter__(self) -> None:
        with self.lock:
            self.inside += 1
            if torch.are_deterministic_algorithms_enabled():
                self.turned = True
                self.warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
                torch.use_deterministic_algorithms(False)

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.inside -= 1
            if self.inside == 0 and self.turned:
                self.turned = False
                if not torch.are_deterministic_algorithms_enabled():
                    torch.use_deterministic_algorithms(True, warn_only=self.warn_only)


_any_algorithm = _AnyAlgorithm()
