"""Files: written whole or not at all, opened where no link leads elsewhere, damaged ones named."""

import errno
import os
import stat
import uuid
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from .names import one_line

# Windows has no such links that anybody could have planted, and another way with ends of lines.
NO_LINK = getattr(os, "O_NOFOLLOW", 0)
BINARY = getattr(os, "O_BINARY", 0)
NO_FILE = (errno.ELOOP, errno.EMLINK, errno.ENXIO)  # a link, on FreeBSD, too; a socket
TRIES = 3  # to write a file whose first name is taken away meanwhile
PARTIAL = ".partial"  # how files end that are being written, or that were when a process was killed


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
    one is complete, and on the disk, before it takes the name; so is the name, when this returns.

    Parameters
    ----------
    path : where to
    content : all of it; text is written in UTF-8
    """
    for left in reversed(range(TRIES)):
        # On the same disk, so that it can move.
        partial = path.with_name(f".{uuid.uuid4().hex}{PARTIAL}")
        try:
            with open(partial, "xb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)
            break
        except FileNotFoundError:  # removed by who took this process for one that is gone
            if not left or not path.parent.is_dir():
                raise
        finally:
            partial.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system can do that."""
    if hasattr(os, "O_DIRECTORY"):
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(opened)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # not of every file system
                raise
        finally:
            os.close(opened)


def open_plain_file(path: Path, follow: bool = False) -> BinaryIO:
    """Open a file for reading, if it is one: no link that leads elsewhere, no pipe, no device.

    Parameters
    ----------
    path : of the file
    follow : whether a link is followed nevertheless, as where a user has named it

    Raises
    ------
    DamagedFileError
        If it is something else.
    OSError
        If there is none, or it cannot be read.
    """
    try:
        # Without waiting, since a pipe might never be written to.
        no_link = 0 if follow else NO_LINK
        number = os.open(path, os.O_RDONLY | no_link | getattr(os, "O_NONBLOCK", 0) | BINARY)
    except OSError as error:
        if error.errno not in NO_FILE:
            raise
        raise DamagedFileError(path, "a file is wanted, got a link or a socket") from error
    mode = os.fstat(number).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(number, "rb")
    os.close(number)
    if follow and stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    raise DamagedFileError(path, "a file is wanted, got a folder, a pipe or a device")


def create_file(path: Path) -> BinaryIO:
    """Create a file for reading and writing where nothing is, not even a link; unbuffered.

    Raises
    ------
    FileExistsError
        If something is there.
    """
    number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | NO_LINK | BINARY, 0o666)
    return os.fdopen(number, "w+b", buffering=0)


def make_folder(root: Path, *names: str) -> Path:
    """Make a folder below another one, and those between; that one may be reached by links.

    Raises
    ------
    FileExistsError
        If a name below `root` is taken by a link, which might lead elsewhere, or by no folder.
    """
    root.mkdir(parents=True, exist_ok=True)
    folder = root
    for name in names:
        folder = folder / name
        with suppress(FileExistsError):
            folder.mkdir()
        if folder.is_symlink() or not folder.is_dir():
            raise FileExistsError(
                errno.EEXIST, "a folder is wanted, got a link or a file", os.fspath(folder)
            )
    return folder


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
