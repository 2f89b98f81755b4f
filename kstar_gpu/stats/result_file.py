"""A k* distribution as a file: an .npz archive of its arrays, with a header of JSON.

    header        format, format version, package version, and the settings below
    the arrays    kstar, class_index, classes, population

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
FILE_VERSION = 1
ARRAYS = ("kstar", "class_index", "classes", "population")
SETTINGS = ("class_names", "metric", "query_form", "skewness", "threshold")


def write_result(fields: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write arrays and settings, by name, to exactly this path, whole or not at all."""
    header = {
        "format": FILE_FORMAT,
        "format_version": FILE_VERSION,
        "package_version": __version__,
    } | {name: fields[name] for name in SETTINGS}
    arrays = {name: fields[name] for name in ARRAYS}
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
    if header["format_version"] > FILE_VERSION:
        raise ValueError(
            f"{os.fspath(path)}: format version {FILE_VERSION} at most can be read by this "
            f"kstar-gpu, got {header['format_version']} (written by kstar-gpu "
            f"{header['package_version']})"
        )
    try:
        arrays = {name: members[name] for name in ARRAYS}
        settings = {name: header[name] for name in SETTINGS}
    except KeyError as lost:
        raise ValueError(f"{os.fspath(path)}: the file is damaged: it lacks {lost}") from lost
    return arrays | settings


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
