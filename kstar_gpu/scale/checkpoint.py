"""What a walk over pairs of shards has found so far: a file that is there whole or not at all."""

import hashlib
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..engines.duplicates import NO_ROW
from ..engines.shards import Floats
from ..files import DamagedFileError, open_plain_file, write_whole
from ..inputs.problem import Integers

KIND = "kstar_gpu checkpoint 1"


@dataclass
class State:
    """What the samples know, in the order of their shards: 24 bytes each."""

    squared: Floats
    ids: Integers
    counts: Integers
    done: int = 0  # steps of the walk

    @staticmethod
    def nothing(count: int) -> "State":
        """Return what so many samples know before the first step."""
        known = np.full(count, np.inf), np.full(count, NO_ROW)
        return State(*known, np.zeros(count, dtype=np.int64))


def identity(*facts: Any) -> str:
    """Return a name of what a state belongs to: of arrays, and of what can be printed."""
    digest = hashlib.sha256()
    for fact in facts:
        if isinstance(fact, np.ndarray):
            digest.update(f"{fact.shape} {fact.dtype}".encode())
            digest.update(np.ascontiguousarray(fact).data)
        else:
            digest.update(repr(fact).encode())
    return digest.hexdigest()


def save(path: Path, state: State, belongs: str) -> None:
    """Write a state in place of the one before."""
    numbers = b"".join(each.tobytes() for each in (state.squared, state.ids, state.counts))
    header = {
        "kind": KIND,
        "belongs": belongs,
        "done": state.done,
        "samples": len(state.ids),
        "crc32": zlib.crc32(numbers),
    }
    write_whole(path, json.dumps(header).encode() + b"\n" + numbers)


def resume(
    path: Path, count: int, belongs: str, of: str = "samples, labels, metric and memory limit"
) -> State | None:
    """Return the state in a file; None if there is no file.

    Parameters
    ----------
    of : what it belongs to, in words

    Raises
    ------
    ValueError
        If it belongs to other samples, or to another question about them.
    DamagedFileError
        If it is damaged, or no such file.
    """
    try:
        file = open_plain_file(path, follow=True)
    except FileNotFoundError:
        return None
    with file:
        first = file.readline(1 << 12)
        try:
            header = json.loads(first)
            kind, crc = header["kind"], int(header["crc32"])
            found, done, samples = header["belongs"], int(header["done"]), int(header["samples"])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise DamagedFileError(path, "no checkpoint, or a damaged one") from None
        if kind != KIND or found != belongs or samples != count:
            raise ValueError(
                f"checkpoint: one of the same {of} is wanted, got {str(path)!r} of others; remove "
                "it to begin anew"
            )
        numbers = file.read(24 * count + 1)
    if len(numbers) != 24 * count or zlib.crc32(numbers) != crc:
        raise DamagedFileError(path, "a damaged checkpoint; remove it to begin anew")
    squared = np.frombuffer(numbers, np.float64, count).copy()
    ids = np.frombuffer(numbers, np.int64, count, 8 * count).copy()
    return State(squared, ids, np.frombuffer(numbers, np.int64, count, 16 * count).copy(), done)
