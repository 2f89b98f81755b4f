"""From features and labels to the k* distribution of each class."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..api import Answer, answer, check_arguments
from ..columns import on_host
from ..exhausted_memory import as_memory_error
from ..inputs.classes import Classes, make_classes
from .class_names import name_classes
from .distribution import KStarDistribution
from .pattern import check_rule
from .samples import compact, sample_ids


@as_memory_error()
def kstar_distribution(
    features: Any,
    labels: Any,
    class_names: Sequence[str] | Mapping[Any, str] | None = None,
    *,
    references: Any = None,
    reference_labels: Any = None,
    metric: str = "euclidean",
    backend: str = "auto",
    device: str | torch.device | None = None,
    memory_limit: int | None = None,
    progress: bool | None = None,
    skewness: str = "plain",
    threshold: float = 0.5,
    return_foreign: bool = False,
    ids: Any = None,
) -> KStarDistribution:
    """Return the k* distribution of every class: k* divided by the class size, and its statistics.

    A class is *fractured* (many small islands among other classes) if the distribution is skewed
    to the right, *clustered* (one compact region) if to the left, *overlapped* (one region that
    shares its border) in between.

    Parameters
    ----------
    features, labels, references, reference_labels, metric, backend, device, memory_limit, progress
        As for `kstar_gpu.kstar`.
    class_names : sequence of str, or mapping from label to str, optional
        A sequence has one name for each distinct label (of `labels` and `reference_labels`
        together), in sorted order. By default the labels are the names.
    skewness : {"plain", "augmented"}
        Which skewness decides the pattern: that of the values, as in the authors' notebook, or
        that after 0 and 1 are appended, as in the figures on the paper's site. The result holds
        both.
    threshold : float
        How far from 0 the skewness must be for a class to be fractured or clustered.
    return_foreign : bool
        Keep each sample's nearest foreign one in the result, for `KStarDistribution.confused`. It
        is found anyway: this costs 12 bytes per sample, and no time.
    ids : (N,) integers, strings or paths, optional
        What the samples are called, in the result's tables.

    Returns
    -------
    KStarDistribution
        With the classes of `labels`; a class that occurs in `reference_labels` alone has no
        samples and is left out.

    Raises
    ------
    ValueError, TypeError
        For arguments that do not fit, as in `kstar_gpu.kstar`; for class names of which there are
        more or fewer than classes; for an unknown `skewness` or a negative `threshold`; for other
        ids than one per sample.
    MemoryError
        As in `kstar_gpu.kstar`.

    References
    ----------
    Kotyan, Ueda and Vargas, "k* Distribution: Evaluating the Latent Space of Deep Neural Networks
    Using Local Neighborhood Analysis", IEEE TNNLS 2024, arXiv 2312.04024.

    Examples
    --------
    >>> import numpy as np
    >>> result = kstar_distribution(np.array([[0.0], [1.0], [3.0], [4.0]]), ["a", "a", "b", "b"])
    >>> result.pattern
    ('clustered', 'clustered')
    """
    check_rule(skewness, threshold)
    check_arguments(metric, references, reference_labels, memory_limit)
    classes = make_classes(labels, reference_labels)
    names = name_classes(class_names, classes.labels)
    if ids is not None:
        ids = sample_ids(ids, len(classes.codes))  # refused before long work begins
    found = answer(features, references, classes, metric, backend, device, memory_limit, progress)
    foreign = _foreign(found, classes, names) if return_foreign else {}
    return of_answer(
        on_host(found.kstar),
        on_host(found.foreign_at_zero),
        classes,
        names,
        metric=metric,
        skewness=skewness,
        threshold=threshold,
        ids=ids,
        **foreign,
    )


def of_answer(
    kstar: NDArray[np.int64],
    foreign_at_zero: NDArray[np.bool_],
    classes: Classes,
    names: Sequence[str],
    **fields: Any,
) -> KStarDistribution:
    """Return the k* distribution of every class that has samples.

    Parameters
    ----------
    kstar, foreign_at_zero : (N,) as in `Answer`
    names : of the classes
    fields : others of the result's
    """
    present, class_index = np.unique(on_host(classes.codes), return_inverse=True)
    return KStarDistribution(
        kstar=kstar,
        class_index=class_index,
        classes=classes.labels[present],
        population=classes.population()[present],
        class_names=tuple(names[code] for code in present),
        query_form=not classes.self_form,
        foreign_at_zero=foreign_at_zero,
        **fields,
    )


def _foreign(found: Answer, classes: Classes, names: Sequence[str]) -> dict[str, Any]:
    """Return the fields of nearest foreign samples."""
    index, distance = on_host(found.index), compact(on_host(found.distance))
    fields = {"foreign_index": index, "foreign_distance": distance}
    if classes.self_form:
        return fields
    codes = on_host(classes.reference_codes)[index]
    return fields | {"foreign_class": codes, "reference_names": tuple(names)}
