"""Features that stay where they are stored: of which a few rows at a time come into memory."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from ..extras import import_extra
from ..files import as_path, check_target
from ..inputs.arrays import to_tensor
from ..inputs.copies import copied_bytes
from ..inputs.file_sizes import check_npy
from ..inputs.problem import feature_matrix

SUFFIXES = ".npy, .zarr or .parquet"


@dataclass(frozen=True)
class Stored:
    """Rows of features, as `kstar` takes them, that are not all in memory.

    Attributes
    ----------
    shape : (N, d) or (N, ...)
    read : from the first row and that behind the last one to those rows, of any kind of array
    copies : whether what is read takes memory of its own
    checkpoint : file that keeps what is found, so that a call goes on where another one was ended
    """

    shape: tuple[int, ...]
    read: Callable[[int, int], Any]
    copies: bool = True
    checkpoint: Path | None = None

    @property
    def dimensions(self) -> int:
        """How many features a sample has."""
        return int(np.prod(self.shape[1:]))

    def matrix(self, start: int, stop: int, name: str) -> Tensor:
        """Return these rows, (n, d) floats."""
        return feature_matrix(to_tensor(self.read(start, stop), name), name, stop - start, name)

    def copied_per_sample(self, name: str) -> int:
        """Return how many bytes of memory each sample takes that is read."""
        given = self.read(0, min(2, self.shape[0]))
        matrix = feature_matrix(to_tensor(given, name), name, len(given), name)
        own = 8 * self.dimensions if copied_bytes(matrix, given) else 0
        return own + (8 * self.dimensions if self.copies else 0)


def on_disk(
    path: str | os.PathLike[str], *, checkpoint: str | os.PathLike[str] | None = None
) -> Stored:
    """Return the features in a file as `kstar` takes them, without reading them.

    `kstar` and `kstar_distribution` then hold no more than a part of them at a time: as much as
    `memory_limit` allows or, without one, half of the machine's memory. On the CPU.

    Parameters
    ----------
    path : .npy, or .zarr: an array (N, d) or (N, ...); or .parquet: whose columns are the features
    checkpoint : file, optional
        What is found is kept there, once in a while, until the call ends well. If it is there
        already, the call goes on from it; one of other samples is refused.

    Raises
    ------
    ValueError
        If it is of another kind, or damaged.
    OSError
        If it cannot be read; or if the checkpoint could not be written.
    ImportError
        Without zarr or pyarrow, for a file of theirs.

    Examples
    --------
    >>> from kstar_gpu.scale.stored import on_disk
    >>> np.save("features.npy", features)
    >>> k = kstar(on_disk("features.npy"), labels, memory_limit=2**30)
    >>> np.array_equal(k, kstar(features, labels))
    True
    """
    path = as_path(path)
    keep = None if checkpoint is None else as_path(checkpoint, "checkpoint")
    if keep is not None:
        check_target(keep)
    match path.suffix:
        case ".npy":
            check_npy(path)
            rows = np.load(path, mmap_mode="r", allow_pickle=False)
            return Stored(rows.shape, lambda start, stop: rows[start:stop], False, keep)
        case ".zarr":
            array = import_extra("zarr", "disk", f"{path} needs zarr").open_array(path, mode="r")
            return Stored(tuple(array.shape), lambda start, stop: array[start:stop], True, keep)
        case ".parquet":
            return _of_parquet(path, keep)
    raise ValueError(f"path: {SUFFIXES} is wanted, got {str(path)!r}")


def _of_parquet(path: Path, checkpoint: Path | None) -> Stored:
    """Return the rows of a file in row groups, of which only those that are asked for are read."""
    parquet = import_extra("pyarrow.parquet", "disk", f"{path} needs pyarrow")
    file = parquet.ParquetFile(path)
    sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
    ends = np.cumsum(sizes)
    shape = (int(file.metadata.num_rows), len(file.schema_arrow))

    def read(start: int, stop: int) -> Any:
        first = int(np.searchsorted(ends, start, side="right"))
        last = int(np.searchsorted(ends, stop, side="left"))
        table = file.read_row_groups(list(range(first, last + 1)))
        return table.slice(start - int(ends[first] - sizes[first]), stop - start)

    return Stored(shape, read, True, checkpoint)
