"""kstar(): from arrays to k* values, over whichever engine this machine has."""

import numbers
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from .columns import Column
from .engines.denormals import denormals_kept
from .engines.registry import choose_engine, choose_pairs, computing_device
from .engines.torch_state import exactly
from .exhausted_memory import as_memory_error
from .inputs.arrays import KStarForeign, restorer, to_tensor
from .inputs.classes import Classes, make_classes
from .inputs.copies import copied_bytes
from .inputs.devices import check_computes, named_device
from .inputs.metrics import METRICS, PRECOMPUTED, check_metric
from .inputs.problem import DistanceTable, Problem, make_problem, make_table
from .inputs.streams import on_stream_of
from .scale import dask_arrays, disk
from .scale.disk_memory import limit_of_walk
from .scale.stored import Stored


@as_memory_error()
def kstar(
    features: Any,
    labels: Any,
    *,
    references: Any = None,
    reference_labels: Any = None,
    metric: str = "euclidean",
    normalize: bool = False,
    backend: str = "auto",
    device: str | torch.device | None = None,
    return_foreign: bool = False,
    memory_limit: int | None = None,
    progress: bool | None = None,
) -> Any:
    """Return the k* value of every sample: the rank of its first neighbour from another class.

    k* is 1 plus the number of other samples of the own class that are strictly nearer than the
    nearest sample of another class: 1 <= k* <= class size. The result is exact: it equals
    `kstar_gpu.definition.kstar`, whatever the backend, device and number of threads.

    That is the size of its *local set*, of all samples nearer than the nearest foreign one, itself
    among them; but where that one is at distance 0 nothing is nearer, the local set is empty, and
    k* is 1. `KStarDistribution.lsc` is the measure made of local sets.

    Parameters
    ----------
    features : (N, d) or (N, ...) numbers
        numpy array, torch tensor, list, frame of pandas, polars or Arrow, or anything that speaks
        DLPack (cupy, jax). Dimensions after the first are flattened. float16, bfloat16, float32,
        float64, booleans, or integers up to 2**53; each number enters as it is. Columns, fields and
        Python objects may be of several of these kinds. Refused: what is missing (masked, NA, null,
        NaN), sparse, nested, quantized or complex. What is written to it during a call makes the
        result arbitrary, or a ValueError; a memory map whose file is truncated meanwhile ends the
        process (SIGBUS), as any reader of it. What is larger than memory: a memory map under a
        `memory_limit`, or a file (`kstar_gpu.scale.stored.on_disk`), on the CPU. Under
        ``metric="precomputed"`` the distances themselves: (N, N), the diagonal ignored, or (N, M)
        with `reference_labels`. An array of Dask's, in blocks of known sizes: then labels and
        references may be such arrays, too, and nothing is computed before Dask is asked to.
    labels : (N,) integers, strings, booleans or integral floats
        In any of these containers. Equal ones are one class, whatever their types, also of two
        sides: 1, 1.0 and True are; categories count by their values, bytes as the text that they
        are in UTF-8. Numbers beside strings, and missing ones, are refused.
    references : (M, d) numbers, optional
        Place each sample alone among these, instead of among the other samples.
    reference_labels : (M,) labels, optional
        Needed with `references`. A sample whose class they lack has k* 1, normalised NaN.
    metric : {"euclidean", "cosine", "precomputed"}
    normalize : bool
        Divide by the class size (with references: by one more than the class's references),
        which gives the k* distribution, float64 in (0, 1].
    backend : {"auto", "cpu", "cuda", "torch"}
        "auto" computes where `device` says: on a CUDA device with the CUDA engine, on the CPU with
        the compiled one; with torch where those are missing, and on other devices.
    device : str or torch.device, optional
        Where to compute; by default where the features are.
    return_foreign : bool
        Return also distance and index of the nearest foreign sample.
    memory_limit : int, optional
        Bytes that may be used on the computing device beside the input; copies of it that had to be
        made (of integers, lists, or other than rows one after the other) are among them. By default
        as many as it takes; on a CUDA device, most of what is free. Features that do not fit there
        are streamed from the host.
    progress : bool, optional
        Show a progress bar; by default after two seconds, where stderr is a terminal or a notebook.

    Returns
    -------
    (N,) int64, or float64 if `normalize`: torch tensor, pandas Series, polars Series, Arrow array
    or one of the library that speaks DLPack, as `features` are, on the same device (and on CuPy's
    current stream); array of Dask's in blocks like the features' rows; else a numpy array. Where a
    device has no float64 (Apple's GPU), float32 in its place. `KStarForeign` of them if
    `return_foreign`.

    Raises
    ------
    ValueError, TypeError
        For arguments that do not fit; the message names the argument, what came and what is wanted.
    MemoryError
        Where the host's memory does not suffice; torch.OutOfMemoryError where that of a CUDA device
        does not, even in small pieces.

    References
    ----------
    Kotyan, Ueda and Vargas, "k* Distribution: Evaluating the Latent Space of Deep Neural Networks
    Using Local Neighborhood Analysis", IEEE TNNLS 2024, arXiv 2312.04024.

    Examples
    --------
    >>> import numpy as np
    >>> kstar(np.array([[0.0], [1.0], [3.0], [4.0]]), ["a", "a", "b", "b"])
    array([2, 2, 2, 2])
    """
    check_arguments(metric, references, reference_labels, memory_limit)
    if dask_arrays.is_dask_array(features):
        lazy = KStarForeign(
            *dask_arrays.kstar(
                features,
                labels,
                references,
                reference_labels,
                metric,
                normalize,
                backend,
                device,
                memory_limit,
                progress,
            )
        )
        return lazy if return_foreign else lazy.kstar
    with on_stream_of(features):
        classes = make_classes(labels, reference_labels)
        found = answer(
            features, references, classes, metric, backend, device, memory_limit, progress
        )
        restore = restorer(features)
        values = restore(classes.normalized(found.kstar) if normalize else found.kstar)
        if not return_foreign:
            return values
        return KStarForeign(values, restore(found.distance), restore(found.index))


