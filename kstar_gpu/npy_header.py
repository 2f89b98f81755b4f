"""What a .npy file says of itself, in its first bytes: checked before anything is believed."""

import io
import math
import os
import warnings
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.lib import format as npy

from .files import DamagedFileError

# By version. The third differs from the second in the letters of its fields' names alone.
READERS = {
    (1, 0): npy.read_array_header_1_0,
    (2, 0): npy.read_array_header_2_0,
    (3, 0): npy.read_array_header_2_0,
}
LONGEST = 1 << 14  # bytes: numpy believes no header of more than 10 000, whatever length it says


class NpyHeader(NamedTuple):
    """The header of a .npy file: what its array is, and how many bytes come before it."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran_order: bool
    header_bytes: int

    @property
    def array_bytes(self) -> int:
        """How many bytes the array has; a Python integer, which cannot overflow."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_npy_header(file: IO[bytes], path: str | os.PathLike[str], size: int) -> NpyHeader:
    """Read the header of a .npy file, or of a member of an archive.

    Parameters
    ----------
    file : at its beginning
    path : what to call it in errors
    size : of all of it in bytes, header and array

    Raises
    ------
    DamagedFileError
        If it is no header, or of Python objects, or of an array that `size` bytes cannot hold.
    """
    head = io.BytesIO(file.read(LONGEST))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numpy's, of escapes and of Python 2
            shape, fortran_order, dtype = READERS[npy.read_magic(head)](head)
    except Exception as error:  # it is a literal of Python: anything may be raised at another one
        raise DamagedFileError(path, "the file is damaged: it has no header of .npy") from error
    header = NpyHeader(shape, dtype, fortran_order, head.tell())
    if dtype.hasobject:
        raise DamagedFileError(path, "it holds pickled objects, which are never loaded")
    if any(type(length) is not int or length < 0 for length in shape):
        raise DamagedFileError(path, f"the file is damaged: its array has shape {shape}")
    room = size - header.header_bytes
    elements = math.prod(shape)
    if header.array_bytes > room or (elements > 0 and dtype.itemsize == 0):
        raise DamagedFileError(
            path,
            f"the file is damaged: its array would have {header.array_bytes} bytes, not {room}",
        )
    return header
