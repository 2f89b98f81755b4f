"""k* distributions of many layers, of several models and data sets: saved as it goes, resumed.

A directory per model and data set holds one file a layer, and `run.json`, which says what they were
made from. Whatever is there and whole is not computed again; a directory that was made from
something else is refused.
"""

import hashlib
import json
import logging
import os
import shutil
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn
from tqdm import tqdm

from ..extras import import_pandas
from ..files import plain_name, write_whole
from ..stats.distribution import (
    OPTIONS,
    KStarDistribution,
    check_rule,
    kstar_distribution,
    name_classes,
)
from .activations import (
    Activations,
    activations,
    batches_of,
    find_layers,
    mixed_precision,
    read_activations,
)
from .hooks import LayerError
from .pooling import Pool, check_pool

if TYPE_CHECKING:
    import pandas as pd

RUN = "run.json"
FEATURES = "features"  # of layers that are not finished, where they are kept on disk
FEATURES_OF = "features.sha256"  # hash of the data that they were made from
log = logging.getLogger(__name__)


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
            for place, (name, value) in enumerate((*key._asdict().items(), ("depth", depth))):
                frame.insert(place, name, value)
            frames.append(frame)
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    @classmethod
    def load(cls, directory: str | os.PathLike[str]) -> "Sweep":
        """Read what `sweep` has finished in a directory.

        Raises
        ------
        ValueError
            If there is nothing of a sweep in the directory.
        """
        found = cls()
        for path in sorted(Path(directory).glob(f"*/*/{RUN}")):
            run = json.loads(path.read_text())
            for layer, file in run["layers"].items():
                result = _finished(path.parent / file)
                if result is not None:
                    found.results[Key(run["model"], run["data"], layer)] = result
            for layer, message in run.get("unrecordable", {}).items():
                found.errors[Key(run["model"], run["data"], layer)] = message
        if not found.results:
            raise ValueError(f"{os.fspath(directory)}: a sweep's directory is wanted, got none")
        return found


