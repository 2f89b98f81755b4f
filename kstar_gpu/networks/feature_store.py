"""Features of layers as they come, batch by batch: kept in memory, or spilled to a directory.

A spill is a directory with one .npy file a layer, to be mapped into memory, and a manifest with the
sum of each. That is written last: before, nothing of it is taken for finished. Files of an
unfinished one are whole .npy files nevertheless, of the batches that were complete.
"""

import errno
import os
import shutil
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from numpy.typing import NDArray
from torch import Tensor

from ..known import Known
from ..names import one_line
from .hooks import LayerError
from .layer_file import LayerFile, read_layer
from .spill_manifest import (
    LABELS,
    MANIFEST,
    Manifest,
    begin_manifest,
    layer_file_name,
    read_manifest,
    spilled_before,
    write_manifest,
)

TAKEN = (
    "spill: another run has begun in {} and replaced the files of this one, whose features are "
    "right, but not kept"
)


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
        return Known(joined), torch.cat(self.labels)


class Spill:
    """Writes what layers give to a directory, batch by batch.

    Parameters
    ----------
    directory : path, made if it is not there; what an earlier spill left there is replaced
    layers : names
    settings : what the features depend on, for the manifest
    batches : how many there will be, if that is known

    Raises
    ------
    ValueError
        If the directory holds something else by the name of a file that is to be written.
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
        names = {layer: layer_file_name(number, layer) for number, layer in enumerate(layers)}
        _make_room(self.directory, [MANIFEST, LABELS, *names.values()])
        begin_manifest(self.directory, layers)
        self.settings = dict(settings)
        self.batches_expected = batches
        self.batches_written = 0
        self.samples = 0
        self.labels: list[Tensor] = []
        self.label_file = LayerFile(self.directory / LABELS)
        self.files = {layer: LayerFile(self.directory / name) for layer, name in names.items()}

    def append(self, rows: Mapping[str, Tensor], labels: Tensor) -> None:
        """Write one batch.

        Raises
        ------
        LayerError
            If a layer gives another type than in the batches before, which one file cannot hold.
        OSError
            If the disk is full; with what is wanted still, as far as that is known.
        """
        arrays = {name: _array(values) for name, values in rows.items()}
        strange = {
            name: f"must give one type throughout where it is spilled, got {values.dtype} after "
            f"{self.files[name].dtype}"
            for name, values in arrays.items()
            if self.samples and values.dtype != self.files[name].dtype
        }
        if strange:
            raise LayerError(strange)
        with self._named_if_full():
            for name, values in arrays.items():
                self.files[name].append(values)
        self.labels.append(labels)
        self.samples += len(labels)
        self.batches_written += 1

    def finish(self) -> tuple[dict[str, Tensor], Tensor]:
        """Write what is left; return the features by layer, memory-mapped, and the labels."""
        labels = torch.cat(self.labels)
        with self._named_if_full():
            self.label_file.append(_array(labels))
            label_entry, _ = self.label_file.finish()
            finished = {name: file.finish() for name, file in self.files.items()}
            entries = {name: entry for name, (entry, _) in finished.items()}
            if all(file.has_its_name() for file in (self.label_file, *self.files.values())):
                manifest = Manifest(self.samples, entries, label_entry, {})
                write_manifest(self.directory, manifest, self.settings)
            else:
                warnings.warn(TAKEN.format(one_line(self.directory)), stacklevel=3)
        return Known((name, rows) for name, (_, rows) in finished.items()), labels

    def close(self) -> None:
        """Keep the batches that are complete, in files that are whole."""
        for file in (self.label_file, *self.files.values()):
            file.close(self.samples)

    @contextmanager
    def _named_if_full(self) -> Iterator[None]:
        """Within, an error of a full disk says what is wanted still."""
        try:
            yield
        except OSError as failed:
            if failed.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise OSError(failed.errno, self._no_space_left()) from failed

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


class Spilled(NamedTuple):
    """What a spill holds: features by layer, mapped, labels, and what they were made from."""

    features: dict[str, Tensor]
    labels: Tensor
    made_from: dict[str, Any]


def read_spill(directory: str | os.PathLike[str]) -> Spilled:
    """Return what a finished spill holds, after every byte of it was read and compared.

    `note_made_from` has noted what `made_from` says; nothing, if nobody did.

    Raises
    ------
    DamagedFileError
        A ValueError: if what the directory holds does not fit its manifest.
    ValueError
        If it holds no finished spill.
    """
    folder = Path(directory)
    manifest = read_manifest(folder)
    labels = read_layer(folder, manifest.label_file, manifest.samples).clone()
    features = {
        layer: read_layer(folder, rows, manifest.samples) for layer, rows in manifest.layers.items()
    }
    return Spilled(features, labels, manifest.made_from)


def _make_room(folder: Path, names: list[str]) -> None:
    """Remove what an earlier spill has left; refuse what else is in the way."""
    earlier = spilled_before(folder)
    for name in names:
        path = folder / name
        if os.path.lexists(path) and (name not in earlier or path.is_dir()):
            raise ValueError(
                f"spill: {path} is there already, and not of an earlier spill; choose another "
                "directory, or remove it"
            )
    for name in earlier:
        if name != MANIFEST:  # which is replaced: until then it tells what these are
            (folder / name).unlink(missing_ok=True)


def _array(values: Tensor) -> NDArray[Any]:
    """Return a tensor as an array, which has no bfloat16."""
    wide = values.float() if values.dtype == torch.bfloat16 else values
    return wide.contiguous().numpy()
