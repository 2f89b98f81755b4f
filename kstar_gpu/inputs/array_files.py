"""Files of arrays, as FILE[:KEY] names them; never unpickled.

.npy, .npz, .pt and .safetensors are read here; tables in `table_files`, what is read piece by piece
in `stored_arrays`.
"""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..extras import import_extra
from ..names import one_line
from .file_sizes import GrowthError, check_growth, check_npy, check_npz_member, check_zip
from .frames import is_column
from .labels import encode_both
from .stored_arrays import open_hdf5, open_zarr
from .table_files import Columns, open_csv, open_parquet

PLAIN = (str, bytes, bool, int, float)  # values that a list of labels may have
SUFFIXES = ".npy, .npz, .pt, .safetensors, .csv, .parquet, .h5 or .zarr"


def read_samples(features: str, labels: str | None, option: str) -> tuple[Any, Any, Any]:
    """Return features, their labels, and the class names (or None) that lie in the same file.

    Parameters
    ----------
    features : FILE[:KEY], by default the entry "features"; of a table, the column of vectors, or
        the columns that a glob names, by default all but the labels
    labels : FILE[:KEY], by default the entry "labels", of the same file if None
    option : what gives the labels, for the error if none are found

    Raises
    ------
    ValueError, OSError
        If there is no such file or entry; if a file is damaged, or of another kind.
    ImportError
        Without the package that reads a file of that kind.
    """
    file, key = open_named(features)
    if labels is None and "labels" not in file.names:
        entries = f" (entries: {file.listed})" if isinstance(file.content, Columns) else ""
        raise ValueError(f"{option} is wanted, since {file.path} has no entry 'labels'{entries}")
    if labels is not None and labels in file.names and not Path(labels).exists():
        raise FileNotFoundError(
            f"{option}: there is no file {labels}; {file.path}:{labels} is the entry of that name"
        )
    label_key = "labels"
    if labels is not None and path_and_key(labels)[0] == file.path:
        label_key = path_and_key(labels)[1] or label_key
    return (
        file.entry(key, "features", label_key),
        file.entry("labels", "labels") if labels is None else read_labels(labels),
        file.class_names(),
    )


def read_labels(labels: str) -> Any:
    """Return the labels that FILE[:KEY] names, by default the entry "labels"."""
    file, key = open_named(labels)
    return file.entry(key, "labels")


def names_that_fit(names: Any, labels: Any, reference_labels: Any) -> list[str] | None:
    """Return the names found beside the labels if those are numbers and as many classes."""
    if names is None:
        return None
    *_, classes = encode_both(labels, reference_labels)
    found = names.tolist() if isinstance(names, Tensor | np.ndarray) else names
    if classes.dtype.kind in "US" or np.shape(found) != classes.shape:
        return None
    return [name.decode() if isinstance(name, bytes) else str(name) for name in found]


@dataclass(frozen=True)
class ArrayFile:
    """A file of arrays: a bare one, or named entries of which only those asked for are read."""

    path: Path
    content: Any

    @property
    def names(self) -> dict[str, Any]:
        """The names of its entries, and what they are in the file."""
        return {str(name): name for name in self.content} if self._has_names else {}

    @property
    def listed(self) -> str:
        """The names of its entries, to be told."""
        return ", ".join(map(one_line, self.names)) or "none with a name"

    def entry(self, key: str | None, default: str, labels: str | None = None) -> Any:
        """Return the entry `key`; without a key the bare array or the entry `default`.

        An array, a tensor, a list of plain values, or a column. With the name of the `labels`,
        features are asked for: of a table that may be several columns.
        """
        if key is None and not self._has_names:
            return self._array(self.content, "")
        name = key or default
        if isinstance(self.content, Columns) and name not in self.names:
            found = self._columns(key, labels)
            if found is not None:
                return found
        if name not in self.names:
            raise ValueError(f"{self.path} has no entry {name!r}; entries: {self.listed}")
        with _readable(self.path):
            if isinstance(self.content, np.lib.npyio.NpzFile) and self.content.zip:
                check_npz_member(self.path, self.content.zip, name)
            content = self.content[self.names[name]]
        return self._array(content, f" as entry {name!r}")

    def _columns(self, key: str | None, labels: str | None) -> Any:
        """Return several columns as features, or the only one as labels; None if that is not so."""
        if labels is not None:
            return self.content.without(labels) if key is None else self.content.matching(key)
        return (
            self.content[next(iter(self.names))] if key is None and len(self.names) == 1 else None
        )

    @property
    def _has_names(self) -> bool:
        return isinstance(self.content, Mapping)

    def _array(self, content: Any, where: str) -> Any:
        """Return what is an array; refuse what else torch keeps in a file."""
        if isinstance(content, Tensor):
            check_growth(self.path, content.numel() * content.element_size())  # once expanded
        if isinstance(content, Tensor | np.ndarray) or is_column(content):
            return content
        if isinstance(content, list | tuple) and all(isinstance(one, PLAIN) for one in content):
            return list(content)
        raise ValueError(f"{self.path}: an array is wanted{where}, got {_described(content)}")

    def class_names(self) -> Any:
        """Return the entry "class_names", if it has one."""
        return self.entry("class_names", "class_names") if "class_names" in self.names else None


