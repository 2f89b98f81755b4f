"""Headers of .npy files: what numpy has written, and nothing that the file has no room for."""

import contextlib
import io
import struct
import warnings

import numpy as np
import pytest
from numpy.lib import format as npy

from kstar_gpu.files import DamagedFileError
from kstar_gpu.npy_header import read_npy_header

ARRAYS = [
    np.zeros((3, 4), np.float32),
    np.zeros((3, 4), np.float64, order="F"),
    np.array(7),
    np.zeros((0, 5)),
    np.array(["cat", "eel"]),
    np.zeros(2, [("a", "<i4"), ("b", "<f8", (2,))]),
    np.zeros(2, [("grün", "<i4")]),  # a header of version 3
]


def read(content: bytes):
    return read_npy_header(io.BytesIO(content), "x.npy", len(content))


def saved(array):
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy's, of version 3
        np.save(file, array)
    return file.getvalue()


def with_header(text: str, array_bytes: int = 100) -> bytes:
    """Return a file whose header says this."""
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + bytes(array_bytes)


@pytest.mark.parametrize("array", ARRAYS, ids=str)
def test_what_numpy_has_written(array):
    header = read(saved(array))
    assert header.shape == array.shape
    assert header.dtype.itemsize == array.dtype.itemsize
    assert header.fortran_order == (not array.flags.c_contiguous)
    assert header.array_bytes == array.nbytes
    assert header.header_bytes == len(saved(array)) - array.nbytes


@pytest.mark.parametrize(
    "text",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2000000000000,)}",  # 8 TB
        "{'descr': '<f4', 'fortran_order': False, 'shape': (26,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (True,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999)}",
        "{'descr': '|V0', 'fortran_order': False, 'shape': (99999999999,)}",
        "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': ('<f4', (10**9,)), 'fortran_order': False, 'shape': (1,)}",
        "{'descr': [('a',)], 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 1}",
        "(" * 5000,
        "{" * 5000,
        "-" * 9000 + "1",
        "9" * 9000,
        "[]",
        "",
    ],
    ids=lambda text: text[:70],
)
def test_what_no_array_has_written(text):
    with pytest.raises(DamagedFileError, match=r"^x\.npy: the file is damaged: "):
        read(with_header(text))


def test_objects_are_named():
    with pytest.raises(DamagedFileError, match=r"it holds pickled objects, which are never loaded"):
        read(saved(np.array([None])))


def test_whatever_bit_is_flipped():
    whole = saved(np.zeros((3, 4), np.float32))
    for place in range(8 * 128):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        try:
            header = read(bytes(damaged))
        except DamagedFileError:
            continue
        assert header.array_bytes <= 3 * 4 * 4
    for length in range(len(whole)):
        with pytest.raises(DamagedFileError):
            read(whole[:length])
    assert whole[:6] == npy.MAGIC_PREFIX


def test_no_more_is_read_than_a_header_may_have():
    class Asked(io.BytesIO):
        asked = 0

        def read(self, size=-1):
            self.asked = max(self.asked, len(self.getbuffer()) if size < 0 else size)
            return super().read(size)

    long = b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**32 - 1) + bytes(10**5)
    for content in (long, saved(np.zeros(10**5))):
        file = Asked(content)
        with contextlib.suppress(DamagedFileError):
            read_npy_header(file, "x.npy", 2**33)
        assert file.asked < 50_000
