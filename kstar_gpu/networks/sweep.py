"""k* distributions of many layers, of several models and data sets: saved as it goes, resumed."""

import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import nn

from ..names import one_line
from ..stats.class_names import name_classes
from ..stats.distribution import KStarDistribution
from ..stats.from_features import kstar_distribution
from .activations import activations
from .batches import Keys
from .executors import check_executor, results_of
from .first_outputs import differing_layers
from .layer_names import Layers, all_names, check_names_by_model, names_by_model
from .masks import MaskFunction
from .object_store import absolute, check_place, kept_at
from .pairs import ClassNames, Given, Pair, Seen, check_portable, name_of_model
from .pooling import Pool, check_globs, pools_by_layer
from .sweep_directory import SweepDirectory, TakenError, check_free
from .sweep_results import Key, Sweep
from .sweep_run import SweepRun
from .sweep_settings import How, check_what_is_run, settings_of

__all__ = ["Key", "Sweep", "sweep"]

Model = nn.Module | Callable[[], nn.Module]
Loader = Iterable[Any] | Callable[[], Iterable[Any]]


def sweep(
    models: Model | Mapping[str, Model],
    loaders: Loader | Mapping[str, Loader],
    layers: Layers = None,
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
    progress: bool | None = None,
    class_names: ClassNames = None,
    executor: Any = None,
    **options: Any,
) -> Sweep:
    """Return the k* distributions of all layers of all models on all data sets.

    Each model runs once over each data set, for all layers that are not finished. A layer that
    fails is reported, by a warning and in the result, and the others go on: where some cannot be
    recorded, the run begins anew without them.

    Parameters
    ----------
    models : torch.nn.Module, or mapping from name to module
        Or functions without arguments that make them, each when its turn comes, and the same each
        time.
    loaders : iterable of (inputs, labels), or mapping from name to such
        Or functions without arguments that make them. See `kstar_gpu.activations`. A loader must
        give the same samples in the same order each time that it is gone through: for every model,
        anew where a layer cannot be recorded, and for a sweep that goes on. All passes are counted
        and hashed, and compared.
    layers : sequence of str, or mapping from the model's name to such, optional
        Names or globs. By default the stages of each model: its parts, or those of the part that
        holds most of it, down to where several are alike (``layer1`` to ``layer4``, ``blocks.0``
        to ``blocks.11``); `kstar-gpu layers` lists them.
    out : path, or address that fsspec knows, such as s3://bucket/runs, optional
        Where each result is saved as soon as it is there, and where a sweep that was interrupted
        goes on. Several processes may share it: of one model and data set one works at a time, and
        the others go on with what nobody works on. Of a file that is damaged there is a warning,
        and its layer is computed again.
    spill : bool
        Keep features on disk below `out`, instead of in memory, until their k* are known; with an
        address as `out`, in the system's folder for temporary files.
    pool, mask, inputs, labels, dtype, device, amp, progress
        As for `kstar_gpu.activations`; k* are computed on the same device.
    executor : optional
        What runs each model on each data set: anything with ``submit(function, *arguments)`` that
        returns a future with ``done()`` and ``result()``, such as those of concurrent.futures,
        ``dask.distributed.Client.get_executor()``, or submitit's. Models then have to be given as
        functions that make them, which can be pickled (for most executors, that is), and so can
        the loaders, or functions that make those. The bar is of pairs. After an error, or Ctrl-C,
        what has not begun is cancelled.
    class_names, options
        As for `kstar_gpu.kstar_distribution`: metric, backend, memory_limit, skewness, threshold.

    Returns
    -------
    Sweep
        Whose results know each sample's nearest foreign one (``results[...].confused()``), by its
        place in the loader's order.

    Raises
    ------
    TypeError
        If `executor` takes no calls, or a model or loader is given with it that several workers
        cannot run at the same time.
    ValueError
        If a loader gives others in a second pass (a stream that is used up, ``shuffle=True``,
        random transformations); if a directory in `out` was made from another model, other inputs
        or labels, other settings, or by a version before; for a model whose parameters have no
        numbers (lazy, on the device meta) or cannot be read, where `out` is given; if `spill` is
        wanted without `out`, or a function as `pool` or `mask` with it; for what `activations`
        refuses.
    OSError
        If `out` is in an object store that cannot be reached, or in a bucket that does not exist:
        before anything is computed. Buckets are not made.
    ImportError
        If fsspec, or what it needs for the address `out`, is not installed.

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

    Examples
    --------
    >>> results = sweep({"net": model}, {"test": loader}, ["encoder", "head"], out="runs")
    >>> [key.layer for key in results.results]
    ['encoder', 'head']
    >>> results["net", "test", "encoder"].class_names
    ('0', '1', '2')
    """
    if not isinstance(models, Mapping):
        models = {name_of_model(models): models}
    if not isinstance(loaders, Mapping):
        loaders = {"data": loaders}
    check_what_is_run(models, loaders, pool)
    how = How(
        layers, out, spill, pool, mask, inputs, labels, dtype, device, amp, progress, options,
        alone=len(models) == 1,
    )  # fmt: skip
    how.check([*models, *loaders])
    check_names_by_model(models, layers)  # of all, before the first of them runs
    seen = Seen()
    tell = partial(warnings.warn, stacklevel=2)
    if executor is None:
        pairs = Given(models, loaders, class_names, out is not None).pairs()
        found = sweep_pairs(pairs, how, seen, partial(tell, stacklevel=4))
    else:
        check_executor(executor)
        check_portable(models, loaders)
        given = models, loaders, class_names
        found = _sweep_elsewhere(executor, given, how, seen, partial(tell, stacklevel=3))
    tell_of_globs(pool, seen, partial(tell, stacklevel=3))
    return found


