"""Features of layers as they come, batch by batch: kept in memory, or spilled to a directory.

A spill is a directory with one .npy file a layer, to be mapped into memory, and a manifest. That is
written last, whole or not at all: a directory without one is not finished. Files of an unfinished
one are whole .npy files nevertheless, of the batches that were complete.
"""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.lib import format as npy
from numpy.typing import NDArray
from torch import Tensor

from ..files import write_whole
from ..names import file_name

MANIFEST = "manifest.json"
LABELS = "labels.npy"
FORMAT = "kstar_gpu.activations"


class MemoryStore:
    """Keeps what layers give in memory.

    Parameters
    ----------
    layers : names
    """

    def __init__(self, layers: list[str]) -> None:
        self.features: dict[str, list[Tensor]] = {name: [] for name in layers}
        self.labels: list[Tensor] = []

    def append(self, rows: Mapping[str, Tensor], labels: Tensor) -> None:
        """Take one batch."""
        for name, values in rows.items():
            self.features[name].append(values)
        self.labels.append(labels)

    def close(self) -> None:
        """Take no more batches."""

    def finish(self) -> tuple[dict[str, Tensor], Tensor]:
        """Return the features by layer, and the labels."""
        # Popped, so that parts and whole are in memory of one layer alone.
        joined = {name: torch.cat(self.features.pop(name)) for name in [*self.features]}
        return joined, torch.cat(self.labels)


class LayerFile:
    """A .npy file that grows by rows. Its header has room for any number of them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self.shape: tuple[int, ...] = ()
        self.dtype: np.dtype[Any] = np.dtype(np.float32)
        # Unbuffered: a full disk is noticed where it happens.
        self.file = open(path, "w+b", buffering=0)  # noqa: SIM115  # closed by `close`
        self.header_end = 0  # 0 as long as it has none

    def append(self, values: NDArray[Any]) -> None:
        """Write rows behind those that are there."""
        if self.rows == 0:
            self.shape, self.dtype = values.shape[1:], values.dtype
            self._write_header()
            self.header_end = self.file.tell()
        unwritten = memoryview(values.tobytes())
        while unwritten:
            unwritten = unwritten[self.file.write(unwritten) :]
        self.rows += len(values)

    def close(self, rows: int) -> None:
        """Keep so many rows, and note them in the header."""
        if self.header_end:
            row_bytes = self.dtype.itemsize * int(np.prod(self.shape, dtype=np.int64))
            self.file.truncate(self.header_end + rows * row_bytes)
            self.rows = rows
            self._write_header()
        self.file.close()

    def _write_header(self) -> None:
        self.file.seek(0)
        description = npy.dtype_to_descr(self.dtype)
        shape = (self.rows, *self.shape)
        header = {"descr": description, "fortran_order": False, "shape": shape}
        npy.write_array_header_1_0(self.file, header)


class Spill:
    """Writes what layers give to a directory, batch by batch.

    Parameters
    ----------
    directory : path, made if it is not there; what an earlier spill left there is replaced
    layers : names
    settings : what the features depend on, for the manifest
    batches : how many there will be, if that is known
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        layers: list[str],
        settings: Mapping[str, Any],
        batches: int | None,
    ) -> None:
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / MANIFEST).unlink(missing_ok=True)
        self.settings = dict(settings)
        self.batches_expected = batches
        self.batches_written = 0
        self.samples = 0
        self.labels: list[Tensor] = []
        self.files = {
            name: LayerFile(self.directory / f"{number:03d}_{file_name(name)}.npy")
            for number, name in enumerate(layers)
        }

    def append(self, rows: Mapping[str, Tensor], labels: Tensor) -> None:
        """Write one batch.

        Raises
        ------
        OSError
            If the disk is full; with what is wanted still, as far as that is known.
        """
        try:
            for name, values in rows.items():
                wide = values.float() if values.dtype == torch.bfloat16 else values
                self.files[name].append(wide.contiguous().numpy())
        except OSError as failed:
            if failed.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise OSError(failed.errno, self._no_space_left()) from failed
        self.labels.append(labels)
        self.samples += len(labels)
        self.batches_written += 1

    def close(self) -> None:
        """Keep the batches that are complete, in files that are whole."""
        for file in self.files.values():
            file.close(self.samples)

    def finish(self) -> tuple[dict[str, Tensor], Tensor]:
        """Write labels and manifest, and return what `read_spill` does."""
        labels = torch.cat(self.labels).numpy()
        np.save(self.directory / LABELS, labels)
        manifest = {
            "format": FORMAT,
            **self.settings,
            "samples": self.samples,
            "labels_sha256": hashlib.sha256(labels.tobytes()).hexdigest(),
            "layers": {
                name: {"file": file.path.name, "shape": file.shape, "dtype": str(file.dtype)}
                for name, file in self.files.items()
            },
        }
        write_whole(self.directory / MANIFEST, json.dumps(manifest, indent=1) + "\n")
        return read_spill(self.directory)

    def _no_space_left(self) -> str:
        free = shutil.disk_usage(self.directory).free
        wanted = "more room is wanted"
        written = sum(file.path.stat().st_size for file in self.files.values())
        if self.batches_expected and self.batches_written:
            batches_left = self.batches_expected - self.batches_written
            left = written * batches_left // self.batches_written
            wanted = f"about {left} bytes more are wanted, {free} are free"
        return (
            f"spill: no space left in {self.directory} after {self.samples} samples "
            f"({written} bytes): {wanted}"
        )


def read_spill(directory: str | os.PathLike[str]) -> tuple[dict[str, Tensor], Tensor]:
    """Return the features by layer, memory-mapped, and the labels.

    Raises
    ------
    ValueError
        If the directory holds no finished spill, or what it holds does not fit its manifest.
    """
    folder = Path(directory)
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        known = manifest["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise ValueError(f"{folder}: a finished spill of activations is wanted, got none")
    labels = np.load(folder / LABELS)
    if hashlib.sha256(labels.tobytes()).hexdigest() != manifest["labels_sha256"]:
        raise ValueError(f"{folder}: {LABELS} is not what its manifest says")
    features = {}
    for name, entry in manifest["layers"].items():
        # Copy on write: torch wants memory that may be written to, and the file stays as it is.
        try:
            values = np.load(folder / entry["file"], mmap_mode="c")
        except (EOFError, ValueError) as error:
            raise ValueError(f"{folder}: {entry['file']} cannot be read: {error}") from error
        if values.shape != (manifest["samples"], *entry["shape"]):
            raise ValueError(f"{folder}: {entry['file']} is not what its manifest says")
        features[name] = torch.from_numpy(values)
    return features, torch.from_numpy(labels)
