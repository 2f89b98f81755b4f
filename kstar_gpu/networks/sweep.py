"""k* distributions of many layers, of several models and data sets: saved as it goes, resumed."""

import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import nn

from ..extras import import_pandas
from ..names import one_line
from ..stats.class_names import name_classes
from ..stats.distribution import KStarDistribution, kstar_distribution
from .activations import activations
from .batches import Keys
from .first_outputs import differing_layers
from .layer_names import all_names, names_by_model
from .masks import MaskFunction
from .outcome_files import read_sweep
from .pooling import Pool, pools_by_layer
from .sweep_directory import SweepDirectory
from .sweep_run import SweepRun
from .sweep_settings import check_options, check_what_is_kept, check_what_is_run, settings_of
from .watched_loader import WatchedLoader

if TYPE_CHECKING:
    import pandas as pd


class Key(NamedTuple):
    """Where a result of a sweep comes from."""

    model: str
    data: str
    layer: str


@dataclass(frozen=True)
class Sweep:
    """The results of a sweep, by model, data set and layer, in the order they were asked for.

    Attributes
    ----------
    results : k* distributions by `Key`
    errors : what went wrong with a layer, by `Key`
    """

    results: dict[Key, KStarDistribution] = field(default_factory=dict)
    errors: dict[Key, str] = field(default_factory=dict)

    def __getitem__(self, key: tuple[str, str, str]) -> KStarDistribution:
        return self.results[Key(*key)]

    def __len__(self) -> int:
        return len(self.results)

    def __repr__(self) -> str:
        failed = f", {len(self.errors)} failed" if self.errors else ""
        return f"<Sweep: {len(self.results)} results{failed}>"

    def to_frame(self) -> "pd.DataFrame":
        """Return a tidy pandas DataFrame, one row per model, data set, layer and class.

        Columns: model, data, layer, depth (0, 1, ... in the order of the layers), and those of
        `KStarDistribution.to_frame`.

        Raises
        ------
        ImportError
            Without pandas.
        """
        pd = import_pandas()
        depths: dict[tuple[str, str], int] = {}
        frames = []
        for key, result in self.results.items():
            depth = depths[key[:2]] = depths.get(key[:2], -1) + 1
            frame = result.to_frame()
            for position, (name, value) in enumerate((*key._asdict().items(), ("depth", depth))):
                frame.insert(position, name, value)
            frames.append(frame)
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    @classmethod
    def load(cls, directory: str | os.PathLike[str]) -> "Sweep":
        """Read what `sweep` has finished in a directory.

        By the names of models and data sets, and layers in their order in the model.

        Raises
        ------
        DamagedFileError
            A ValueError: if a file is damaged, or is not where it belongs.
        ValueError
            If there is nothing of a sweep in the directory, or of a version before; if files of one
            model and data set were not made from the same.
        """
        found = cls()
        for model, data, layer, outcome in read_sweep(directory):
            found._add(Key(model, data, layer), outcome)
        if not found.results:
            raise ValueError(f"{os.fspath(directory)}: a sweep's directory is wanted, got none")
        return found

    def _add(self, key: Key, outcome: KStarDistribution | str) -> None:
        """Take a result, or what went wrong."""
        if isinstance(outcome, str):
            self.errors[key] = outcome
        else:
            self.results[key] = outcome


