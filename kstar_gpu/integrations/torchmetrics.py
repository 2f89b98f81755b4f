"""k* as torchmetrics metrics: of the samples of an epoch, while a model is validated.

Not imported by the package itself: ``from kstar_gpu.metric import KStar``. Needs the extra
`metrics`: ``pip install "kstar-gpu[metrics]"``.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..stats.choice import deciding_skewness
from ..stats.distribution import KStarDistribution
from ..stats.statistic import skewness_of
from .kstar_metric import Floats, KStarMetric


class KStar(KStarMetric):
    """Mean of k* / class size: 1 where each class is one compact region, near 0 where they mix.

    `distribution` gives the whole result, `scalars` more numbers of it; `KStarOnes` and
    `KStarSkewness` are its companions.

    ``update(features, labels)`` takes a batch: (B, ...) features and (B,) integer labels.
    ``compute()`` is of all samples since the last reset, across processes of those of all;
    ``forward(features, labels)`` is of its batch alone. Both are float32, or float64 after
    ``set_dtype(torch.float64)``. Of fewer than two classes they are NaN, as in a sanity check over
    a loader that is sorted by class; the first time there is a warning.

    Features and labels are kept until the next reset, on the device of the features (or on the
    host: ``compute_on_cpu=True``). Of several processes each keeps its own, and they are asked
    together (`kstar_gpu.scale.distributed`); all features are gathered in each of them only by
    ``sync()``, under a ``memory_limit``, and where ``dist_sync_fn`` says how. Samples that a
    distributed sampler repeats count again.

    Parameters
    ----------
    class_names : sequence of str, or mapping from label to str, optional
        Of all classes, whether samples of them come or not. Names of a sequence are those of the
        labels 0, 1, 2, ...
    average : {"macro", "weighted", "micro", "none"} or None
        "macro": the mean over the classes that have samples. "weighted": the same, weighted by
        their samples. "micro": of all samples at once. "none" or None: no average but one number
        per class, (C,), at the place that its label has among those of `class_names`, or in 0, 1,
        2, ...; NaN for a class without samples.
    num_classes : int, optional
        How many classes there are, if they have no names. Without both (C,) reaches up to the
        largest label that came.
    options
        As for `kstar_gpu.kstar_distribution`: metric ("euclidean", "cosine"), backend,
        memory_limit, skewness, threshold; others as for `torchmetrics.Metric`.

    Raises
    ------
    ValueError, TypeError
        For arguments that are none; at once, not at the end of an epoch.

    Examples
    --------
    >>> import torch
    >>> from kstar_gpu.metric import KStar
    >>> metric = KStar()
    >>> metric.update(torch.tensor([[0.0], [1.0], [3.0], [4.0]]), torch.tensor([0, 0, 1, 1]))
    >>> metric.compute()
    tensor(1.)

    In a LightningModule, ``self.kstar = KStar()`` in `__init__`, and in a step:

        self.kstar.update(features, labels)
        self.log("kstar", self.kstar)

    Numbers of each class, by name:

        ClasswiseWrapper(KStar(names, average=None), names)
    """

    higher_is_better = True
    plot_lower_bound = 0.0
    plot_upper_bound = 1.0

    def _of_classes(self, result: KStarDistribution) -> Floats:
        return result.mean

    def _of_samples(self, result: KStarDistribution) -> float:
        return float(result.normalized.mean())


class KStarOnes(KStarMetric):
    """Share of the samples whose nearest neighbour is of another class: their k* is 1.

    Arguments and methods are those of `KStar`, but by default the average is "micro": of all
    samples, whatever their classes.

    Examples
    --------
    >>> import torch
    >>> from kstar_gpu.metric import KStarOnes
    >>> metric = KStarOnes()
    >>> metric.update(torch.tensor([[0.0], [1.0], [3.0], [3.5]]), torch.tensor([0, 0, 0, 1]))
    >>> metric.compute()  # of four samples two
    tensor(0.5000)
    """

    higher_is_better = False
    plot_lower_bound = 0.0
    plot_upper_bound = 1.0

    def __init__(
        self,
        class_names: Sequence[str] | Mapping[int, str] | None = None,
        *,
        average: str | None = "micro",
        **options: Any,
    ) -> None:
        super().__init__(class_names, average=average, **options)

    def _of_classes(self, result: KStarDistribution) -> Floats:
        ones = np.bincount(result.class_index, weights=result.kstar == 1)
        return ones / result.sizes

    def _of_samples(self, result: KStarDistribution) -> float:
        return float(np.mean(result.kstar == 1))


class KStarSkewness(KStarMetric):
    """Skewness of k* / class size: above 0.5 classes are fractured, below -0.5 clustered.

    Arguments and methods are those of `KStar`; ``skewness="augmented"`` is the other
    convention. A class whose k* values are all equal has none, and no part in an average.

    Examples
    --------
    >>> import torch
    >>> from kstar_gpu.metric import KStarSkewness
    >>> metric = KStarSkewness()
    >>> metric.update(torch.tensor([[0.0], [1.0], [3.0], [3.5]]), torch.tensor([0, 0, 0, 1]))
    >>> metric.compute()
    tensor(-0.7071)
    """

    higher_is_better = False

    def _of_classes(self, result: KStarDistribution) -> Floats:
        return deciding_skewness(result)

    def _of_samples(self, result: KStarDistribution) -> float:
        ends = [] if result.skewness == "plain" else [0.0, 1.0]
        return skewness_of(np.append(result.normalized, ends))
