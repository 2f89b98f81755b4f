"""Files that are there whole or not at all, and the error for one that is not what was written."""

import os
import uuid
from pathlib import Path

from .names import one_line


class DamagedFileError(ValueError):
    """A file does not hold what was once written to it, or has never been of its kind.

    Parameters
    ----------
    path : of the file
    why : what is wrong with it
    """

    def __init__(self, path: str | os.PathLike[str], why: str) -> None:
        super().__init__(path, why)

    def __str__(self) -> str:
        path, why = self.args
        return one_line(f"{os.fspath(path)}: {why}")


def write_whole(path: Path, content: str | bytes) -> None:
    """Put a file there in one step, in place of what was there.

    Whoever reads it, and whatever interrupts this, there is the old file or the new one: the new
    one is complete, and on the disk, before it takes the name.

    Parameters
    ----------
    path : where to
    content : all of it; text is written in UTF-8
    """
    partial = path.with_name(f".{uuid.uuid4().hex}.partial")  # the same disk, so that it can move
    try:
        with open(partial, "xb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def as_path(path: object, name: str = "path") -> Path:
    """Return what an argument of this name says; not a number, which would be an open file.

    Raises
    ------
    TypeError
        If it is no path.
    """
    if isinstance(path, str | os.PathLike):
        return Path(path)
    raise TypeError(f"{name}: a path is wanted, got {path!r}")


def check_target(path: Path) -> None:
    """See that a file can be written there, before the work whose result it is to hold.

    Raises
    ------
    OSError
        If the folder is not there or cannot be written to, or the path is itself a folder.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path}: there is no folder {path.parent}")
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; a file name is wanted")
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(f"{path}: the folder {path.parent} cannot be written to")
