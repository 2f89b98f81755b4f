"""The manifest of a spill: what its files hold, their sums, and what they were made from.

It is written last, whole or not at all; while there is work to do, it says that, and which files
will be of the spill. What it says is checked before anything is believed: its own sum, that it has
the entries that it should have, and that its files are named as those of its layers are.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ..checked_json import read_checked, write_checked
from ..files import DamagedFileError
from ..names import file_name

MANIFEST = "manifest.json"
LABELS = "labels.npy"
FORMAT = "kstar_gpu.activations"
VERSION = 2  # the first with sums
# The types that numpy and torch have in common.
TYPES = {"bool", "float16", "float32", "float64", "complex64", "complex128"}
TYPES |= {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}


class FileEntry(NamedTuple):
    """What a .npy file of the spill holds: its name, of each row shape and type, and its sum."""

    file: str
    shape: tuple[int, ...]
    dtype: str
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a finished spill holds.

    Attributes
    ----------
    samples : number of rows
    layers : the file of each layer
    label_file : that of the labels
    made_from : whatever else is noted of the features
    """

    samples: int
    layers: dict[str, FileEntry]
    label_file: FileEntry
    made_from: dict[str, Any]


def layer_file_name(number: int, layer: str) -> str:
    """Return how the file of a layer is called."""
    return f"{number:03d}_{file_name(layer)}.npy"


def file_names(layers: Iterable[str]) -> list[str]:
    """Return the names of a spill's files, but for the manifest."""
    return [LABELS, *(layer_file_name(number, layer) for number, layer in enumerate(layers))]


def begin_manifest(folder: Path, layers: Iterable[str]) -> None:
    """Note that a spill of these layers is being written."""
    unfinished = {"format": FORMAT, "version": VERSION, "finished": False}
    write_checked(folder / MANIFEST, {**unfinished, "layers": dict.fromkeys(layers)})


def write_manifest(folder: Path, manifest: Manifest, settings: Mapping[str, Any]) -> None:
    """Note that a spill is finished.

    Parameters
    ----------
    folder : of the spill
    manifest : what it holds
    settings : what else whoever reads the file may want to know
    """
    entries = {
        "format": FORMAT,
        "version": VERSION,
        "finished": True,
        **settings,
        "samples": manifest.samples,
        "label_file": manifest.label_file._asdict(),
        "layers": {name: rows._asdict() for name, rows in manifest.layers.items()},
        "made_from": manifest.made_from,
    }
    write_checked(folder / MANIFEST, entries)


def note_made_from(folder: Path, made_from: Mapping[str, Any]) -> None:
    """Note in a finished spill what its features were made from, which `read_manifest` returns."""
    manifest = read_manifest(folder)  # or it would be believed from now on
    entries = read_checked(folder / MANIFEST)
    write_checked(folder / MANIFEST, {**entries, "made_from": {**manifest.made_from, **made_from}})


def spilled_before(folder: Path) -> list[str]:
    """Return the names of the files of a spill that was begun in a folder, if there was one."""
    try:
        entries = read_checked(folder / MANIFEST)
    except (FileNotFoundError, DamagedFileError):
        return []
    layers = entries.get("layers")
    if entries.get("format") != FORMAT or not isinstance(layers, dict):
        return []
    return [MANIFEST, *file_names(layers)]


def read_manifest(folder: Path) -> Manifest:
    """Return what a finished spill holds, by its manifest.

    Raises
    ------
    DamagedFileError
        If the manifest is damaged, or of something else, or of an earlier version.
    ValueError
        If the folder holds no finished spill.
    """
    path = folder / MANIFEST
    try:
        entries = read_checked(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _unfinished(folder) from error
    if (entries.get("format"), entries.get("version")) != (FORMAT, VERSION):
        raise DamagedFileError(path, f"{FORMAT} of version {VERSION} is wanted, got something else")
    if entries.get("finished") is not True:
        raise _unfinished(folder)
    try:
        return _checked(entries)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DamagedFileError(
            path, f"the file is damaged: no manifest says this ({error})"
        ) from error


def _unfinished(folder: Path) -> ValueError:
    return ValueError(f"{folder}: a finished spill of activations is wanted, got none")


def _checked(entries: dict[str, Any]) -> Manifest:
    samples = entries["samples"]
    if type(samples) is not int or samples < 1:
        raise ValueError(f"samples: {samples!r}")
    if not isinstance(entries["made_from"], dict):
        raise ValueError("made_from")
    layers = {
        name: _file_entry(rows, layer_file_name(number, name))
        for number, (name, rows) in enumerate(entries["layers"].items())
    }
    labels = _file_entry(entries["label_file"], LABELS)
    if labels.shape:
        raise ValueError(f"labels: {labels.shape}")
    return Manifest(samples, layers, labels, entries["made_from"])


def _file_entry(entry: dict[str, Any], name: str) -> FileEntry:
    """Return what an entry says of a file, if it is the file of that name."""
    rows = FileEntry(**entry)
    if rows.file != name:
        raise ValueError(f"{name} is called {rows.file!r}")
    if not isinstance(rows.shape, list) or any(type(n) is not int or n < 0 for n in rows.shape):
        raise ValueError(f"{name}: shape {rows.shape!r}")
    if rows.dtype not in TYPES or not re.fullmatch("[0-9a-f]{64}", rows.sha256):
        raise ValueError(f"{name}: dtype {rows.dtype!r}, sha256 {rows.sha256!r}")
    return rows._replace(shape=tuple(rows.shape))
