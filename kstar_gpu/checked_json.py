"""A file of JSON that says its own SHA-256: what it says is what was written, or it is damaged."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .files import DamagedFileError, open_plain_file, write_whole

SUM = "sha256"  # of the other entries
LONGEST = 1 << 26  # bytes: what is longer was not written here, and is not read


def write_checked(path: Path, entries: Mapping[str, Any]) -> None:
    """Put entries there, and their sum with them, in one step."""
    content = json.dumps({**entries, SUM: _sum(entries)}, indent=1) + "\n"
    if len(content) > LONGEST:
        raise ValueError(f"{path}: at most {LONGEST} bytes are wanted, got {len(content)}")
    write_whole(path, content)


def read_checked(path: Path) -> dict[str, Any]:
    """Return the entries that `write_checked` has put there.

    Raises
    ------
    DamagedFileError
        If the file holds anything else.
    OSError
        If there is none, or it cannot be read.
    """
    with open_plain_file(path) as file:
        content = file.read(LONGEST + 1)
    if len(content) > LONGEST:
        raise DamagedFileError(path, f"the file is damaged: it has more than {LONGEST} bytes")
    try:
        entries = json.loads(content)
        known = isinstance(entries, dict) and entries.pop(SUM, None) == _sum(entries)
    except (ValueError, RecursionError) as error:
        raise DamagedFileError(path, f"the file is damaged: it is no JSON ({error})") from error
    if not known:
        raise DamagedFileError(path, "the file is damaged: it does not have the sum that it says")
    return dict(entries)


def _sum(entries: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(entries).encode()).hexdigest()
