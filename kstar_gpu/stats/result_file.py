"""A k* distribution as a file: an .npz archive of its arrays, with a header of JSON.

    header        format, format version, package version, the settings, what it was made from
    the arrays    kstar, class_index, classes, population; where they are known, foreign_at_zero,
                  foreign_index, foreign_distance, foreign_class, ids
    the comment   SHA-256 of every byte before it

Arrays of integers are stored in the smallest type that holds them, and not compressed. Files of
formats 1 to 3 are read, too. None of them knows foreign samples; those of 2, and of 1 (without
foreign_at_zero), are compressed, and have neither a sum nor what they were made from. Nothing is
ever unpickled, and nothing is allocated for what a file says to be and is not.
"""

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..files import DamagedFileError, as_path, open_plain_file, write_whole
from ..npy_header import read_npy_header
from ..version import __version__
from .result_schema import ARRAYS, AT_ZERO, OPTIONAL, REFERENCE_NAMES, SETTINGS, check_fields

FILE_FORMAT = "kstar_gpu.KStarDistribution"
FILE_VERSION = 4
SEAL = b"kstar_gpu sha256 "  # before the sum: where and how it stands is the same in later formats
SUM_BYTES = 64
NARROWED = ("kstar", "class_index", "population", "foreign_index", "foreign_class")
# What compressed members of formats 1 and 2 may become: so much, or so many times the file.
SMALL, GROWTH = 1 << 26, 64


def write_result(
    fields: Mapping[str, Any],
    path: str | os.PathLike[str],
    made_from: Mapping[str, Any] | None = None,
) -> None:
    """Write arrays and settings, by name, to exactly this path, whole or not at all.

    Parameters
    ----------
    fields : of a `KStarDistribution`
    path : of the file
    made_from : what else the file is to say of itself, as JSON can hold it

    Raises
    ------
    ValueError, TypeError
        If these are not fields of a result.
    """
    check_fields(fields)
    header = {
        "format": FILE_FORMAT,
        "format_version": FILE_VERSION,
        "package_version": __version__,
        **{name: fields[name] for name in (*SETTINGS, REFERENCE_NAMES)},
        "made_from": dict(made_from or {}),
    }
    known = [*ARRAYS, *(name for name in OPTIONAL if fields[name] is not None)]
    arrays = {name: _narrow(fields[name]) if name in NARROWED else fields[name] for name in known}
    archive = io.BytesIO()
    arrays["header"] = np.array(json.dumps(header))
    np.savez(archive, **arrays)  # type: ignore[arg-type]  # none of them is called allow_pickle
    with zipfile.ZipFile(archive, "a") as members:
        members.comment = SEAL + b"0" * SUM_BYTES
    content = archive.getvalue()[:-SUM_BYTES]
    write_whole(as_path(path), content + _sum_of(content))


