"""One model over one data set: its layers' results, of earlier runs and of this one."""

import logging
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

from torch import Tensor

from ..names import one_line
from ..progress import each
from ..stats.distribution import KStarDistribution
from .activations import Activations
from .first_outputs import in_short
from .hooks import LayerError
from .sweep_directory import SweepDirectory
from .watched_loader import WatchedLoader

log = logging.getLogger(__name__)


class SweepRun:
    """One model on one data set: what is finished of it, and what is left to do.

    Parameters
    ----------
    name : of both, for the log
    layers : names
    loader : of the data
    record : runs the model over the loader, as `activations` does, for given layers
    directory : where results are kept, if they are
    differing : of layers with their first samples' features in short, those that now give others
    """

    def __init__(
        self,
        name: str,
        layers: list[str],
        loader: WatchedLoader,
        record: Callable[..., Activations],
        directory: SweepDirectory | None,
        differing: Callable[[Any, dict[str, list[str]]], list[str]],
    ) -> None:
        self.name = name
        self.layers = layers
        self.loader = loader
        self.record = record
        self.directory = directory
        self.differing = differing
        # The directory's own, where there is one: what is noted here is kept there.
        self.finished = {} if directory is None else directory.finished
        self.unrecordable = {} if directory is None else directory.unrecordable
        self.damaged = {} if directory is None else directory.damaged

    def outcomes(
        self,
        compute: Callable[[Tensor, Tensor], KStarDistribution],
        spill: bool,
        progress: bool | None,
        wait: bool = True,
    ) -> Generator[tuple[str, KStarDistribution | str], None, None]:
        """Yield each layer with its result, saved where results are kept, or with what went wrong.

        Parameters
        ----------
        compute : from features and labels to a result
        spill : whether features are kept on disk until then
        progress : whether to show a progress bar
        wait : whether to wait for another process that works there

        Raises
        ------
        TakenError
            If that is not wanted, and one does.
        """
        if self.directory is None:
            yield from self._outcomes(compute, spill, progress)
        elif self.directory.missing():
            with self.directory.claimed(wait):
                yield from self._outcomes(compute, spill, progress)
        else:  # the directory may be on a disk that takes nothing
            yield from self._outcomes(compute, spill, progress)
            self.directory.tidy()

    def _outcomes(
        self,
        compute: Callable[[Tensor, Tensor], KStarDistribution],
        spill: bool,
        progress: bool | None,
    ) -> Iterator[tuple[str, KStarDistribution | str]]:
        """Yield them, while nobody else works in the directory."""
        for layer in self.finished:
            log.info("%s %s: finished before", self.name, one_line(layer))
        recorded = self._missing_features(spill)
        failed = False
        for layer in each(self.layers, progress, self.name):
            if layer in self.finished:
                yield layer, self.finished[layer]
                continue
            if layer in self.unrecordable:
                yield layer, self.unrecordable[layer]
                continue
            assert recorded is not None
            try:
                result = compute(recorded.features[layer], recorded.labels)
            except (ValueError, TypeError, RuntimeError) as error:
                failed = True
                yield layer, f"{type(error).__name__}: {error}"
                continue
            self._save(layer, result, recorded.features[layer])
            yield layer, result
        if self.directory is not None and not failed:
            self.directory.remove_features()

    def _save(self, layer: str, result: KStarDistribution, features: Tensor) -> None:
        log.info("%s %s: done", self.name, one_line(layer))
        if self.directory is not None:
            self.directory.save(layer, result, in_short(features))

    def _missing_features(self, spill: bool) -> Activations | None:
        """Return the features of the layers that are not finished; None, where there are none.

        Where earlier runs left something, see that data and model are those of then.
        """
        if self.directory is None:
            return self._recorded(self.layers)
        missing = self.directory.missing()
        earlier = self.directory.spilled(missing) if missing and spill else None
        found = earlier or (
            self._recorded_anew(missing, self.directory, spill) if missing else None
        )
        self.loader.read()  # to its end, if no model has read it
        self.directory.check_data(self.loader.fingerprint, self.loader.samples)
        kept = self.directory.kept_in_short()
        if earlier:
            kept |= {layer: in_short(earlier.features[layer]) for layer in missing}
        if kept:
            self.directory.refuse_layers(self.differing(self.loader.first, kept))
        self.directory.save_unrecordable(missing)
        return found

    def _recorded_anew(
        self, layers: list[str], directory: SweepDirectory, spill: bool
    ) -> Activations | None:
        """Run the model. Features that others have spilled stay: they may be of other data."""
        found = self._recorded(layers, directory.features if spill else None)
        if found is not None and spill:
            directory.note_features(self.loader.fingerprint, self.loader.samples)
        return found

    def _recorded(self, layers: list[str], spill: Path | None = None) -> Activations | None:
        """Return the features of those layers that can be recorded; note what is wrong else."""
        while layers:
            try:
                return self.record(layers, spill=spill)
            except LayerError as error:  # in the first batch, as a rule
                if isinstance(self.loader.batches, Iterator):
                    raise  # what it gave already is lost
                self.loader.why_again = f"{error}"
                self.unrecordable |= error.failed
                layers = [layer for layer in layers if layer not in error.failed]
        return None
