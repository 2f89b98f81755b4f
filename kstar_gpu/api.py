"""kstar(): from arrays to k* values, over whichever engine this machine has."""

import numbers
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .distance import square_root
from .engines.precomputed import nearest_and_counts
from .engines.registry import choose_backend, default_device, home, make_engine
from .engines.torch_state import exact_arithmetic
from .inputs.arrays import restorer, to_tensor
from .inputs.problem import METRICS, Classes, make_classes, make_problem


class KStarForeign(NamedTuple):
    """k* values with the nearest sample of another class.

    Attributes
    ----------
    kstar : (N,) int64, or float64 if normalised
    distance : (N,) float64
        Distance to the nearest foreign sample: Euclidean; under "cosine" one minus the cosine;
        under "precomputed" the number given.
    index : (N,) int64
        Its row in the references (in the features, if there are none): the lowest among equals.
    """

    kstar: Any
    distance: Any
    index: Any


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
    progress: bool = False,
) -> Any:
    """Return the k* value of every sample: the rank of its first neighbour from another class.

    k* is 1 plus the number of other samples of the own class that are strictly nearer than the
    nearest sample of another class: 1 <= k* <= class size. The result is exact: it equals
    `kstar_gpu.definition.kstar`, whatever the backend, device and number of threads.

    Parameters
    ----------
    features : (N, d) or (N, ...) numbers
        numpy array, torch tensor, DataFrame, or anything that speaks DLPack (cupy, jax). Dimensions
        after the first are flattened. float16, bfloat16, float32, float64, booleans, or integers
        up to 2**53; each number enters as it is. Under ``metric="precomputed"`` the distances
        themselves: (N, N), the diagonal ignored, or (N, M) with `reference_labels`.
    labels : (N,) integers, strings, booleans or integral floats
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
        Bytes that may be used on the computing device beside the input. By default as many as it
        takes; on a CUDA device, most of what is free. Features that do not fit there are streamed
        from the host.
    progress : bool
        Show a progress bar.

    Returns
    -------
    (N,) int64, or float64 if `normalize`, of the same kind and on the same device as `features`;
    `KStarForeign` if `return_foreign`

    Raises
    ------
    ValueError, TypeError
        For arguments that do not fit; the message names the argument, what came and what is wanted.

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
    _check_arguments(metric, references, reference_labels, memory_limit)
    classes = make_classes(labels, reference_labels)
    if metric == "precomputed":
        choose_backend(backend, torch.device("cpu"))
        counts, distance, index = nearest_and_counts(features, classes, memory_limit, progress)
        results = (1 + counts).cpu().numpy(), distance.cpu().numpy(), index.cpu().numpy()
    else:
        results = _search(
            features, references, classes, metric, backend, device, memory_limit, progress
        )
    return _hand_back(*results, classes, features, normalize, return_foreign)


def _check_arguments(
    metric: str, references: Any, reference_labels: Any, memory_limit: int | None
) -> None:
    if metric not in METRICS:
        raise ValueError(f"metric: one of {', '.join(METRICS)} is wanted, got {metric!r}")
    if metric == "precomputed" and references is not None:
        raise ValueError(
            "references: under metric='precomputed' the features are already distances to the "
            "references; give reference_labels alone"
        )
    if metric != "precomputed" and (references is None) != (reference_labels is None):
        missing = "references" if references is None else "reference_labels"
        raise ValueError(f"{missing}: references and reference_labels go together, got one alone")
    if memory_limit is not None:
        if not isinstance(memory_limit, numbers.Integral):
            raise TypeError(f"memory_limit: a number of bytes is wanted, got {memory_limit!r}")
        if memory_limit <= 0:
            raise ValueError(f"memory_limit: a positive number is wanted, got {memory_limit}")


def _search(
    features: Any,
    references: Any,
    classes: Classes,
    metric: str,
    backend: str,
    device: str | torch.device | None,
    memory_limit: int | None,
    progress: bool,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Return k*, distance and index, in the order of the input."""
    x = to_tensor(features, "features")
    y = None if references is None else to_tensor(references, "references")
    place = _computing_device(x, backend, device)
    name = choose_backend(backend, place)
    inputs = [given for given in (x, y) if given is not None]
    with exact_arithmetic(place, *inputs):
        kept = home(name, place, inputs, memory_limit)
        problem = make_problem(x, y, classes, metric, kept)
        engine = make_engine(name, problem, place, memory_limit, progress)
        squared, rows = engine.nearest_foreign()
        counts = engine.count_within(squared)
        distance = squared / 2 if metric == "cosine" else square_root(squared)
    in_input_order = np.empty(len(rows), dtype=np.int64)
    in_input_order[problem.samples.order.cpu().numpy()] = np.arange(len(rows))
    kstar_values, distances, indices = (
        column.cpu().numpy()[in_input_order] for column in (1 + counts, distance, rows)
    )
    return kstar_values, distances, indices


def _computing_device(
    features: Tensor, backend: str, device: str | torch.device | None
) -> torch.device:
    """Return where to compute: as asked, or where the backend does and the features are."""
    try:
        place = default_device(backend, features) if device is None else torch.device(device)
    except RuntimeError as error:
        raise ValueError(f"device: a torch device is wanted, got {device!r}") from error
    if place.type == "cuda" and not torch.cuda.is_available():
        if device is None:  # the backend's own choice, which is about to be refused with a reason
            return place
        raise ValueError(f"device: torch sees no CUDA device here, got {device!r}")
    if place.type == "cuda" and place.index is None:
        return torch.device("cuda", torch.cuda.current_device())
    return place


def _hand_back(
    values: NDArray[np.int64],
    distance: NDArray[np.float64],
    index: NDArray[np.int64],
    classes: Classes,
    features: Any,
    normalize: bool,
    return_foreign: bool,
) -> Any:
    restore = restorer(features)
    kstar_values = restore(values / classes.population() if normalize else values)
    if not return_foreign:
        return kstar_values
    return KStarForeign(kstar_values, restore(distance), restore(index))