def read_result(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return arrays and settings that `write_result` has written, and what they were made from.

    Raises
    ------
    DamagedFileError
        A ValueError: if the file is no such file, or is damaged.
    ValueError
        If it has a newer format than this version reads.
    OSError
        If it is not there or cannot be opened.
    """
    with open_plain_file(Path(path), follow=True) as file:
        sealed = _read_sealed(file, path)
        try:
            members = _members(file if sealed is None else io.BytesIO(sealed), path)
            header = _header(members, path)
            version = header["format_version"]
            if isinstance(version, bool) or not isinstance(version, int) or version < 1:
                raise ValueError(f"it says to be of format version {version!r}")
            if version <= FILE_VERSION:
                return _fields(members, header, version, sealed is not None)
        except (DamagedFileError, MemoryError):  # sizes were checked: there is too little of it
            raise
        except Exception as error:  # whatever zip, numpy and JSON make of it
            raise DamagedFileError(path, f"the file is damaged: {_told(error)}") from error
    raise ValueError(
        f"{os.fspath(path)}: format version {FILE_VERSION} at most can be read by this "
        f"kstar-gpu, got {version} (written by kstar-gpu {header.get('package_version')})"
    )


def _narrow(values: NDArray[Any]) -> NDArray[Any]:
    return values.astype(np.min_scalar_type(int(values.max())))


def _sum_of(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()


def _read_sealed(file: BinaryIO, path: str | os.PathLike[str]) -> bytes | None:
    """Return all of a file that ends in its sum, and has it; None for one without a sum."""
    size = os.fstat(file.fileno()).st_size
    file.seek(max(0, size - len(SEAL) - SUM_BYTES))
    if not file.read().startswith(SEAL):
        return None
    file.seek(0)
    content = file.read()
    if _sum_of(content[:-SUM_BYTES]) != content[-SUM_BYTES:]:
        raise DamagedFileError(path, "the file is damaged: its bytes are not those of its sum")
    return content


def _members(file: BinaryIO, path: str | os.PathLike[str]) -> dict[str, NDArray[Any]]:
    """Return the arrays of an archive, if it can be one of ours."""
    if not zipfile.is_zipfile(file):
        raise DamagedFileError(path, "a whole .npz file is wanted, got something else")
    size = file.seek(0, os.SEEK_END)
    with zipfile.ZipFile(file) as archive:
        known = {f"{name}.npy": name for name in ("header", *ARRAYS, *OPTIONAL)}
        infos = archive.infolist()
        if "header.npy" not in archive.namelist():
            raise _of_another_kind(path)
        if len({info.filename for info in infos}) < len(infos) or len(infos) > len(known):
            raise ValueError("it has other members than it should")
        for info in infos:
            stored = info.compress_type == zipfile.ZIP_STORED
            if not stored and info.compress_type != zipfile.ZIP_DEFLATED:
                raise ValueError(f"{info.filename} is of another compression")
            if info.compress_size > size or (stored and info.file_size != info.compress_size):
                raise ValueError(f"{info.filename} is longer than the file")
        if sum(info.file_size for info in infos) > max(SMALL, GROWTH * size):
            raise ValueError("it would become too large")
        return {known[info.filename]: _array(_content(archive, info), path) for info in infos}


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """Return a member; of one that is longer than it says, no more than it says."""
    with archive.open(info) as member:
        return member.read(info.file_size)  # of `read()`, it all becomes memory before it is cut


def _array(content: bytes, path: str | os.PathLike[str]) -> NDArray[Any]:
    """Return an array (N,), or a single value, from a .npy file."""
    header = read_npy_header(io.BytesIO(content), path, len(content))
    if header.dtype.kind not in "biufU" or len(header.shape) > 1:
        raise ValueError(f"it has an array of {header.dtype} and shape {header.shape}")
    if header.header_bytes + header.array_bytes != len(content):
        raise ValueError("an array is not as long as it says")
    values = np.frombuffer(content, header.dtype, offset=header.header_bytes)
    return values.reshape(header.shape).astype(header.dtype.newbyteorder("="))


def _header(members: Mapping[str, Any], path: str | os.PathLike[str]) -> dict[str, Any]:
    header = json.loads(str(members["header"]))
    if not isinstance(header, dict) or header.get("format") != FILE_FORMAT:
        raise _of_another_kind(path)
    return header


def _of_another_kind(path: str | os.PathLike[str]) -> DamagedFileError:
    return DamagedFileError(path, "a saved KStarDistribution is wanted, got another .npz file")


def _fields(
    members: Mapping[str, NDArray[Any]], header: Mapping[str, Any], version: int, sealed: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the archive holds, if a result may hold it."""
    if version > 2 and not sealed:
        raise ValueError("it lacks the sum of its bytes")
    wanted = [*ARRAYS, AT_ZERO] if version == 2 else [*ARRAYS]
    fields = {name: members[name] for name in wanted} | {name: header[name] for name in SETTINGS}
    optional = OPTIONAL if version > 3 else (AT_ZERO,) if version > 1 else ()
    fields |= {name: members.get(name) if name in optional else None for name in OPTIONAL}
    fields[REFERENCE_NAMES] = header[REFERENCE_NAMES] if version > 3 else None
    check_fields(fields)
    fields |= {name: fields[name].astype(np.int64) for name in NARROWED if fields[name] is not None}
    made_from = header["made_from"] if version > 2 else {}
    if not isinstance(made_from, dict):
        raise ValueError("what it was made from is no mapping")
    return fields, made_from


def _told(error: Exception) -> str:
    return (
        f"it lacks {error}" if isinstance(error, KeyError) else f"{error or type(error).__name__}"
    )