def sweep(
    models: nn.Module | Mapping[str, nn.Module],
    loaders: Iterable[Any] | Mapping[str, Iterable[Any]],
    layers: Sequence[str] | Mapping[str, Sequence[str]],
    *,
    out: str | os.PathLike[str] | None = None,
    spill: bool = False,
    pool: Pool = "auto",
    mask: MaskFunction | None = None,
    inputs: Keys = None,
    labels: str | int | None = None,
    dtype: torch.dtype | None = None,
    device: str | torch.device | None = None,
    amp: bool = False,
    progress: bool = False,
    class_names: Sequence[str] | Mapping[Any, str] | None = None,
    **options: Any,
) -> Sweep:
    """Return the k* distributions of all layers of all models on all data sets.

    Each model runs once over each data set, for all layers that are not finished. A layer that
    fails is reported, by a warning and in the result, and the others go on: where some cannot be
    recorded, the run begins anew without them.

    Parameters
    ----------
    models : torch.nn.Module, or mapping from name to module
    loaders : iterable of (inputs, labels), or mapping from name to such
        See `kstar_gpu.activations`. A loader must give the same samples in the same order each
        time that it is gone through: for every model, anew where a layer cannot be recorded, and
        for a sweep that goes on. All passes are counted and hashed, and compared.
    layers : sequence of str, or mapping from the model's name to such
        Names or globs.
    out : path, optional
        Where each result is saved as soon as it is there, and where a sweep that was interrupted
        goes on. Several processes may share it: of one model and data set one works at a time. Of
        a file that is damaged there is a warning, and its layer is computed again.
    spill : bool
        Keep features on disk below `out`, instead of in memory, until their k* are known.
    pool, mask, inputs, labels, dtype, device, amp, progress
        As for `kstar_gpu.activations`; k* are computed on the same device.
    class_names, options
        As for `kstar_gpu.kstar_distribution`: metric, backend, memory_limit, skewness, threshold.

    Returns
    -------
    Sweep

    Raises
    ------
    ValueError
        If a loader gives others in a second pass (a stream that is used up, ``shuffle=True``,
        random transformations); if a directory in `out` was made from another model, other inputs
        or labels, other settings, or by a version before; for a model whose parameters have no
        numbers (lazy, on the device meta) or cannot be read, where `out` is given; if `spill` is
        wanted without `out`, or a function as `pool` or `mask` with it; for what `activations`
        refuses.

    Notes
    -----
    A directory knows a model by what it computes: the structure, parameters, buffers, packed state
    and plain attributes of its modules, and the code of one's own that its forward pass reaches (as
    bytecode, so that such a directory is refused under another version of Python; code of torch and
    of installed packages counts by its name). Wrappers for several devices, compilation, device and
    mode do not count. Beside that, features of the first samples are kept in short and compared,
    within what rounding on another machine may change: 2^-7 of a row's length, and 2^-4 where
    numbers of 16 bits are computed with.

    The size of the batches, the threads and the device are not part of what a directory was made
    from (but the type in which `amp` computes is: bfloat16 on CPUs, float16 on GPUs). A sweep that
    goes on with others keeps the layers that it has and runs the model anew for those that it
    lacks: features of two passes, whose last bits can differ (see `activations`).
    """
    if not isinstance(models, Mapping):
        models = {type(models).__name__: models}
    if not isinstance(loaders, Mapping):
        loaders = {"data": loaders}
    check_what_is_run(models, loaders, pool)
    check_what_is_kept(out, spill, pool, mask, [*models, *loaders])
    check_options(options)
    names = names_by_model(models, layers)  # of all, before the first of them runs
    running: dict[str, Any] = {"pool": pool, "mask": mask, "inputs": inputs, "labels": labels}
    running |= {"dtype": dtype, "device": device, "amp": amp, "progress": progress}
    compute = partial(kstar_distribution, class_names=class_names, device=device, **options)
    found = Sweep()
    for model_name, data_name, run in _runs(models, loaders, names, out, running, options):
        # Closed, so that the directory is free as soon as an exception leaves.
        with closing(run.outcomes(compute, spill, progress)) as outcomes:
            for layer, outcome in outcomes:
                while run.damaged:
                    warnings.warn(run.damaged.popitem()[0], stacklevel=2)
                key = Key(model_name, data_name, layer)
                if isinstance(outcome, str):
                    warnings.warn(one_line(f"{'/'.join(key)} failed: {outcome}"), stacklevel=2)
                else:
                    outcome = _named(outcome, class_names)
                found._add(key, outcome)
    return found


def _runs(
    models: Mapping[str, nn.Module],
    loaders: Mapping[str, Iterable[Any]],
    layers: Mapping[str, list[str]],
    out: str | os.PathLike[str] | None,
    running: Mapping[str, Any],
    options: Mapping[str, Any],
) -> Iterator[tuple[str, str, SweepRun]]:
    """Yield each model on each data set, with their names; the next when that one is done."""
    # One for each loader, whatever its names, for all models.
    watched: dict[int, WatchedLoader] = {}
    for data_name, batches in loaders.items():
        watched.setdefault(id(batches), WatchedLoader(batches, data_name, out is not None))
    for model_name, model in models.items():
        names = layers[model_name]
        settings = {} if out is None else settings_of(model, running, options)
        places = {name: place for place, name in enumerate(all_names(model))}
        positions = {name: places[name] for name in names}
        running_it = {**running, "pool": pools_by_layer(running["pool"], names)}
        for data_name, batches in loaders.items():
            directory = None
            if out is not None:
                directory = SweepDirectory(out, model_name, data_name, positions, settings)
            loader = watched[id(batches)]
            record = partial(activations, model, loader, **running_it)
            differing = partial(differing_layers, model, running=running_it)
            run = SweepRun(
                one_line(f"{model_name} {data_name}"), names, loader, record, directory, differing
            )
            yield model_name, data_name, run


def _named(
    result: KStarDistribution, names: Sequence[str] | Mapping[Any, str] | None
) -> KStarDistribution:
    """Return a result with the class names of today, which an earlier run may not have had."""
    return replace(result, class_names=tuple(name_classes(names, result.classes)))
