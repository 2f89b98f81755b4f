"""What the results of a sweep depend on, but for the data; and what is refused before it begins."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import torch
from torch import nn

from ..inputs.metrics import METRICS
from ..stats.options import DISTRIBUTION_OPTIONS
from ..stats.pattern import check_rule
from .batches import Keys, check_loader
from .fingerprints import model_fingerprint
from .layer_names import Layers, all_names, check_model
from .masks import MaskFunction
from .model_state import mixed_precision
from .pairs import is_factory
from .pooling import Pool, check_globs, check_pool, describe_pool, has_functions


@dataclass(frozen=True)
class How:
    """What is the same for all models and data sets of a sweep: see `sweep`.

    Attributes
    ----------
    alone : whether there is one model, so that the globs of a pool have to be of its layers
    """

    layers: Layers
    out: str | os.PathLike[str] | None = None
    spill: bool = False
    pool: Pool = "auto"
    mask: MaskFunction | None = None
    inputs: Keys = None
    labels: str | int | None = None
    dtype: torch.dtype | None = None
    device: str | torch.device | None = None
    amp: bool = False
    progress: bool | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    alone: bool = True

    @property
    def running(self) -> dict[str, Any]:
        """How models run, as `activations` takes it."""
        names = ("pool", "mask", "inputs", "labels", "dtype", "device", "amp", "progress")
        return {name: getattr(self, name) for name in names}

    def check(self, names: Iterable[Any]) -> None:
        """Refuse what no sweep takes, before the first model runs.

        Parameters
        ----------
        names : of models and data sets
        """
        check_pool(self.pool)
        check_what_is_kept(self.out, self.spill, self.pool, self.mask, names)
        check_options(self.options)


def check_what_is_run(models: Mapping[str, Any], loaders: Mapping[str, Any], pool: Pool) -> None:
    """Refuse models and loaders that are none, and a pool that is none or of no layer.

    What functions make is asked when they have made it.
    """
    for argument, given in (("models", models), ("loaders", loaders)):
        if not given:
            raise ValueError(f"{argument}: at least one is wanted, got none")
    for name, model in models.items():
        if not is_factory(model):
            check_model(model, "models" if len(models) == 1 else f"models[{name!r}]")
    for name, loader in loaders.items():
        if not is_factory(loader):
            check_loader(loader, "loaders" if len(loaders) == 1 else f"loaders[{name!r}]")
    check_pool(pool)
    if not any(map(is_factory, models.values())):
        check_globs(pool, chain.from_iterable(map(all_names, models.values())))


def check_what_is_kept(
    out: str | os.PathLike[str] | None,
    spill: bool,
    pool: Pool,
    mask: Any = None,
    names: Iterable[Any] = (),
) -> None:
    """Refuse what a directory cannot keep, or keeps nowhere."""
    if spill and out is None:
        raise ValueError("out: a directory is wanted where spill=True, got None")
    if out is not None and has_functions(pool):
        raise ValueError(
            f"pool: a name is wanted where results are kept (out=), got {pool!r}: two functions "
            "cannot be told apart later"
        )
    if out is not None and mask is not None:
        raise ValueError(
            f"mask: None is wanted where results are kept (out=), got {mask!r}: two functions "
            "cannot be told apart later"
        )
    for name in names:
        if out is not None and not isinstance(name, str):
            raise TypeError(
                f"models, loaders: texts are wanted as names where results are kept (out=), got "
                f"{name!r}"
            )


def check_options(options: Mapping[str, Any]) -> None:
    """Refuse options that no k* distribution takes."""
    unknown = set(options) - DISTRIBUTION_OPTIONS
    if unknown:
        known = ", ".join(sorted(DISTRIBUTION_OPTIONS))
        raise TypeError(f"sweep: options are {known}, got {', '.join(sorted(unknown))}")
    if options.get("metric", "euclidean") not in METRICS:
        raise ValueError(f"metric: {' or '.join(METRICS)} is wanted, got {options['metric']!r}")
    check_rule(options.get("skewness", "plain"), options.get("threshold", 0.5))


def settings_of(
    model: nn.Module, running: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what the results of a model depend on, but for the data."""
    amp = str(mixed_precision(model, running["device"])) if running["amp"] else False
    fingerprint = model_fingerprint(model)
    return {
        "bytecode": fingerprint.code_of,
        "model_sha256": fingerprint.sha256,
        "pool": describe_pool(running["pool"]),
        "inputs": running.get("inputs"),
        "labels": running.get("labels"),
        "dtype": str(running["dtype"]),
        "amp": amp,
        "metric": options.get("metric", "euclidean"),
        "skewness": options.get("skewness", "plain"),
        "threshold": float(options.get("threshold", 0.5)),
    }