def sweep(
    models: nn.Module | Mapping[str, nn.Module],
    loaders: Iterable[Any] | Mapping[str, Iterable[Any]],
    layers: Sequence[str] | Mapping[str, Sequence[str]],
    *,
    out: str | os.PathLike[str] | None = None,
    spill: bool = False,
    pool: Pool = "auto",
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
        time.
    layers : sequence of str, or mapping from the model's name to such
        Names or globs.
    out : path, optional
        Where each result is saved as soon as it is there, and where a sweep that was interrupted
        goes on.
    spill : bool
        Keep features on disk below `out`, instead of in memory, until their k* are known.
    pool, dtype, device, amp, progress
        As for `kstar_gpu.activations`; k* are computed on the same device.
    class_names, options
        As for `kstar_gpu.kstar_distribution`: metric, backend, memory_limit, skewness, threshold.

    Returns
    -------
    Sweep

    Raises
    ------
    ValueError
        If a directory in `out` was made from another model, other inputs or labels, or other
        settings; if `spill` is wanted without `out`, or a function as `pool` with it; for what
        `activations` refuses.

    Notes
    -----
    The size of the batches, the threads and the device are not part of what a directory was made
    from (but the type in which `amp` computes is: bfloat16 on CPUs, float16 on GPUs). A sweep that
    goes on with others keeps the layers that it has and runs the model anew for those that it
    lacks: features of two passes, whose last bits can differ (see `activations`).
    """
    if spill and out is None:
        raise ValueError("out: a directory is wanted where spill=True, got None")
    if not isinstance(models, Mapping):
        models = {type(models).__name__: models}
    if not isinstance(loaders, Mapping):
        loaders = {"data": loaders}
    _check_options(options)
    check_pool(pool)
    if out is not None and callable(pool):
        raise ValueError(
            f"pool: a name is wanted where results are kept (out=), got {pool!r}: two functions "
            "cannot be told apart later"
        )
    # All before the first model runs.
    found_layers = {
        name: [*find_layers(model, _layers_for(layers, name))] for name, model in models.items()
    }
    found = Sweep()
    for model_name, model in models.items():
        names = found_layers[model_name]
        settings = {
            "model_sha256": fingerprint(model),
            "pool": str(pool),
            "dtype": str(dtype),
            "amp": str(mixed_precision(model, device)) if amp else False,
            "metric": options.get("metric", "euclidean"),
            "skewness": options.get("skewness", "plain"),
            "threshold": float(options.get("threshold", 0.5)),
        }
        for data_name, batches in loaders.items():
            loader = _Watched(batches)
            run = _Run(out, model_name, data_name, names, settings)
            give = partial(
                activations,
                model,
                loader,
                pool=pool,
                dtype=dtype,
                device=device,
                amp=amp,
                progress=progress,
            )
            given = run.missing_features(give, loader, spill)
            failed = False
            for layer in tqdm(names, desc=f"{model_name} {data_name}", disable=not progress):
                key = Key(model_name, data_name, layer)
                if layer in run.finished:
                    found.results[key] = _renamed(run.finished[layer], class_names)
                    continue
                if layer in run.unrecordable:
                    _note(found.errors, key, run.unrecordable[layer])
                    continue
                assert given is not None
                try:
                    result = kstar_distribution(
                        given.features[layer], given.labels, class_names, device=device, **options
                    )
                except (ValueError, TypeError, RuntimeError) as error:
                    failed = True
                    _note(found.errors, key, f"{type(error).__name__}: {error}")
                    continue
                found.results[key] = result
                run.save(layer, result)
            if not failed:
                run.remove_features()
            del given  # before the next ones are gathered
    return found


def _note(errors: dict[Key, str], key: Key, message: str) -> None:
    errors[key] = message
    warnings.warn(f"{'/'.join(key)} failed: {message}", stacklevel=3)


def _check_options(options: Mapping[str, Any]) -> None:
    unknown = set(options) - OPTIONS
    if unknown:
        raise TypeError(
            f"sweep: options are {', '.join(sorted(OPTIONS))}, got {', '.join(sorted(unknown))}"
        )
    if options.get("metric", "euclidean") not in ("euclidean", "cosine"):
        raise ValueError(f"metric: euclidean or cosine is wanted, got {options['metric']!r}")
    check_rule(options.get("skewness", "plain"), options.get("threshold", 0.5))


def _layers_for(layers: Sequence[str] | Mapping[str, Sequence[str]], model: str) -> Sequence[str]:
    if not isinstance(layers, Mapping):
        return layers
    if model not in layers:
        raise ValueError(f"layers: names for every model are wanted, got none for {model!r}")
    return layers[model]


def _renamed(
    result: KStarDistribution, names: Sequence[str] | Mapping[Any, str] | None
) -> KStarDistribution:
    """Return a result with the class names of today."""
    return replace(result, class_names=tuple(name_classes(names, result.classes)))


class _Watched:
    """A loader that remembers what it gave, as a hash of all inputs and labels in their order."""

    def __init__(self, batches: Iterable[Any]) -> None:
        self.batches = batches
        self.digest = ""

    def __len__(self) -> int:
        return len(self.batches)  # type: ignore[arg-type]  # a TypeError where it has none

    def __iter__(self) -> Iterator[Any]:
        # Each part by itself, and its kind only where that changes: batches of another size are
        # the same data.
        digests: dict[str, Any] = {}
        kinds: dict[str, str] = {}
        for batch in self.batches:
            for name, tensor in _tensors(batch):
                digest = digests.setdefault(name, hashlib.sha256(name.encode()))
                kind = f"{tensor.dtype} {tuple(tensor.shape[1:])}"
                if kinds.get(name) != kind:
                    digest.update(kind.encode())
                    kinds[name] = kind
                digest.update(_bytes(tensor))
            yield batch
        parts = (digest.hexdigest() for _, digest in sorted(digests.items()))
        self.digest = hashlib.sha256("".join(parts).encode()).hexdigest()

    def read(self) -> None:
        """Read all batches, for the hash alone."""
        for _ in batches_of(self):
            pass


def _tensors(batch: Any) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors of a batch, each with a name of its own."""
    for place, part in enumerate(batch if isinstance(batch, list | tuple) else [batch]):
        parts = part if isinstance(part, Mapping) else {"": part}
        for name, value in parts.items():
            if isinstance(value, Tensor):
                yield f"{place}.{name}", value


def fingerprint(model: nn.Module) -> str:
    """Return a hash of a model's parameters and buffers, and of their names."""
    digest = hashlib.sha256()
    for name, value in model.state_dict().items():
        if isinstance(value, Tensor):
            digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
            digest.update(_bytes(value))
    return digest.hexdigest()


def _bytes(tensor: Tensor) -> memoryview:
    return tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data


class _Run:
    """One model on one data set, and what of it is on disk."""

    def __init__(
        self,
        out: str | os.PathLike[str] | None,
        model: str,
        data: str,
        layers: list[str],
        settings: dict[str, Any],
    ) -> None:
        self.folder = None if out is None else Path(out) / _file_name(model) / _file_name(data)
        self.layers = layers
        self.finished: dict[str, KStarDistribution] = {}
        self.unrecordable: dict[str, str] = {}  # what is wrong with layers that give no rows
        self.run: dict[str, Any] = {"model": model, "data": data, **settings, "layers": {}}
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        if (self.folder / RUN).is_file():
            before = json.loads((self.folder / RUN).read_text())
            for name in ("model", "data", *settings):
                if before.get(name) != self.run[name]:
                    raise ValueError(
                        f"out: {self.folder} was made with {name} {before.get(name)!r}, "
                        f"now it is {self.run[name]!r}; choose another directory"
                    )
            self.run = before
            self.unrecordable = before.get("unrecordable", {})
        for layer in layers:
            result = None
            if layer in self.run["layers"]:
                result = _finished(self.folder / self.run["layers"][layer])
            if result is not None:
                log.info("%s %s %s: finished before", model, data, layer)
                self.finished[layer] = result
        self._write()  # before any features: should the process be killed, they belong to this run

    def missing_features(
        self, give: Callable[..., Activations], loader: _Watched, spill: bool
    ) -> Activations | None:
        """Return the features of the layers that are not finished; check the data."""
        done = {*self.finished, *self.unrecordable}
        missing = [layer for layer in self.layers if layer not in done]
        if self.folder is None:
            return self._record(give, loader, missing)
        folder = self.folder / FEATURES if spill else None
        given = _spilled(folder, missing) if folder is not None and missing else None
        if given is not None or not missing:
            loader.read()
        if given is not None and loader.digest != _text(self.folder / FEATURES_OF):
            given = None  # of other data
        if missing and given is None:
            self.remove_features()
            given = self._record(give, loader, missing, spill=folder)
            if given is None:
                loader.read()
            (self.folder / FEATURES_OF).write_text(loader.digest)
        if self.run.setdefault("data_sha256", loader.digest) != loader.digest:
            self.remove_features()
            raise ValueError(
                f"out: {self.folder} was made with other inputs or labels; choose another directory"
            )
        self._write()
        return given

    def _record(
        self, give: Callable[..., Activations], loader: _Watched, layers: list[str], **spill: Any
    ) -> Activations | None:
        """Return the activations of those layers that can be recorded; note what is wrong else."""
        while layers:
            try:
                return give(layers, **spill)
            except LayerError as error:  # in the first batch, as a rule
                if isinstance(loader.batches, Iterator):
                    raise  # what it gave already is lost
                self.unrecordable |= error.failed
                layers = [layer for layer in layers if layer not in error.failed]
        return None

    def save(self, layer: str, result: KStarDistribution) -> None:
        """Keep a result."""
        log.info("%s %s %s: done", self.run["model"], self.run["data"], layer)
        if self.folder is not None:
            file = f"{self.layers.index(layer):03d}_{_file_name(layer)}.npz"
            result.save(self.folder / file)
            # In the order of the layers, not in that of their being finished.
            files = {**self.run["layers"], layer: file}
            ordered = [*filter(files.__contains__, self.layers)]
            self.run["layers"] = {name: files[name] for name in dict.fromkeys([*ordered, *files])}
            self._write()

    def remove_features(self) -> None:
        """Remove features on disk: they are no longer needed."""
        if self.folder is not None:
            (self.folder / FEATURES_OF).unlink(missing_ok=True)
            shutil.rmtree(self.folder / FEATURES, ignore_errors=True)

    def _write(self) -> None:
        assert self.folder is not None
        self.run["unrecordable"] = self.unrecordable
        write_whole(self.folder / RUN, json.dumps(self.run, indent=1) + "\n")


def _finished(path: Path) -> KStarDistribution | None:
    """Return a result if it is there and whole."""
    try:
        return KStarDistribution.load(path)
    except (OSError, ValueError):
        return None


def _spilled(folder: Path, layers: list[str]) -> Activations | None:
    """Return features that an earlier run has finished writing."""
    try:
        given = read_activations(folder)
    except (OSError, ValueError):
        return None
    return given if set(layers) <= set(given.features) else None


def _text(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


def _file_name(name: str) -> str:
    """Return a name that any file system takes, different for different names."""
    plain = plain_name(name).lstrip(".") or "model"
    if plain == name:
        return plain
    return f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
