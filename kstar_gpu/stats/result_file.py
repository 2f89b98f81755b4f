"""A k* distribution as a file: an .npz archive of its arrays, with a header of JSON.

    header        format, format version, package version, and the settings below
    the arrays    kstar, class_index, classes, population; since format 2 foreign_at_zero

A result of which foreign_at_zero is not known is written in format 1, which lacks it.
Nothing in it is ever unpickled.
"""

import io
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..files import write_whole
from ..version import __version__

FILE_FORMAT = "kstar_gpu.KStarDistribution"
FILE_VERSION = 2
ARRAYS = ("kstar", "class_index", "classes", "population")
AT_ZERO = "foreign_at_zero"  # an array, too, since format 2
SETTINGS = ("class_names", "metric", "query_form", "skewness", "threshold")


def write_result(fields: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write arrays and settings, by name, to exactly this path, whole or not at all."""
    version = 1 if fields[AT_ZERO] is None else FILE_VERSION
    header = {
        "format": FILE_FORMAT,
        "format_version": version,
        "package_version": __version__,
    } | {name: fields[name] for name in SETTINGS}
    arrays = {name: fields[name] for name in _arrays_of(version)}
    archive = io.BytesIO()
    np.savez_compressed(archive, header=np.array(json.dumps(header)), **arrays)
    write_whole(Path(path), archive.getvalue())


def read_result(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return arrays and settings that `write_result` has written, by name.

    Raises
    ------
    ValueError
        If the file is no such file, is damaged, or has a newer format than this version reads.
    """
    members = _read_npz(path)
    header = _read_header(members, path)
    version = header.get("format_version")
    if not isinstance(version, int) or version < 1:
        raise ValueError(
            f"{os.fspath(path)}: the file is damaged: it says to be of format version {version!r}"
        )
    if version > FILE_VERSION:
        raise ValueError(
            f"{os.fspath(path)}: format version {FILE_VERSION} at most can be read by this "
            f"kstar-gpu, got {version} (written by kstar-gpu {header.get('package_version')})"
        )
    try:
        arrays = {name: members[name] for name in _arrays_of(version)}
        settings = {name: header[name] for name in SETTINGS}
    except KeyError as lost:
        raise ValueError(f"{os.fspath(path)}: the file is damaged: it lacks {lost}") from lost
    return arrays | settings


def _arrays_of(version: int) -> tuple[str, ...]:
    return ARRAYS if version < 2 else (*ARRAYS, AT_ZERO)


def _read_npz(path: str | os.PathLike[str]) -> dict[str, Any]:
    with open(path, "rb") as file:
        if not zipfile.is_zipfile(file):
            raise ValueError(f"{os.fspath(path)}: a whole .npz file is wanted, got something else")
        file.seek(0)
        try:
            with np.load(file, allow_pickle=False) as archive:
                return dict(archive)
        except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise ValueError(f"{os.fspath(path)}: the file is damaged: {error}") from error


def _read_header(members: Mapping[str, Any], path: str | os.PathLike[str]) -> dict[str, Any]:
    try:
        header = json.loads(str(members["header"]))
        if header["format"] == FILE_FORMAT:
            return dict(header)
    except (KeyError, TypeError, ValueError):
        pass  # someone else's file may hold anything
    raise ValueError(
        f"{os.fspath(path)}: a saved KStarDistribution is wanted, got another .npz file"
    )
