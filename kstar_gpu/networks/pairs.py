"""Pairs of a model and a data set, each made when its turn comes: given as such, or by functions.

A function that makes a model (a factory) goes where the model itself would not: to another process
or host, and into a sweep whose models do not fit into memory together.
"""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from torch import nn

from ..user_code import user_code
from .batches import check_loader
from .layer_names import check_model
from .watched_loader import WatchedLoader, seeding

ClassNames = Sequence[str] | Mapping[Any, str] | None
SHARD = re.compile(r"([0-9]+)/([0-9]+)")


class Made(NamedTuple):
    """A model and the loader of a data set, and the names of the data's classes."""

    model: nn.Module
    loader: WatchedLoader
    class_names: ClassNames


class Pair(NamedTuple):
    """The names of a model and of a data set, and what makes them."""

    model: str
    data: str
    make: Callable[[], Made]


class Given:
    """Models and data sets as they are given: themselves, or functions that make them.

    A data set is made once, and kept; of models that are made, only the last one is.

    Parameters
    ----------
    models, loaders : by name
    class_names : of all data sets
    kept : whether results are, so that first batches are compared
    """

    def __init__(
        self,
        models: Mapping[str, Any],
        loaders: Mapping[str, Any],
        class_names: ClassNames = None,
        kept: bool = False,
    ) -> None:
        self.models = models
        self.loaders = loaders
        self.class_names = class_names
        self.kept = kept
        self._model: tuple[str, nn.Module] | None = None
        self._watched: dict[int, WatchedLoader] = {}

    def pairs(self) -> list[Pair]:
        """Return each model with each data set, in the order in which they are given."""
        return [
            Pair(model, data, partial(self._make, model, data))
            for model in self.models
            for data in self.loaders
        ]

    def _make(self, model: str, data: str) -> Made:
        if self._model is None or self._model[0] != model:
            self._model = None  # not two of them at a time
            self._model = model, made_model(self.models[model], f"models[{model!r}]")
        loader = self.loaders[data]
        if id(loader) not in self._watched:  # one for each loader, whatever its names
            batches = made_batches(loader, f"loaders[{data!r}]")
            self._watched[id(loader)] = WatchedLoader(batches, data, self.kept)
        return Made(self._model[1], self._watched[id(loader)], self.class_names)


class Seen:
    """What the models were that have been made, by name: the same each time.

    Attributes
    ----------
    names : of all layers
    settings : what results depend on, where that was asked
    """

    def __init__(self) -> None:
        self.names: dict[str, list[str]] = {}
        self.settings: dict[str, dict[str, Any]] = {}
        self._last = 0, ""

    def is_new(self, name: str, model: nn.Module) -> bool:
        """Whether this is another model than the last one."""
        last, self._last = self._last, (id(model), name)
        return last != self._last

    def note(self, model: str, names: list[str], settings: dict[str, Any]) -> None:
        """Take the names of a model's layers, and what its results depend on where that is known.

        Raises
        ------
        ValueError
            If these were others before.
        """
        before = self.settings.setdefault(model, settings)
        if before != settings or self.names.setdefault(model, names) != names:
            raise ValueError(
                f"models[{model!r}]: a function is wanted that makes the same model each time, got "
                "one that makes others: load its parameters, or set the seed before they are drawn"
            )


def is_factory(given: Any) -> bool:
    """Whether something is called, without arguments, to make a model, or batches."""
    if isinstance(given, nn.Module) or not callable(given):
        return False
    iterable = hasattr(given, "__iter__") or hasattr(given, "__getitem__")
    if iterable and not isinstance(given, type):
        return False
    try:
        inspect.signature(given).bind()
    except TypeError:  # it wants some
        return False
    except ValueError:  # what it wants, it does not tell
        return True
    return True


def name_of_model(given: Any) -> str:
    """Return what a model is called that is given without a name."""
    kind = type(given).__name__
    return getattr(given, "__name__", kind) if is_factory(given) else kind


def made_model(given: Any, argument: str) -> nn.Module:
    """Return a model that is given, or made by the function that is."""
    if is_factory(given):
        with seeding, user_code(argument):
            given = given()
        argument += "()"
    check_model(given, argument)
    model: nn.Module = given
    return model


def made_batches(given: Any, argument: str) -> Iterable[Any]:
    """Return a loader that is given, or made by the function that is."""
    if is_factory(given):
        with seeding, user_code(argument):
            given = given()
        argument += "()"
    check_loader(given, argument)
    loader: Iterable[Any] = given
    return loader


def check_portable(models: Mapping[str, Any], loaders: Mapping[str, Any]) -> None:
    """Refuse what several workers cannot run at the same time: a model, or a pass that is shared.

    Raises
    ------
    TypeError
        Naming which.
    """
    for name, model in models.items():
        if not is_factory(model):
            raise TypeError(
                f"models[{name!r}]: with an executor a function is wanted that makes the model "
                f"where it runs, got {type(model).__name__}"
            )
    for name, loader in loaders.items():
        what = type(loader).__name__
        if getattr(loader, "persistent_workers", False):
            what += " with persistent_workers=True"
        elif not isinstance(loader, Iterator):
            continue
        raise TypeError(
            f"loaders[{name!r}]: with an executor a loader that begins anew is wanted, or a "
            f"function that makes one, got {what}"
        )


def of_shard(pairs: Sequence[Pair], shard: str) -> list[Pair]:
    """Return the pairs of one of several jobs: of the second of three, "2/3", every third.

    Raises
    ------
    ValueError
        For a text of another form, or no such job.
    """
    match = SHARD.fullmatch(shard)
    number, jobs = map(int, match.groups()) if match else (0, 0)
    if not 1 <= number <= jobs:
        raise ValueError(f"shard: I/N is wanted, with I from 1 to N, got {shard!r}")
    return [*pairs[number - 1 :: jobs]]