def check_arguments(
    metric: str, references: Any, reference_labels: Any, memory_limit: int | None
) -> None:
    """Refuse arguments of `kstar` that are none, or do not go together."""
    check_metric(metric)
    if metric == PRECOMPUTED and references is not None:
        raise ValueError(
            "references: under metric='precomputed' the features are already distances to the "
            "references; give reference_labels alone"
        )
    if metric != PRECOMPUTED and (references is None) != (reference_labels is None):
        missing = "references" if references is None else "reference_labels"
        raise ValueError(f"{missing}: references and reference_labels go together, got one alone")
    if memory_limit is not None:
        if not isinstance(memory_limit, numbers.Integral):
            raise TypeError(f"memory_limit: a number of bytes is wanted, got {memory_limit!r}")
        if memory_limit <= 0:
            raise ValueError(f"memory_limit: a positive number is wanted, got {memory_limit}")


@dataclass(frozen=True)
class Answer:
    """What `KStarForeign` has, (N,) each, in the order of the input, where it was computed.

    `foreign_at_zero` says whether the nearest foreign sample is at distance 0, by the squared
    distance of the definition: the metric's own may be 0 where that is not.
    """

    kstar: Column
    distance: Column
    index: Column
    foreign_at_zero: Column


def answer(
    features: Any,
    references: Any,
    classes: Classes,
    metric: str,
    backend: str,
    device: str | torch.device | None,
    memory_limit: int | None,
    progress: bool | None,
) -> Answer:
    """Ask an engine both questions of k*; arguments as for `kstar`, checked."""
    with denormals_kept():
        walked = _walked(
            features, references, classes, metric, backend, device, memory_limit, progress
        )
        if walked is not None:
            return walked
        inputs = [to_tensor(features, "features")]
        if references is not None:
            inputs.append(to_tensor(references, "references"))
        place = computing_device(inputs[0], backend, device)
        engine_class = choose_engine(backend, metric, place)
        check_computes(place)

        def asked() -> Answer:
            stored_on = engine_class.storage_device(inputs, place, memory_limit)
            problem = _problem(inputs, classes, metric, stored_on)
            if memory_limit is not None:
                copies = zip(problem.features, (features, references), strict=False)
                copied = sum(copied_bytes(x, given) for x, given in copies if x.device == place)
                problem = replace(problem, copied=copied)
            engine = engine_class(problem, place, memory_limit, progress)
            squared, rows = engine.nearest_foreign()
            counts = engine.count_within(squared)
            inside, nearest, index = map(problem.in_input_order, (counts, squared, rows))
            distance = nearest if metric == PRECOMPUTED else METRICS[metric].distance(nearest)
            at_zero = nearest <= 0  # less, too, among distances that are given
            return Answer(1 + inside, distance, index, at_zero)

        return exactly(asked, place, inputs if engine_class.computes_with_torch else [])


def _walked(
    features: Any,
    references: Any,
    classes: Classes,
    metric: str,
    backend: str,
    device: str | torch.device | None,
    memory_limit: int | None,
    progress: bool | None,
) -> Answer | None:
    """Ask both questions of features on disk, shard by shard; None where all are asked at once."""
    must = isinstance(features, Stored) or isinstance(references, Stored)
    if metric == PRECOMPUTED and not must:
        return None
    sides = disk.sides_on_disk(features, references, classes)
    place = named_device("cpu" if device is None else device)
    if sides is None or (place.type != "cpu" and not must):
        return None
    pairs = choose_pairs(backend, metric, place)
    limit = limit_of_walk(sides, pairs, memory_limit, must)
    if limit is None:
        return None
    found = exactly(lambda: disk.kstar(sides, classes, metric, pairs, limit, progress), place, [])
    distance = METRICS[metric].distance(found.squared)
    return Answer(found.kstar, distance, found.index, found.squared <= 0)


def _problem(
    inputs: list[Tensor], classes: Classes, metric: str, device: torch.device
) -> Problem | DistanceTable:
    if metric == PRECOMPUTED:
        return make_table(inputs[0], classes)
    return make_problem(inputs[0], inputs[1] if inputs[1:] else None, classes, metric, device)
