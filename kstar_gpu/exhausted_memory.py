"""Memory that does not suffice: a MemoryError, whoever asked for it.

torch says it by a RuntimeError on the CPU. On another device it has an error of its own,
torch.OutOfMemoryError, which stays as it is.
"""

from collections.abc import Iterator
from contextlib import contextmanager

# What torch's allocators say, by the system; and what is left of C++'s bad_alloc.
SAID_BY_TORCH = ("can't allocate memory", "not enough memory", "std::bad_alloc")


def is_exhausted(error: BaseException) -> bool:
    """Whether an exception says that the host's memory does not suffice."""
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(said in str(error) for said in SAID_BY_TORCH)


@contextmanager
def as_memory_error() -> Iterator[None]:
    """Within, memory of the host that does not suffice is a MemoryError. Also decorates functions.

    What torch says of it is kept.
    """
    try:
        yield
    except RuntimeError as error:
        if not is_exhausted(error):
            raise
        raise MemoryError(str(error)) from None
