"""torch's worker threads, where memory is limited: made at once, or not at all.

OpenMP makes them when they are first wanted, and ends the process where it cannot. So where the
process has a limit, room for them is asked for before, and they are made before anything else can
take it.
"""

import mmap

import torch

try:
    import resource
except ImportError:
    resource = None  # type: ignore[assignment]  # Windows has no such limits

DEFAULT_STACK = 8 << 20  # of a thread; where none is set the system's default is smaller
STACK_AND_MORE = 1 << 20  # beside the stack: its guard, and what a thread has of its own
GRAIN = 1 << 15  # elements that torch hands to one thread at least


def start_workers() -> None:
    """Make torch's workers for this thread, if memory is limited.

    Raises
    ------
    MemoryError
        If there is no room for them.
    """
    workers = torch.get_num_threads() - 1
    if resource is None or workers < 1 or not _is_limited():
        return
    stack, _ = resource.getrlimit(resource.RLIMIT_STACK)
    stack = DEFAULT_STACK if stack == resource.RLIM_INFINITY else stack
    room = workers * (stack + STACK_AND_MORE)
    try:
        mmap.mmap(-1, room, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except (OSError, ValueError) as error:
        raise MemoryError(
            f"{workers} worker threads of torch's take {room} bytes of address space"
        ) from error
    torch.zeros((workers + 1) * GRAIN, dtype=torch.uint8, device="cpu").bitwise_not_()


def _is_limited() -> bool:
    limits = (resource.RLIMIT_AS, resource.RLIMIT_DATA)
    return any(resource.getrlimit(limit)[0] != resource.RLIM_INFINITY for limit in limits)
