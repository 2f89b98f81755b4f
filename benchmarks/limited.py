"""Work through names in a process that is ended when one takes too long; another does the rest.

A call into a library cannot be stopped from within: only a process can be ended. And a kernel that
fails can leave a process behind in which no other runs.
"""

import json
import os
import select
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

LINES = "KSTAR_LINES"  # the environment variable that says where lines go
PREPARATION = 120  # seconds until a process has loaded what all names share
OVER, ENDED = "over", "ended"


def in_turn(
    command: Callable[[list[str]], list[str]], names: list[str], limit: float
) -> Iterator[tuple[str, dict[str, Any] | str]]:
    """Give for each name the object that a process says of it, or why there is none.

    Parameters
    ----------
    command : the command line for some names. It tells (see `tell`) that it is ready, and then one
        object for each name, in their order.
    limit : seconds for each name
    """
    left = list(names)
    while left:
        yield from _of_one_process(command(left), left, limit)


def tell(what: Any) -> None:
    """Write a line for the process that waits for it."""
    os.write(int(os.environ[LINES]), json.dumps(what).encode() + b"\n")


def _of_one_process(
    command: list[str], left: list[str], limit: float
) -> Iterator[tuple[str, dict[str, Any] | str]]:
    """Take from `left` the names that one process deals with, or the one it fails at."""
    lines, theirs = os.pipe()
    variables = {**os.environ, LINES: str(theirs)}
    process = subprocess.Popen(command, env=variables, pass_fds=[theirs])
    os.close(theirs)
    try:
        told, count = _line(lines, PREPARATION), 0
        if told is OVER:
            yield left.pop(0), f"over {PREPARATION} s to begin"
            return
        while left and (told := _line(lines, limit)) not in (OVER, ENDED):
            yield left.pop(0), told
            count += 1
        if left and told is OVER:
            yield left.pop(0), f"over {limit:g} s"
        elif left and count == 0:  # of what came after others, another process may know more
            yield left.pop(0), f"its process ended with {process.wait()}"
    finally:
        os.close(lines)
        process.kill()
        process.wait()


def _line(source: int, seconds: float) -> Any:
    """Return what the next line says; OVER if none comes in time, ENDED if no more will come."""
    text, end = b"", time.monotonic() + seconds
    while not text.endswith(b"\n"):
        ready, _, _ = select.select([source], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            return OVER
        piece = os.read(source, 1)
        if not piece:
            return ENDED
        text += piece
    return json.loads(text)
