"""What a sweep has found: k* distributions by model, data set and layer."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..extras import import_pandas
from ..known import UnknownKeyError, there_is
from ..names import one_line
from ..stats.distribution import KStarDistribution
from ..stats.notebook import MOST_ROWS, html_table, patterns
from ..stats.summary import decimals
from .object_store import kept_at
from .outcome_files import read_sweep

if TYPE_CHECKING:
    import pandas as pd


class Key(NamedTuple):
    """Where a result of a sweep comes from: a tuple of three names.

    Attributes
    ----------
    model, data : str
        As in the mappings that `sweep` was given; without mappings, the model's class and "data".
    layer : str
        As in ``model.named_modules()``.
    """

    model: str
    data: str
    layer: str


@dataclass(frozen=True)
class Sweep(Mapping[Key, KStarDistribution]):
    """The results of a sweep, by model, data set and layer, in the order they were asked for.

    A mapping: ``sweep["net", "test", "layer1"]``, ``for key, result in sweep.items()``. A key that
    is none is an UnknownKeyError, which is a KeyError and says what there is.

    Attributes
    ----------
    results : dict from `Key` to KStarDistribution
    errors : dict from `Key` to str
        What went wrong with a layer.

    Examples
    --------
    >>> results = sweep({"net": model}, {"test": loader}, ["encoder", "head"])
    >>> results
    <Sweep: 2 results>
    >>> results["net", "test", "head"].class_names
    ('0', '1', '2')
    >>> [key.layer for key in results.results]
    ['encoder', 'head']
    """

    results: dict[Key, KStarDistribution] = field(default_factory=dict)
    errors: dict[Key, str] = field(default_factory=dict)

    def __getitem__(self, key: tuple[str, str, str]) -> KStarDistribution:
        if isinstance(key, tuple) and key in self.results:
            return self.results[Key(*key)]
        raise self._unknown(key)

    def __iter__(self) -> Iterator[Key]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    def __repr__(self) -> str:
        failed = f", {len(self.errors)} failed" if self.errors else ""
        return f"<Sweep: {len(self.results)} results{failed}>"

    def _repr_html_(self) -> str:
        several = f"; {len(self.errors)} failed" if self.errors else ""
        shown = [*self.results.items()][:MOST_ROWS]
        rows = (
            (*key, len(result.kstar), *decimals(np.array([result.mean.mean()])), patterns(result))
            for key, result in shown
        )
        more = f"{len(self) - len(shown)} more results: <code>to_frame()</code>."
        return html_table(
            f"Sweep: {len(self)} results{several}",
            ("model", "data", "layer", "n", "mean of classes", "classes"),
            rows,
            more if len(self) > len(shown) else "",
        )

    def _unknown(self, key: object) -> UnknownKeyError:
        """Return the error for a key that is none, or of no result; it says what there is."""
        asked = one_line(f"sweep[{key!r}]")
        if not isinstance(key, tuple) or len(key) != len(Key._fields):
            layers = there_is(key, (known.layer for known in self.results))
            first = one_line(tuple(next(iter(self.results), ())))
            return UnknownKeyError(
                f"{asked}: a key (model, data, layer) is wanted; of layers, {layers}; the first "
                f"key is {first}"
            )
        if key in self.errors:
            return UnknownKeyError(f"{asked}: the layer failed: {one_line(self.errors[Key(*key)])}")
        keys = [*self.results]
        for part, wanted in zip(Key._fields, key, strict=True):
            fitting = [known for known in keys if getattr(known, part) == wanted]
            if not fitting:
                told = there_is(wanted, (getattr(known, part) for known in keys))
                return UnknownKeyError(f"{asked}: no {part} {one_line(repr(wanted))}; {told}")
            keys = fitting
        raise AssertionError("unreachable: all of the key was found")

    def to_frame(self) -> "pd.DataFrame":
        """Return a tidy pandas DataFrame, one row per model, data set, layer and class.

        Columns: model, data, layer, depth (0, 1, ... in the order of the layers), and those of
        `KStarDistribution.to_frame`.

        Raises
        ------
        ImportError
            Without pandas.

        Examples
        --------
        >>> results = sweep({"net": model}, {"test": loader}, ["encoder", "head"])
        >>> frame = results.to_frame()
        >>> frame.loc[frame["class"] == "2", ["layer", "depth", "n"]].values.tolist()
        [['encoder', 0, 20], ['head', 1, 20]]
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
        """Read what `sweep` has finished in a directory, or in an object store.

        By the names of models and data sets, and layers in their order in the model.

        Parameters
        ----------
        directory : path, or address that fsspec knows
            What `sweep` was given as `out`.

        Raises
        ------
        DamagedFileError
            A ValueError: if a file is damaged, or is not where it belongs.
        ValueError
            If there is nothing of a sweep in the directory, or of a version before; if files of one
            model and data set were not made from the same.
        OSError
            If an object store does not answer.

        Examples
        --------
        >>> results = sweep({"net": model}, {"test": loader}, ["head"], out="runs")
        >>> Sweep.load("runs").results.keys() == results.results.keys()
        True
        """
        found = cls()
        with kept_at(directory) as (folder, store):
            if store is not None and store.has_any():
                store.fetch_all()
            for model, data, layer, outcome in read_sweep(folder):
                found.add(Key(model, data, layer), outcome)
        if not found.results:
            raise ValueError(f"{os.fspath(directory)}: a sweep's directory is wanted, got none")
        return found

    @classmethod
    def of(cls, parts: Iterable["Sweep"]) -> "Sweep":
        """Return the results of several, in their order.

        Examples
        --------
        >>> parts = [sweep({"net": model}, {name: loader}, ["head"]) for name in ["clean", "noisy"]]
        >>> [key.data for key in Sweep.of(parts).results]
        ['clean', 'noisy']
        """
        found = cls()
        for part in parts:
            found.results.update(part.results)
            found.errors.update(part.errors)
        return found

    def add(self, key: Key, outcome: KStarDistribution | str) -> None:
        """Take a result, or a str: what went wrong.

        Examples
        --------
        >>> from kstar_gpu.networks.sweep import Key
        >>> results = Sweep()
        >>> results.add(Key("net", "test", "layer 1"), result)
        >>> results.add(Key("net", "test", "layer 2"), other)
        >>> plot_layers(results).figure.savefig("layers.png")
        """
        if isinstance(outcome, str):
            self.errors[key] = outcome
        else:
            self.results[key] = outcome
