"""k* as one number, or one of each sample, called as scikit-learn's silhouettes are."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..api import answer, check_arguments
from ..columns import on_host
from ..exhausted_memory import as_memory_error
from ..inputs.classes import make_classes
from .options import check_search_options


@as_memory_error()
def kstar_samples(
    X: Any,
    labels: Any,
    *,
    metric: str = "euclidean",
    **options: Any,
) -> NDArray[np.float64]:
    """Return k* / class size of each sample, called as scikit-learn's ``silhouette_samples``.

    1 where all of the class is nearer than any other class; near 0 where another class comes first.

    Parameters
    ----------
    X : (N, d) or (N, ...) numbers
        In whatever `kstar_gpu.kstar` takes as features (errors call them so); under
        ``metric="precomputed"`` the (N, N) distances.
    labels : (N,) labels
        Of two classes at least.
    metric : {"euclidean", "cosine", "precomputed"}
    options
        As for `kstar_gpu.kstar`: backend, device, memory_limit.

    Returns
    -------
    (N,) float64
        A numpy array, wherever `X` is. ``kstar(X, labels, normalize=True)`` gives the same in the
        library, and on the device, of `X`.

    Raises
    ------
    ValueError, TypeError
        For arguments that do not fit, as in `kstar_gpu.kstar`.

    Examples
    --------
    >>> import numpy as np
    >>> kstar_samples(np.array([[0.0], [1.0], [3.0], [3.5]]), [0, 0, 0, 1])
    array([1.        , 1.        , 0.33333333, 1.        ])
    """
    check_search_options("kstar_samples", options)
    settings = {"backend": "auto", "device": None, "memory_limit": None, **options}
    check_arguments(metric, None, None, settings["memory_limit"])
    classes = make_classes(labels, None)
    found = answer(X, None, classes, metric, progress=None, **settings)
    return on_host(classes.normalized(found.kstar))


def kstar_score(
    X: Any,
    labels: Any,
    *,
    metric: str = "euclidean",
    **options: Any,
) -> float:
    """Return the mean of k* / class size, called as scikit-learn's ``silhouette_score``.

    1 where each class is one region apart from the others, near 0 where classes mix: larger is
    better, and, as for a silhouette, no prediction is needed.

    Parameters
    ----------
    X, labels, metric, options
        As for `kstar_samples`.

    Returns
    -------
    float
        The mean over all samples. Of each class: `KStarDistribution.mean`.

    Raises
    ------
    ValueError, TypeError
        As `kstar_samples`.

    Examples
    --------
    >>> import numpy as np
    >>> kstar_score(np.array([[0.0], [1.0], [3.0], [4.0]]), ["a", "a", "b", "b"])
    1.0

    In a search over transformers, and over classifiers by what they decide from::

        def separated(estimator, X, y):
            return kstar_score(estimator.transform(X), y)

        GridSearchCV(pipeline, grid, scoring=separated)

        def separated_by(y, X):  # make_scorer gives labels first
            return kstar_score(X, y)

        make_scorer(separated_by, response_method="decision_function")
    """
    return float(np.mean(kstar_samples(X, labels, metric=metric, **options)))
