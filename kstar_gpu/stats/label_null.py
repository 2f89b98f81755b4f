"""What k* would be if labels meant nothing."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..api import kstar
from ..inputs.arrays import to_tensor
from ..inputs.labels import encode_labels
from ..progress import each
from .options import check_count, check_search_options
from .statistic import Floats


@dataclass(frozen=True)
class LabelNull:
    """What k* would be if labels meant nothing; made by `label_null`.

    Attributes
    ----------
    observed : (C,) float64
        Mean k* / class size of each class.
    permuted : (P, C) float64
        The same for labels dealt out at random, P times.
    pvalue : (C,) float64
        Share of permutations, the observed one included, with a mean at least as large.

    Examples
    --------
    >>> null = label_null(features, labels, permutations=99, seed=0)
    >>> null.observed.round(2), null.permuted.mean(0).round(2), null.pvalue.round(2)
    (array([0.59, 0.07, 0.07]), array([0.07, 0.07, 0.07]), array([0.01, 0.63, 0.58]))
    """

    observed: Floats
    permuted: Floats
    pvalue: Floats


def label_null(
    features: Any,
    labels: Any,
    *,
    permutations: int = 99,
    seed: int = 0,
    progress: bool | None = None,
    **options: Any,
) -> LabelNull:
    """Compare the mean k* of each class with that of labels dealt out at random.

    Parameters
    ----------
    features, labels, options
        As for `kstar_gpu.kstar`: metric, backend, device, memory_limit.
    permutations, seed : int
        How often labels are dealt out, and from which random numbers.
    progress : bool, optional
        Show a progress bar; by default as in `kstar_gpu.kstar`.

    Returns
    -------
    LabelNull

    Raises
    ------
    ValueError, TypeError
        For other options, a number of permutations that is none, and what `kstar` refuses.

    Examples
    --------
    >>> label_null(features, labels, permutations=99, seed=0).pvalue.round(2)
    array([0.01, 0.63, 0.58])
    """
    check_search_options("label_null", options)
    check_count(permutations, "permutations", 0)
    check_count(seed, "seed", 0)
    codes, classes = encode_labels(labels)
    samples = to_tensor(features, "features")
    sizes = np.bincount(codes).astype(np.float64)

    def means(dealt: NDArray[np.int64]) -> Floats:
        values = kstar(samples, dealt, progress=False, **options).cpu().numpy()
        sums = np.bincount(dealt, weights=values, minlength=len(classes))
        result: Floats = sums.astype(np.float64) / sizes**2
        return result

    observed = means(codes)
    rng = np.random.default_rng(seed)
    rounds = each(range(permutations), progress, "permutations")
    permuted = np.array([means(rng.permutation(codes)) for _ in rounds])
    permuted = permuted.reshape(permutations, len(classes))  # where there are none, too
    pvalue = (1 + (permuted >= observed).sum(0)) / (1 + permutations)
    return LabelNull(observed, permuted, pvalue)
