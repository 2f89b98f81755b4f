"""k* as a torchmetrics metric: gathers features while a model is validated.

Not imported by the package itself: ``from kstar_gpu.metric import KStar``. Needs the extra
`metrics`: ``pip install "kstar-gpu[metrics]"``.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..extras import import_extra
from ..stats.distribution import KStarDistribution, kstar_distribution
from ..stats.options import DISTRIBUTION_OPTIONS

import_extra("torchmetrics", "metrics", "kstar_gpu.metric needs torchmetrics")

from torchmetrics import Metric  # noqa: E402  # a class has to name what it is made of
from torchmetrics.utilities import dim_zero_cat  # noqa: E402

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class KStar(Metric):
    """Mean and skewness of the k* distribution, over all samples of an epoch.

    ``update(features, labels)`` takes a batch: (B, ...) features and (B,) integer labels.
    ``compute()`` returns scalars to be logged: the means over the classes of the mean and of the
    skewness of k* / class size, and the fractions of classes that are fractured, overlapped and
    clustered; across processes, of the samples of all. `distribution` gives the whole result.

    Parameters
    ----------
    class_names : sequence of str, optional
    options
        As for `kstar_gpu.kstar_distribution`: metric, backend, memory_limit, skewness, threshold;
        others as for `torchmetrics.Metric`.

    Examples
    --------
    >>> metric = KStar()
    >>> metric.update(torch.tensor([[0.0], [1.0], [3.0], [4.0]]), torch.tensor([0, 0, 1, 1]))
    >>> metric.compute()["kstar_mean"]
    tensor(1.)
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False
    features: list[Tensor]
    labels: list[Tensor]

    def __init__(self, class_names: Sequence[str] | None = None, **options: Any) -> None:
        own = {name: options.pop(name) for name in DISTRIBUTION_OPTIONS & options.keys()}
        super().__init__(**options)  # which refuses what it does not know
        self.class_names = class_names
        self.options = own
        self.add_state("features", default=[], dist_reduce_fx="cat")
        self.add_state("labels", default=[], dist_reduce_fx="cat")

    def update(self, features: Tensor, labels: Tensor) -> None:
        """Take a batch.

        Raises
        ------
        ValueError
            If there is not one label per sample.
        """
        if labels.shape != features.shape[:1]:
            raise ValueError(
                f"labels: one label per sample is wanted ({len(features)}), "
                f"got shape {tuple(labels.shape)}"
            )
        self.features.append(features.detach())
        self.labels.append(labels.detach())

    def distribution(self) -> KStarDistribution:
        """Return the k* distributions of all samples so far.

        Of all processes, where there are several: each must call it.
        """
        self.sync(dist_sync_fn=self.dist_sync_fn, process_group=self.process_group)
        try:
            return self._distribution()
        finally:
            if self._is_synced:
                self.unsync()

    def _distribution(self) -> KStarDistribution:
        features, labels = dim_zero_cat(self.features), dim_zero_cat(self.labels)
        return kstar_distribution(features, labels, self.class_names, **self.options)

    def compute(self) -> dict[str, Tensor]:
        """Return scalars, float32, on the metric's device."""
        result = self._distribution()
        skewness = torch.from_numpy(result.skewness_plain.copy())
        scalars = {
            "kstar_mean": torch.tensor(result.mean.mean()),
            "kstar_skewness": skewness.nanmean(),
        }
        for pattern in ("fractured", "overlapped", "clustered"):
            share = result.pattern.count(pattern) / len(result.pattern)
            scalars[f"kstar_{pattern}"] = torch.tensor(share)
        return {name: value.to(self.device, torch.float32) for name, value in scalars.items()}

    def plot(self, val: Any = None, ax: "Axes | None" = None) -> Any:
        """Draw what `distribution` gives, whatever `val`; return figure and axes."""
        axes = self.distribution().plot(ax)
        return axes.figure, axes
