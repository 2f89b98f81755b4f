"""What a sweep keeps on disk: a directory for each model and data set, with a manifest.

    OUT/MODEL/DATA/run.json           the manifest: what the results were made from, their files
    OUT/MODEL/DATA/000_LAYER.npz      the result of a layer
    OUT/MODEL/DATA/features/          features of layers that are not finished, if they are spilled
    OUT/MODEL/DATA/features.sha256    fingerprint of the inputs and labels these were made from

Whatever is there and whole is not computed again; a directory that was made from something else is
refused. So is one of before version 2, which knew a network by parameters and buffers alone; what
is in it can still be read.
"""

import json
import os
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..files import DamagedFileError, write_whole
from ..names import file_name
from ..stats.distribution import KStarDistribution
from .activations import Activations, read_activations

MANIFEST = "run.json"
VERSION = 2
FEATURES = "features"
FEATURES_OF = "features.sha256"


class SweepDirectory:
    """One model on one data set: what of it is on disk.

    Parameters
    ----------
    out : where the sweep is kept
    model, data : names
    layers : names, in the order in which results are listed
    settings : what else the results depend on

    Attributes
    ----------
    finished : the results that are there and whole, by layer
    unrecordable : what is wrong with the layers that give no rows

    Raises
    ------
    ValueError
        If the directory was made with other settings.
    """

    def __init__(
        self,
        out: str | os.PathLike[str],
        model: str,
        data: str,
        layers: list[str],
        settings: dict[str, Any],
    ) -> None:
        self.folder = Path(out) / file_name(model) / file_name(data)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.layers = layers
        self.manifest = {
            **{"version": VERSION, "model": model, "data": data, **settings},
            **{"first_samples": {}, "layers": {}},
        }
        if (self.folder / MANIFEST).is_file():
            self.manifest = self._of_an_earlier_run()
        self.finished = dict(self._finished())
        self.unrecordable: dict[str, str] = self.manifest.setdefault("unrecordable", {})
        self.write()  # before any features: should the process be killed, they belong to this run

    @property
    def features(self) -> Path:
        """Where features are spilled."""
        return self.folder / FEATURES

    def spilled(self, layers: list[str]) -> tuple[Activations, str] | None:
        """Return the features of these layers that an earlier run has finished writing, if any.

        With them comes the fingerprint of the data that they were made from. Of features that are
        damaged there is a warning: they are to be recorded again.
        """
        try:
            found = read_activations(self.features)
            fingerprint = (self.folder / FEATURES_OF).read_text()
        except DamagedFileError as error:
            warnings.warn(f"{error}; features are recorded again", stacklevel=2)
            return None
        except (OSError, ValueError):
            return None
        return (found, fingerprint) if set(layers) <= set(found.features) else None

    def note_features_of(self, fingerprint: str) -> None:
        """Note what data the spilled features were made from."""
        write_whole(self.folder / FEATURES_OF, fingerprint)

    def remove_features(self) -> None:
        """Remove the spilled features: they are no longer needed."""
        (self.folder / FEATURES_OF).unlink(missing_ok=True)
        shutil.rmtree(self.features, ignore_errors=True)

    def check_data(self, fingerprint: str, samples: int) -> None:
        """See that the inputs and labels are those of the earlier runs; note them in the first.

        Raises
        ------
        ValueError
            If they are others.
        """
        earlier = self.manifest.setdefault("samples", samples)
        if self.manifest.setdefault("data_sha256", fingerprint) != fingerprint:
            self.remove_features()
            raise ValueError(
                f"out: {self.folder} was made with other inputs or labels (of {earlier} samples, "
                f"now of {samples}); choose another directory, or give the same data in the same "
                "order: a loader that begins anew, without shuffle=True"
            )
        self.write()

    def kept_in_short(self) -> dict[str, list[str]]:
        """Return what was kept of the first samples' features, of each layer that is finished."""
        kept: dict[str, list[str]] = self.manifest["first_samples"]
        return {layer: kept[layer] for layer in self.finished}

    def refuse_layers(self, layers: list[str]) -> None:
        """Refuse layers that are finished, or whose features are there, and give others now.

        Raises
        ------
        ValueError
            If there are any.
        """
        if layers:
            self.remove_features()
            raise ValueError(
                f"out: {self.folder} was made with another model: layer {layers[0]!r} gives other "
                f"features for the first samples now (of {len(layers)} layers so far: "
                f"{', '.join(map(repr, layers))}), though its structure and parameters are the "
                "same; choose another directory"
            )

    def save(self, layer: str, result: KStarDistribution, first_samples: list[str]) -> None:
        """Keep the result of a layer, and the features of its first samples in short."""
        self.manifest["first_samples"][layer] = first_samples
        file = f"{self.layers.index(layer):03d}_{file_name(layer)}.npz"
        result.save(self.folder / file)
        files = {**self.manifest["layers"], layer: file}
        # In the order of the layers, not in that of their being finished.
        names = dict.fromkeys([*filter(files.__contains__, self.layers), *files])
        self.manifest["layers"] = {name: files[name] for name in names}
        self.write()

    def write(self) -> None:
        """Write the manifest."""
        write_whole(self.folder / MANIFEST, json.dumps(self.manifest, indent=1) + "\n")

    def _of_an_earlier_run(self) -> dict[str, Any]:
        """Return the manifest that is there, if it says what this one does."""
        earlier = _read_manifest(self.folder / MANIFEST)
        if earlier.get("version") != VERSION:
            raise ValueError(
                f"out: {self.folder} was made by another version of kstar_gpu, which knew a "
                "network by other marks; choose another directory (Sweep.load still reads this one)"
            )
        for name, value in self.manifest.items():
            if name not in ("layers", "first_samples") and earlier.get(name) != value:
                raise ValueError(
                    f"out: {self.folder} was made with {name} {earlier.get(name)!r}, "
                    f"now it is {value!r}; choose another directory"
                )
        return earlier

    def _finished(self) -> Iterator[tuple[str, KStarDistribution]]:
        for layer in filter(self.manifest["layers"].__contains__, self.layers):
            result = _whole_result(self.folder / self.manifest["layers"][layer])
            if result is not None and layer in self.manifest["first_samples"]:
                yield layer, result


def read_sweep(
    out: str | os.PathLike[str],
) -> Iterator[tuple[str, str, str, KStarDistribution | str]]:
    """Yield model, data set, layer, and its result or what is wrong with it, from a directory."""
    for path in sorted(Path(out).glob(f"*/*/{MANIFEST}")):
        manifest = _read_manifest(path)
        model, data = manifest["model"], manifest["data"]
        for layer, file in manifest["layers"].items():
            result = _whole_result(path.parent / file)
            if result is not None:
                yield model, data, layer, result
        for layer, message in manifest.get("unrecordable", {}).items():
            yield model, data, layer, message


def _read_manifest(path: Path) -> dict[str, Any]:
    """Return what a manifest says; a ValueError if it is none."""
    try:
        manifest: Any = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict) or not {"model", "data", "layers"} <= manifest.keys():
        raise ValueError(f"{path}: a sweep's manifest is wanted, got something else, or damaged")
    return manifest


def _whole_result(path: Path) -> KStarDistribution | None:
    """Return a result if it is there and whole."""
    try:
        return KStarDistribution.load(path)
    except (OSError, ValueError):
        return None
