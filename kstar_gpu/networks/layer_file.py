"""A .npy file of rows: written batch by batch, summed up, and mapped where its sum is right."""

import hashlib
import math
import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from numpy.lib import format as npy
from numpy.typing import NDArray
from torch import Tensor

from ..files import DamagedFileError, create_file, open_plain_file
from ..npy_header import NpyHeader, read_npy_header
from .spill_manifest import FileEntry

AT_A_TIME = 1 << 20  # bytes


class LayerFile:
    """A .npy file that grows by rows. Its header has room for any number of them.

    Its sum is that of the rows, and then of the header, which is only known in the end.

    Parameters
    ----------
    path : where nothing is yet

    Raises
    ------
    FileExistsError
        If something is there, be it a link.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self.shape: tuple[int, ...] = ()
        self.dtype: np.dtype[Any] = np.dtype(np.float32)
        # Unbuffered: a full disk is noticed where it happens.
        self.file = create_file(path)
        self._identity = os.fstat(self.file.fileno())
        self.header_end = 0  # 0 as long as it has none
        self._sum = hashlib.sha256()

    def append(self, values: NDArray[Any]) -> None:
        """Write rows behind those that are there; of the same shape and type."""
        if self.header_end == 0:
            self.shape, self.dtype = values.shape[1:], values.dtype
            self._write_header()
            self.header_end = self.file.tell()
        unwritten = np.ascontiguousarray(values).reshape(-1).view(np.uint8).data
        self._sum.update(unwritten)
        while unwritten:
            unwritten = unwritten[self.file.write(unwritten) :]
        self.rows += len(values)

    def finish(self) -> tuple[FileEntry, Tensor]:
        """See that all is on the disk; return what the file holds, and its rows, mapped."""
        with self.file:
            self._write_header()
            os.fsync(self.file.fileno())
            self.file.seek(0)
            self._sum.update(self.file.read(self.header_end))
            entry = FileEntry(self.path.name, self.shape, str(self.dtype), self._sum.hexdigest())
            shape = (self.rows, *self.shape)
            return entry, _mapped(self.file, NpyHeader(shape, self.dtype, False, self.header_end))

    def has_its_name(self) -> bool:
        """Return whether this very file is what its path leads to."""
        try:
            return os.path.samestat(os.lstat(self.path), self._identity)
        except FileNotFoundError:
            return False

    def close(self, rows: int) -> None:
        """Keep so many rows, and note them in the header; nothing, of a file that is finished."""
        if self.file.closed:
            return
        with self.file:
            if self.header_end:
                row_bytes = self.dtype.itemsize * math.prod(self.shape)
                self.file.truncate(self.header_end + rows * row_bytes)
                self.rows = rows
                self._write_header()

    def _write_header(self) -> None:
        self.file.seek(0)
        description = npy.dtype_to_descr(self.dtype)
        shape = (self.rows, *self.shape)
        header = {"descr": description, "fortran_order": False, "shape": shape}
        npy.write_array_header_1_0(self.file, header)


def read_layer(folder: Path, wanted: FileEntry, samples: int) -> Tensor:
    """Return the rows of a file, mapped into memory, after all its bytes were read and summed up.

    Raises
    ------
    DamagedFileError
        If the file is not what its manifest says, or is not there.
    """
    path = folder / wanted.file
    try:
        file = open_plain_file(path)
    except FileNotFoundError as error:
        raise DamagedFileError(path, "the file is missing") from error
    with file:
        size = os.fstat(file.fileno()).st_size
        header = read_npy_header(file, path, size)
        shape = (samples, *wanted.shape)
        known = header[:3] == (shape, np.dtype(wanted.dtype), False)
        known = known and header.header_bytes + header.array_bytes == size  # or it is read for ever
        if not known or _sum(file, header.header_bytes) != wanted.sha256:
            raise DamagedFileError(path, f"{wanted.file} is not what its manifest says")
        return _mapped(file, header)


def _sum(file: BinaryIO, header_bytes: int) -> str:
    """Return the sum of a file's rows, and of what stands before them."""
    found = hashlib.sha256()
    block = memoryview(bytearray(AT_A_TIME))
    file.seek(header_bytes)
    while count := file.readinto(block):  # type: ignore[attr-defined]  # of every binary file
        found.update(block[:count])
    file.seek(0)
    found.update(file.read(header_bytes))
    return found.hexdigest()


def _mapped(file: BinaryIO, header: NpyHeader) -> Tensor:
    """Return an array in a file, mapped into memory.

    Copied on write: torch wants memory that may be written to, and the file stays as it is.
    """
    if header.array_bytes == 0:
        return torch.from_numpy(np.empty(header.shape, header.dtype))
    values: NDArray[Any] = np.memmap(file, header.dtype, "c", header.header_bytes, header.shape)
    return torch.from_numpy(values)
