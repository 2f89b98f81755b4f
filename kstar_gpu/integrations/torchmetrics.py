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

    Arguments and methods are those of `KStarMetric`. `distribution` gives the whole result,
    `scalars` more numbers of it, `KStarOnes` and `KStarSkewness` are its companions.

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

    Arguments and methods are those of `KStarMetric`, but by default the average is "micro": of all
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

    Arguments and methods are those of `KStarMetric`; ``skewness="augmented"`` is the other
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
