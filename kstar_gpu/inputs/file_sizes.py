"""What a file of arrays says that it holds, against what it has room for: before it is read."""

import os
import zipfile
from pathlib import Path

from numpy.lib import format as npy

from ..npy_header import read_npy_header

# Features of networks compress to a tenth, and one-hot rows to a 200th. What a file becomes beyond
# that is made to fill the memory; so much it may always become.
GROWTH, SMALL = 256, 1 << 26


class GrowthError(ValueError):
    """A file would become much larger in memory than it is."""


def check_growth(path: Path, found: int, stored: int | None = None) -> None:
    """Refuse what becomes much larger in memory than it is in a file.

    Parameters
    ----------
    path : of the file, or folder of files
    found : bytes in memory
    stored : bytes in the file; all of it if None

    Raises
    ------
    GrowthError
        If it does.
    """
    size = _size(path) if stored is None else min(stored, _size(path))
    if found > max(SMALL, GROWTH * size):
        raise GrowthError(
            f"{path}: at most {GROWTH} times its size is wanted in memory, got {found} bytes out "
            f"of {size}; store it without compression"
        )


def check_npy(path: Path) -> None:
    """Refuse a .npy file that says to hold more than it does; any other file passes.

    Raises
    ------
    DamagedFileError
        A ValueError: if it does.
    """
    with open(path, "rb") as file:
        if file.read(len(npy.MAGIC_PREFIX)) == npy.MAGIC_PREFIX:
            file.seek(0)
            read_npy_header(file, path, os.fstat(file.fileno()).st_size)


def check_npz_member(path: Path, archive: zipfile.ZipFile, name: str) -> None:
    """Refuse an array in a .npz file that is longer than its member, or than that can be.

    Raises
    ------
    GrowthError, DamagedFileError
        A ValueError: if it is.
    """
    member = archive.getinfo(name if name in archive.namelist() else f"{name}.npy")
    check_growth(path, member.file_size, member.compress_size)
    with archive.open(member) as file:
        read_npy_header(file, path, member.file_size)


def check_zip(path: Path) -> None:
    """Refuse an archive that becomes much larger than it is; any other file passes.

    Raises
    ------
    GrowthError
        If it does.
    """
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            check_growth(path, sum(member.file_size for member in archive.infolist()))


def _size(path: Path) -> int:
    """Return how many bytes a file has, or all in a folder."""
    if not path.is_dir():
        return path.stat().st_size
    return sum(inner.stat().st_size for inner in path.rglob("*") if inner.is_file())
