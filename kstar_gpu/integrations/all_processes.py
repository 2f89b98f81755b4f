"""The samples of all processes, each of which keeps its own: asked together, nothing is gathered.

What is gathered of a sample are its label and its answer.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor

from ..inputs.classes import make_classes
from ..scale.distributed import asked_together
from ..stats.class_names import name_classes
from ..stats.distribution import KStarDistribution
from ..stats.from_features import of_answer


class AllProcesses:
    """A group of processes with samples; each of them makes one, and then calls its methods.

    Parameters
    ----------
    group : torch.distributed.ProcessGroup, or None for that of all processes
    features, labels : (n, d) and (n,) of this process; (0, 0) and (0,) if it has none

    Attributes
    ----------
    labels : (N,) of all samples, process by process

    Raises
    ------
    ValueError
        On all of them, where some have more features per sample than others.
    """

    def __init__(self, group: Any, features: Tensor, labels: Tensor) -> None:
        self.group = group
        told = self._gathered((features.shape[1], labels.cpu().numpy()))
        widths = sorted({width for width, _ in told} - {0})
        if len(widths) > 1:
            raise ValueError(
                f"features: as many per sample in all processes are wanted, got {widths}"
            )
        self.own = features.reshape(len(labels), *widths), labels
        self.labels: NDArray[np.int64] = np.concatenate([each for _, each in told])

    def distribution(
        self,
        class_names: Sequence[str] | Mapping[Any, str] | None,
        metric: str = "euclidean",
        backend: str = "auto",
        skewness: str = "plain",
        threshold: float = 0.5,
    ) -> KStarDistribution:
        """Return the k* distributions of all samples, of two classes at least.

        Arguments are those of `kstar_gpu.kstar_distribution`.
        """
        how = (None, metric, backend, None)
        found = asked_together((*self.own, None), (None, None, None), how, self.group)
        told = self._gathered((found.kstar, found.foreign_at_zero))
        kstar, at_zero = (np.concatenate(column) for column in zip(*told, strict=True))
        classes = make_classes(self.labels, None)
        names = name_classes(class_names, classes.labels)
        return of_answer(
            kstar,
            at_zero,
            classes,
            names,
            metric=metric,
            skewness=skewness,
            threshold=threshold,
        )

    def _gathered(self, mine: Any) -> list[Any]:
        every: list[Any] = [None] * dist.get_world_size(self.group)
        dist.all_gather_object(every, mine, self.group)
        return every
