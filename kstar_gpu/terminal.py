"""What the command says: results on stdout, and what is wrong, in one line, on stderr."""

import errno
import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path

import torch

from .exhausted_memory import is_exhausted
from .names import one_line
from .user_code import raised_by

# The user's to mend: arguments (each error names its own), files, packages, memory.
EXPECTED = (ValueError, TypeError, OSError, ImportError, MemoryError, torch.cuda.OutOfMemoryError)
READER_GONE = (errno.EPIPE, errno.EINVAL)  # the latter on Windows
WORKERS_TRACEBACK = "\nOriginal Traceback"  # what DataLoader tells of its workers


def say(text: str) -> None:
    """Print lines, with the numbers of letters that no terminal takes, or its encoding lacks.

    A reader that has gone away has read enough: nothing more is printed, and nothing is wrong.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    text = "\n".join(map(one_line, text.split("\n")))  # whatever names are in it
    try:
        print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)
    except OSError as error:
        # Or Python would try again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno not in READER_GONE:
            raise


def complain(message: str) -> None:
    """Print one line on stderr, if anybody listens."""
    with suppress(OSError):
        print(f"kstar-gpu: error: {one_line(message)}", file=sys.stderr)


def fault_of_user(error: Exception) -> str | None:
    """Return in one line what the user can mend; None if the exception is a fault of ours."""
    what = raised_by(error)
    if is_exhausted(error):
        return f"memory does not suffice: {_line(error)}"
    if what is not None:
        kind = f"{type(error).__name__}: "  # a worker's line has it already
        return f"{what} failed: {kind}{_line(error).removeprefix(kind)} ({_place(error)})"
    return _line(error) if isinstance(error, EXPECTED) else None


def _line(error: Exception) -> str:
    """Return an exception's message as one line; of a worker's, the end of its traceback."""
    message = str(error)
    if WORKERS_TRACEBACK in message:
        message = message.rstrip().rpartition("\n")[2]
    return one_line(" ".join(message.split())) or type(error).__name__


def _place(error: Exception) -> str:
    """Return where an exception was raised."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return one_line(f"{Path(frame.filename).name}, line {frame.lineno}")
