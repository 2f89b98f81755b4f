"""One model on one data set, as a sweep keeps it on disk: what is there, and who works on it.

    OUT/MODEL/DATA/LAYER.npz            results, one a layer (see `outcome_files`)
    OUT/MODEL/DATA/LAYER.failed.json    what is wrong with a layer that gives no rows
    OUT/MODEL/DATA/features/JOB/        what a process has spilled (see `sweep_features`)
    OUT/MODEL/DATA/claim.1              who works there (see `claims`)

Whatever is there and whole is not computed again; a directory that was made from something else is
refused. Where nothing is left to do, nothing is written. No result depends on claims: they keep
processes from doing the same work, and from cleaning up after one another.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..files import PARTIAL, DamagedFileError, make_folder
from ..stats.distribution import KStarDistribution
from .activations import Activations
from .claims import Claim, claim_at_once, claims_in, is_claimed, wait_for_claim
from .object_store import ObjectStore, is_address
from .outcome_files import (
    check_version,
    data_folder,
    layer_paths,
    outcome_paths,
    read_outcome,
    write_outcome,
)
from .spill_manifest import note_made_from
from .sweep_features import FEATURES, remove, remove_halves, spilled_features, whole_spills


class TakenError(Exception):
    """Another process works there."""


class SweepDirectory:
    """One model on one data set: what of it is on disk.

    Parameters
    ----------
    out : where the sweep is kept
    model, data : names
    layers : names, with the position of each in the model
    settings : what else the results depend on
    store : which `out` is a copy of, if it is

    Attributes
    ----------
    finished : the results that are there and whole, by layer
    unrecordable : what is wrong with the layers that give no rows
    damaged : what is wrong with files that do not count, for a warning

    Raises
    ------
    ValueError
        If the directory was made with other settings, or by a version before.
    """

    def __init__(
        self,
        out: str | os.PathLike[str],
        model: str,
        data: str,
        layers: Mapping[str, int],
        settings: Mapping[str, Any],
        store: ObjectStore | None = None,
    ) -> None:
        self.out = Path(out)
        self.folder = data_folder(out, model, data)
        self.store = store
        self.layers = layers
        # As a file will say it.
        made_from = json.dumps({"model": model, "data": data, **settings})
        self.made_from: dict[str, Any] = json.loads(made_from)
        self.finished: dict[str, KStarDistribution] = {}
        self.unrecordable: dict[str, str] = {}
        self.damaged: dict[str, None] = {}  # once each, in order
        self._claim: Claim | None = None
        self._look()

    def missing(self) -> list[str]:
        """Return the layers that are still to be computed."""
        known = {*self.finished, *self.unrecordable}
        return [layer for layer in self.layers if layer not in known]

    @contextmanager
    def claimed(self, wait: bool = True) -> Iterator[None]:
        """Within, nobody else works there; what others have finished until then is there.

        Raises
        ------
        TakenError
            If somebody does, and is not to be waited for.
        """
        make_folder(self.out, self.folder.parent.name, self.folder.name)
        claim = wait_for_claim(self.folder) if wait else claim_at_once(self.folder)
        if claim is None:
            raise TakenError(str(self.folder))
        try:
            with claim as self._claim:
                self._clean()
                self._look()
                yield
        finally:
            self._claim = None

    def tidy(self) -> None:
        """Remove what processes that are gone have left of a finished sweep, if that can be."""
        with suppress(OSError):
            left = any(map(_is_left, os.listdir(self.folder)))
            claim = claim_at_once(self.folder) if left or claims_in(self.folder) else None
            if claim is not None:
                with claim as self._claim:
                    self._clean()
                    self.remove_features()
        self._claim = None

    @property
    def features(self) -> Path:
        """Where this process spills features, while it has claimed the directory."""
        assert self._claim is not None
        return make_folder(self.folder, FEATURES, self._claim.token)

    def spilled(self, layers: list[str]) -> Activations | None:
        """Return the features of these layers that an earlier run has finished writing, if any."""
        return spilled_features(self.folder, layers, self.damaged)

    def note_features(self, fingerprint: str, samples: int) -> None:
        """Note what the features were made from that this process has spilled."""
        of_the_data = {"data_sha256": fingerprint, "samples": samples}
        with suppress(ValueError):  # another process has removed them, of which there is a warning
            note_made_from(self.features, self.made_from | of_the_data)

    def remove_features(self) -> None:
        """Remove all spilled features: they are no longer needed."""
        if self._claim is not None:
            remove(self.folder / FEATURES)

    def _remove_own_features(self) -> None:
        """Remove what this process has spilled; what others have, the right ones can go on with."""
        if self._claim is not None:
            remove(self.folder / FEATURES / self._claim.token)

    def check_data(self, fingerprint: str, samples: int) -> None:
        """See that the inputs and labels are those of the earlier runs.

        Raises
        ------
        ValueError
            If they are others.
        """
        for said in self._earlier:
            if said["data_sha256"] != fingerprint:
                self._remove_own_features()
                raise ValueError(
                    f"out: {self.folder} was made with other inputs or labels (of "
                    f"{said['samples']} samples, now of {samples}); choose another directory, or "
                    "give the same data in the same order: a loader that begins anew, without "
                    "shuffle=True"
                )
        self.made_from |= {"data_sha256": fingerprint, "samples": samples}

    def kept_in_short(self) -> dict[str, list[str]]:
        """Return what was kept of the first samples' features, of each layer that is finished."""
        return dict(self._first_samples)

    def refuse_layers(self, layers: list[str]) -> None:
        """Refuse layers that are finished, or whose features are there, and give others now.

        Raises
        ------
        ValueError
            If there are any.
        """
        if layers:
            self._remove_own_features()
            raise ValueError(
                f"out: {self.folder} was made with another model: layer {layers[0]!r} gives other "
                f"features for the first samples now (of {len(layers)} layers so far: "
                f"{', '.join(map(repr, layers))}), though its structure and parameters are the "
                "same; choose another directory"
            )

    def save(self, layer: str, result: KStarDistribution, first_samples: list[str]) -> None:
        """Keep the result of a layer, and the features of its first samples in short."""
        made_from = self._made_from(layer) | {"first_samples": first_samples}
        self._write(made_from, result)

    def save_unrecordable(self, layers: list[str]) -> None:
        """Keep what is wrong with those of these layers that give no rows."""
        for layer in filter(self.unrecordable.__contains__, layers):
            self._write(self._made_from(layer), self.unrecordable[layer])

    def _write(self, made_from: dict[str, Any], outcome: KStarDistribution | str) -> None:
        write_outcome(self.folder, made_from, outcome)
        if self.store is not None:
            for path in layer_paths(self.folder, made_from["layer"]):
                self.store.push(path)

    def _made_from(self, layer: str) -> dict[str, Any]:
        return {**self.made_from, "layer": layer, "position": self.layers[layer]}

    def _look(self) -> None:
        """Read what is there, see that it was made with these settings, and take what is whole."""
        if self.store is not None:
            self.store.fetch(self.folder)
        check_version(self.out)
        self._earlier: list[dict[str, Any]] = []
        self._first_samples: dict[str, list[str]] = {}
        results: dict[str, KStarDistribution] = {}
        failures: dict[str, str] = {}
        for path in outcome_paths(self.folder):
            try:
                _, said, outcome = read_outcome(path)
            except FileNotFoundError:  # it was taken away just now
                continue
            except DamagedFileError as damage:
                self.damaged[f"{damage}; a layer that lacks its result is computed again"] = None
                continue
            self._check_settings(path, said)
            layer = said["layer"]
            if isinstance(outcome, str):
                failures[layer] = outcome
            else:
                results[layer] = outcome
                if layer in self.layers:
                    self._first_samples[layer] = said["first_samples"]
        # In the order in which they are asked for; and in place, for a run that has them.
        self.finished.update((name, results[name]) for name in self.layers if name in results)
        self.unrecordable.update((name, failures[name]) for name in self.layers if name in failures)
        if self._claim is not None:
            for spill, said in whole_spills(self.folder, self.damaged).items():
                self._check_settings(spill, said)

    def _check_settings(self, path: Path, said: dict[str, Any]) -> None:
        for name, value in self.made_from.items():
            if said.get(name) != value:
                raise ValueError(
                    f"out: {path} was made with {name} {said.get(name)!r}, now it is {value!r}; "
                    "choose another directory"
                )
        self._earlier.append(said)

    def _clean(self) -> None:
        """Remove what processes that are gone have left: files and features that are not whole."""
        for name in filter(_is_left, os.listdir(self.folder)):
            if name != FEATURES:
                remove(self.folder / name)
        remove_halves(self.folder, self.damaged)


def check_free(out: str | os.PathLike[str] | None, model: str, data: str) -> None:
    """See that no other process works on a model and data set, as far as that is known at once.

    Raises
    ------
    TakenError
        If one does.
    """
    if out is not None and not is_address(out) and is_claimed(data_folder(out, model, data)):
        raise TakenError(f"{model} {data}")


def _is_left(name: str) -> bool:
    """Whether nothing of that name is of a finished sweep."""
    return name == FEATURES or (name.startswith(".") and name.endswith(PARTIAL))
