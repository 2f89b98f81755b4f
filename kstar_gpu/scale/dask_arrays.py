"""k* of Dask arrays, as Dask arrays: nothing is computed before Dask is asked to.

What is done with the blocks, and in which order, is `task_graph.py` and `blocks.py`.
"""

import math
from functools import partial
from operator import getitem
from typing import Any

import numpy as np
import torch

from ..columns import on_host
from ..engines.registry import check_backend, check_belongs_to_shards, default_device
from ..extras import import_extra
from ..inputs.arrays import restorer, to_tensor
from ..inputs.classes import make_classes
from ..inputs.devices import named_anywhere
from ..inputs.frames import comes_from
from ..inputs.labels import label_array
from ..inputs.problem import check_as_wide, check_shape
from .blocks import Held, How
from .task_graph import Key, Side, Tasks, add_kstar

ROWS = ("features", "references")
LABELS = ("labels", "reference_labels")
NEED = "arrays of Dask's need it"


def is_dask_array(values: Any) -> bool:
    """Whether it is an array of Dask's, which need not be there."""
    return comes_from(values, "dask.array", "Array")


def kstar(
    features: Any,
    labels: Any,
    references: Any,
    reference_labels: Any,
    metric: str,
    normalize: bool,
    backend: str,
    device: str | torch.device | None,
    memory_limit: int | None,
    progress: bool | None,
) -> tuple[Any, Any, Any]:
    """Return k*, distance and index of all samples, in blocks like the rows of the features.

    Parameters
    ----------
    features : an array of Dask's, (N, d) or (N, ...)
    labels, references, reference_labels : arrays of Dask's, or what `api.kstar` takes
    memory_limit, progress : None and False; anything else is refused
    """
    _check_options(metric, backend, memory_limit, progress)
    if hasattr(features, "expr"):
        raise TypeError(
            "features: an array of Dask's that is a graph is wanted, got one that is a query: set "
            "array.query-planning to False before dask.array is imported"
        )
    like = features._meta
    kind = to_tensor(like, ROWS[0])  # which tells, if it has none of our types
    place = default_device(backend, kind) if device is None else named_anywhere(device)
    how = How(metric, backend, str(place))
    rows = [features]
    if references is not None:
        here = not is_dask_array(references)
        rows.append(to_tensor(references, ROWS[1]).cpu() if here else references)
    classes = _label_arrays(labels, reference_labels)
    for array, of_rows, name, labels_name in zip(rows, classes, ROWS, LABELS, strict=False):
        _check_known(array, name)
        _check_known(of_rows, labels_name)
        check_shape(tuple(array.shape), name, of_rows.shape[0], labels_name)
    if references is not None:
        check_as_wide(*(math.prod(array.shape[1:]) for array in rows))
    tasks = Tasks(import_extra("dask.base", "dask", NEED).tokenize(rows, classes, how, normalize))
    sides, used = [], []
    for array, of_rows, name, labels_name in zip(rows, classes, ROWS, LABELS, strict=False):
        side, arrays = _side(tasks, array, of_rows, name, labels_name)
        sides.append(side)
        used += arrays
    found = add_kstar(tasks, sides, how, normalize, like)
    return _arrays(tasks, used, found, features, normalize)


def _check_options(
    metric: str, backend: str, memory_limit: int | None, progress: bool | None
) -> None:
    check_backend(backend)
    check_belongs_to_shards(metric)
    if memory_limit is not None:
        raise ValueError(
            "memory_limit: None is wanted for arrays of Dask's, whose blocks and workers decide "
            f"how much memory is taken, got {memory_limit}"
        )
    if progress:
        raise ValueError(
            "progress: False is wanted for arrays of Dask's, which has bars of its own "
            f"(dask.diagnostics.ProgressBar), got {progress!r}"
        )


def _check_known(array: Any, name: str) -> None:
    if any(map(math.isnan, array.shape)):
        raise ValueError(
            f"{name}: blocks of known sizes are wanted, got shape {tuple(array.shape)}: call "
            "compute_chunk_sizes() of the array first"
        )


def _label_arrays(labels: Any, reference_labels: Any) -> list[Any]:
    """Return the labels of each side, some of which are arrays of Dask's.

    Where none are, their codes stand for them: those are small, and what is wrong is told at once.
    """
    given = [labels] if reference_labels is None else [labels, reference_labels]
    if not any(map(is_dask_array, given)):
        classes = make_classes(labels, reference_labels)
        small = np.min_scalar_type(len(classes.labels))
        codes = [classes.codes, classes.reference_codes]
        return [on_host(each).astype(small) for each in codes[: len(given)]]
    arrays = []
    for each, name in zip(given, LABELS, strict=False):
        lazy = is_dask_array(each)
        here = label_array(each._meta if lazy else each, name)  # refuses other types and dimensions
        arrays.append(each if lazy else here)
    return arrays


def _side(
    tasks: Tasks, array: Any, labels: Any, name: str, labels_name: str
) -> tuple[Side, list[Any]]:
    """Return one side in blocks, and the arrays of Dask's that they belong to."""
    used = []
    if is_dask_array(array):
        array = array.rechunk(dict.fromkeys(range(1, array.ndim), -1))
        used.append(array)
        sizes = array.chunks[0]
        rest = (0,) * (array.ndim - 1)
        keys: list[Key] = [(array.name, i, *rest) for i, size in enumerate(sizes) if size > 0]
    else:
        sizes = (len(array),)
        keys = [tasks.add("given", (), partial(Held, array))]
    sizes = tuple(size for size in sizes if size > 0)
    if not is_dask_array(labels):
        labels = import_extra("dask.array", "dask", NEED).from_array(labels, chunks=(sizes,))
    labels = labels.rechunk((sizes,))
    used.append(labels)
    their_keys: list[Key] = [(labels.name, i) for i in range(len(sizes))]
    return Side(name, labels_name, keys, their_keys, sizes), used


def _arrays(
    tasks: Tasks, used: list[Any], found: list[Key], features: Any, normalize: bool
) -> tuple[Any, Any, Any]:
    """Return the results' three columns as arrays of Dask's, in blocks like the features' rows."""
    graphs = import_extra("dask.highlevelgraph", "dask", NEED)
    array_of = import_extra("dask.array", "dask", NEED).Array
    restore = restorer(features._meta)
    base = f"kstar-{tasks.token}"
    graph = graphs.HighLevelGraph.from_collections(base, tasks.graph, dependencies=used)
    blocks = features.chunks[0]
    columns = []
    for part, (title, dtype) in enumerate(
        (
            ("kstar", np.float64 if normalize else np.int64),
            ("distance", np.float64),
            ("index", np.int64),
        )
    ):
        name = f"kstar-{title}-{tasks.token}"
        nothing = restore(np.empty(0, dtype))
        results = iter(found)
        layer = {
            (name, i): (getitem, next(results), part) if size > 0 else nothing
            for i, size in enumerate(blocks)
        }
        whole = graphs.HighLevelGraph(
            {**graph.layers, name: layer}, {**graph.dependencies, name: {base}}
        )
        columns.append(array_of(whole, name, (blocks,), meta=nothing))
    return columns[0], columns[1], columns[2]