def sweep_pairs(pairs: Sequence[Pair], how: How, seen: Seen, tell: Callable[[str], Any]) -> Sweep:
    """Return the results of these pairs: first of those that no other process works on.

    Parameters
    ----------
    pairs : models and data sets
    how : of all of them
    seen : takes what the models were
    tell : is told what is wrong with files and layers, as soon as it is known
    """
    check_place(how.out)
    parts: dict[tuple[str, str], Sweep] = {}
    taken: list[Pair] = []
    for some, wait in ((pairs, False), (taken, True)):
        for pair in some:
            try:
                parts[pair[:2]] = _sweep_pair(pair, how, seen, tell, wait)
            except TakenError:
                taken.append(pair)
    return Sweep.of(parts[pair[:2]] for pair in pairs)


def tell_of_globs(pool: Pool, seen: Seen, tell: Callable[[str], Any]) -> None:
    """Tell of what a pool says of layers that none of the models has, now that all were made."""
    try:
        check_globs(pool, [name for names in seen.names.values() for name in names])
    except ValueError as error:
        tell(str(error))


def _sweep_pair(pair: Pair, how: How, seen: Seen, tell: Callable[[str], Any], wait: bool) -> Sweep:
    """Run one model over one data set, as far as its results are not there."""
    if not wait:
        check_free(how.out, pair.model, pair.data)  # before the model is made
    model, loader, class_names = pair.make()
    if seen.is_new(pair.model, model):
        settings = {} if how.out is None else settings_of(model, how.running, how.options)
        seen.note(pair.model, all_names(model), settings)
        if how.alone:
            check_globs(how.pool, seen.names[pair.model])
    names = names_by_model({pair.model: model}, how.layers)[pair.model]
    running = {**how.running, "pool": pools_by_layer(how.pool, names)}
    record = partial(activations, model, loader, **running)
    differing = partial(differing_layers, model, running=running)
    compute = partial(
        kstar_distribution,
        class_names=class_names,
        device=how.device,
        return_foreign=True,
        progress=False if how.progress is False else None,  # a bar of its own, if that takes long
        **how.options,
    )
    found = Sweep()
    with kept_at(how.out) as (folder, store):
        directory = None
        if how.out is not None:
            places = {name: place for place, name in enumerate(seen.names[pair.model])}
            positions = {name: places[name] for name in names}
            settings = seen.settings[pair.model]
            directory = SweepDirectory(folder, *pair[:2], positions, settings, store)
        title = one_line(f"{pair.model} {pair.data}")
        run = SweepRun(title, names, loader, record, directory, differing)
        # Closed, so that the directory is free as soon as an exception leaves.
        with closing(run.outcomes(compute, how.spill, how.progress, wait)) as outcomes:
            for layer, outcome in outcomes:
                while run.damaged:
                    damage = run.damaged.popitem()[0]
                    tell(damage if store is None else store.named(damage))
                key = Key(pair.model, pair.data, layer)
                if isinstance(outcome, str):
                    tell(one_line(f"{'/'.join(map(str, key))} failed: {outcome}"))
                else:
                    outcome = _named(outcome, class_names)
                found.add(key, outcome)
    return found


def _sweep_elsewhere(
    executor: Any,
    given: tuple[Mapping[str, Any], Mapping[str, Any], ClassNames],
    how: How,
    seen: Seen,
    tell: Callable[[str], Any],
) -> Sweep:
    """Return the results of all models and data sets, each pair of which an executor runs."""
    models, loaders, class_names = given
    there = replace(how, out=absolute(how.out), progress=False)
    keys = [(model, data) for model in models for data in loaders]
    calls = [({m: models[m]}, {d: loaders[d]}, class_names, there) for m, d in keys]
    parts: dict[int, Sweep] = {}
    with closing(results_of(executor, _sweep_there, calls, how.progress, "sweep")) as results:
        for number, (parts[number], made, told) in results:
            for message in told:
                tell(message)
            model = keys[number][0]
            seen.note(model, made.names[model], made.settings[model])
    return Sweep.of(parts[number] for number in range(len(calls)))


def _sweep_there(
    models: Mapping[str, Any], loaders: Mapping[str, Any], class_names: ClassNames, how: How
) -> tuple[Sweep, Seen, list[str]]:
    """Return the results of one model on one data set, what the model was, and what was told."""
    seen, told = Seen(), list[str]()
    pairs = Given(models, loaders, class_names, how.out is not None).pairs()
    return sweep_pairs(pairs, how, seen, told.append), seen, told


def _named(
    result: KStarDistribution, names: Sequence[str] | Mapping[Any, str] | None
) -> KStarDistribution:
    """Return a result with the class names of today, which an earlier run may not have had."""
    return replace(result, class_names=tuple(name_classes(names, result.classes)))
