"""Whether an engine can be used on this machine, and why not."""

import json
from importlib import import_module
from importlib.resources import files
from typing import NamedTuple

LOADED_BYTES = 16 << 20  # more than an extension takes


class BackendStatus(NamedTuple):
    """Whether a backend can be used here, and what it is or why not."""

    available: bool
    detail: str


def extension_status(extension: str) -> BackendStatus:
    """Look for a compiled extension, or for the reason why it was not built.

    Raises
    ------
    MemoryError
        If it is not known whether it was built, since there is no room to load it.
    """
    try:
        import_module(extension)
    except ImportError as error:
        bytearray(LOADED_BYTES)  # a MemoryError, if it was for want of memory
        record = files("kstar_gpu.engines") / "_build_failures.json"
        failures = json.loads(record.read_text()) if record.is_file() else {}
        reason = failures.get(extension, str(error))
        return BackendStatus(False, f"{extension} was not built when the package was: {reason}")
    return BackendStatus(True, f"compiled extension {extension}")
