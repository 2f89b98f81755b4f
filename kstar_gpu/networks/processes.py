"""Which process this is, and whether another one is gone: told by what processes say of themselves.

A number alone does not tell, since it is given again: so a process says when it was started, too.
Where the system does not tell that (it does on Linux), and of another host's, nothing is known.
"""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

PROCESSES = Path("/proc")


def this_process() -> dict[str, str | int]:
    """Return what this process says of itself."""
    process = os.getpid()
    return {"host": _host(), "pid": process, "started": _state(process)[1]}


def is_gone(says: Mapping[str, Any]) -> bool | None:
    """Whether a process is gone that has said this of itself; None where nothing is known."""
    process, started = says.get("pid"), says.get("started")
    if says.get("host") != _host() or type(process) is not int or not started:
        return None
    if not 0 < process < 1 << 31:
        return None
    letter, since = _state(process)
    if since:
        return since != started or letter in "ZX"  # it has ended, and nobody has asked how
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # it is hidden from this one
    return None


def _host() -> str:
    """Return what is the same for processes that see one another, and lasts until a restart."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append((PROCESSES / "sys/kernel/random/boot_id").read_text().strip())
        parts.append(os.readlink(PROCESSES / "self/ns/pid"))  # containers have their own
    return " ".join(parts)


def _state(process: int) -> tuple[str, str]:
    """Return whether a process runs or has ended, and when it was started; "" if unknown."""
    try:
        fields = (PROCESSES / str(process) / "stat").read_text().rpartition(")")[2].split()
        return fields[0], fields[19]
    except (OSError, IndexError):
        return "", ""