def open_named(argument: str) -> tuple[ArrayFile, str | None]:
    """Open FILE[:KEY], and return the key with it."""
    path, key = path_and_key(argument)
    return open_arrays(path), key


def path_and_key(argument: str) -> tuple[Path, str | None]:
    """Split FILE[:KEY] after the longest part that is a file, since names may hold colons."""
    parts = argument.split(":")
    for length in range(len(parts), 0, -1):
        path = Path(":".join(parts[:length]))
        if path.is_file() or (path.suffix == ".zarr" and path.is_dir()):
            return path, ":".join(parts[length:]) or None
    raise FileNotFoundError(f"{argument}: there is no such file")


def open_arrays(path: Path) -> ArrayFile:
    """Open a file of arrays, of the kind that its suffix says."""
    match path.suffix:
        case ".npy" | ".npz":
            with _readable(path):
                check_npy(path)
                return ArrayFile(path, np.load(path, allow_pickle=False))
        case ".pt" | ".pth" | ".ckpt" | ".bin":  # what checkpoints end in
            with _readable(path), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a damaged one torch warns, too
                check_zip(path)
                return ArrayFile(path, torch.load(path, map_location="cpu", weights_only=True))
        case ".safetensors":
            return ArrayFile(path, _load_safetensors(path))
        case ".csv":
            return ArrayFile(path, open_csv(path))
        case ".parquet":
            return ArrayFile(path, open_parquet(path))
        case ".h5":
            return ArrayFile(path, open_hdf5(path))
        case ".zarr":
            return ArrayFile(path, open_zarr(path))
    raise ValueError(f"{path}: {SUFFIXES} is wanted, got {path.suffix!r}")


def _described(content: Any) -> str:
    """Say what an entry is, in a few words."""
    kind = type(content).__name__
    if isinstance(content, Mapping):
        return f"{kind} of {', '.join(map(one_line, content)) or 'nothing'}"
    if isinstance(content, list | tuple):
        return f"{kind} of {', '.join(sorted({type(one).__name__ for one in content}))}"
    return kind


def _load_safetensors(path: Path) -> dict[str, Tensor]:
    import_extra("safetensors", "safetensors", f"{path} needs safetensors")

    from safetensors.torch import load_file

    try:
        tensors: dict[str, Tensor] = load_file(path)
    except (OSError, MemoryError):
        raise
    except Exception as error:  # also torch's, at types that it lacks
        raise ValueError(f"{path} cannot be read: {error}") from error
    return tensors


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Say in one line what is wrong with a file that numpy or torch refuse.

    They raise anything at one that is damaged, or that they would have to unpickle.
    """
    try:
        yield
    except (MemoryError, GrowthError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise  # there is none of that name, or it is locked
        raise ValueError(
            f"{path} cannot be read: it is damaged, or it holds pickled objects, "
            "which are never loaded"
        ) from error
