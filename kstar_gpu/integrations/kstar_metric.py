"""What the k* metrics of torchmetrics have in common: arguments, and a result of all samples.

AskedTogether (asked_together) <-- KStarMetric <-- torchmetrics.KStar, KStarOnes, KStarSkewness
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..api import check_arguments
from ..engines.registry import BACKENDS
from ..inputs.metrics import METRICS, PRECOMPUTED
from ..plot.common import drawn_into, plain
from ..stats.distribution import KStarDistribution
from ..stats.from_features import kstar_distribution
from ..stats.options import DISTRIBUTION_OPTIONS
from ..stats.pattern import check_rule
from .asked_together import AskedTogether
from .known_classes import FEWEST, known_classes
from .scalars import mean_of, scalars_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PER_CLASS = ("none", None)
AVERAGES = ("micro", "macro", "weighted", *PER_CLASS)
NONE: NDArray[np.int64] = np.empty(0, np.int64)
Floats = NDArray[np.float64]


class KStarMetric(AskedTogether):
    """A number of each class's k* distribution, averaged; what it is of, subclasses say.

    Arguments are those of `KStar`, which tells of all of them.
    """

    is_differentiable = False
    plot_legend_name = "Class"

    def __init__(
        self,
        class_names: Sequence[str] | Mapping[int, str] | None = None,
        *,
        average: str | None = "macro",
        num_classes: int | None = None,
        **options: Any,
    ) -> None:
        own = {name: options.pop(name) for name in DISTRIBUTION_OPTIONS & options.keys()}
        super().__init__(**options)  # which refuses what it does not know
        if average not in AVERAGES:
            raise ValueError(
                f"average: micro, macro, weighted, none or None is wanted, got {average!r}"
            )
        _check_options(**own)
        self.class_names = class_names
        self.average = average
        self.options = own
        self.known = known_classes(class_names, num_classes)

    @abstractmethod
    def _of_classes(self, result: KStarDistribution) -> Floats:
        """Return the number of each class, (C,)."""

    @abstractmethod
    def _of_samples(self, result: KStarDistribution) -> float:
        """Return the number of all samples, whatever their classes."""

    def compute(self) -> Tensor:
        """Return the value of all samples: a scalar, or (C,) without an average.

        Examples
        --------
        >>> metric.compute()
        tensor(0.2433)
        """
        present = self._present()
        result = self._result() if len(present) >= FEWEST else None
        value = self._value(present, result)
        if np.isnan(value).all() and self.update_called:  # of no update torchmetrics itself warns
            self._warn_undefined(present)
        return self._tensor(value)

    def distribution(self) -> KStarDistribution:
        """Return the k* distributions of all samples so far.

        Of all processes, where there are several (unless ``sync_on_compute=False``): each must
        call it.

        Raises
        ------
        ValueError
            Of fewer than two classes.

        Examples
        --------
        >>> metric.distribution().class_names
        ('ant', 'bee', 'cat')
        """
        present, result = self._asked()
        if result is None:
            raise ValueError(_needs_two(present))
        return result

    def distribution_if_any(self) -> KStarDistribution | None:
        """Return what `distribution` does; None, with a warning, of fewer than two classes.

        Examples
        --------
        >>> metric.distribution_if_any() is None
        False
        """
        present, result = self._asked()
        if result is None:
            self._warn_undefined(present)
        return result

    def scalars(self) -> dict[str, Tensor]:
        """Return what a loop may log by itself: five scalars by name; called as `distribution`.

        ``kstar_mean`` and ``kstar_skewness``: the means over the classes of mean and (plain)
        skewness of k* / class size. ``kstar_fractured``, ``kstar_overlapped``,
        ``kstar_clustered``: the shares of classes with that pattern. All are NaN, with a warning,
        of fewer than two classes.

        Examples
        --------
        >>> metric.scalars()["kstar_mean"]
        tensor(0.2433)
        """
        values = scalars_of(self.distribution_if_any())
        return {name: self._tensor(value) for name, value in values.items()}

    def plot(self, val: Any = None, ax: "Axes | None" = None) -> Any:
        """Draw values, as metrics of torchmetrics do, or the distributions; return figure and axes.

        Parameters
        ----------
        val : a value of `compute` or `forward`, or a sequence of them, optional
            By default what `distribution` gives is drawn, class by class.
        ax : matplotlib.axes.Axes, optional

        Examples
        --------
        >>> figure, axes = metric.plot()
        >>> figure.savefig("epoch.png")
        """
        if val is None:
            axes = self.distribution().plot(ax)
            return axes.figure, axes
        axes = drawn_into(ax, 6.4, 4.8)
        self._plot(val, axes)
        self._write_names(axes)
        return axes.figure, axes

    def _asked(self) -> tuple[NDArray[np.int64], KStarDistribution | None]:
        """Return the labels of all processes, and the result; None if they are too few."""
        with self._of_all_processes():
            present = self._present()
            return present, self._result() if len(present) >= FEWEST else None

    def _present(self) -> NDArray[np.int64]:
        """Return the labels of the classes that have samples, rising."""
        own = [part.cpu() for part in self.sample_labels]
        labels = own if self.together is None else [self.together.labels]
        present = np.unique(np.concatenate([NONE, *labels]))
        self._check_classes(present)  # once more: the samples may be those of another metric
        return present

    def _result(self) -> KStarDistribution:
        """Return the k* distributions of what is kept, here or by all processes."""
        if self.together is not None:
            return self.together.distribution(self.known.names, **self.options)
        return kstar_distribution(*self.samples(), self.known.names, **self.options)

    def _value(self, present: NDArray[np.int64], result: KStarDistribution | None) -> Any:
        """Return what `compute` does, as numbers."""
        if self.average == "micro":
            return np.nan if result is None else self._of_samples(result)
        values = np.full(len(present), np.nan) if result is None else self._of_classes(result)
        if self.average in PER_CLASS:
            return self.known.spread(present, values)
        return mean_of(values, None if self.average == "macro" or result is None else result.sizes)

    def _tensor(self, value: Any) -> Tensor:
        # Half precision says how features are kept, not how exact a mean is.
        dtype = torch.promote_types(self.dtype, torch.float32)
        return torch.as_tensor(value, dtype=dtype).to(self.device)

    def _warn_undefined(self, present: NDArray[np.int64]) -> None:
        """Say why the value is NaN."""
        few = len(present) < FEWEST
        self._warn_once(
            f"NaN: {_needs_two(present)}" if few else "NaN: in no class do the k* values differ"
        )

    def _check_labels(self, labels: Tensor) -> None:
        self._check_classes(np.unique(labels.cpu()))

    def _check_classes(self, present: NDArray[np.int64]) -> None:
        """Refuse labels that are not known, or have no place where one is needed."""
        if self.known.labels is not None or self.average in PER_CLASS:
            self.known.places(present)

    def _write_names(self, axes: "Axes") -> None:
        """Write the names of classes, if they have any, in the place of their numbers."""
        legend, names = axes.get_legend(), self.known.names
        if self.average in PER_CLASS and legend is not None and names is not None:
            texts = legend.get_texts()[-len(names) :]  # before them may be what was there
            for text, label in zip(texts, sorted(names), strict=True):
                text.set_text(plain(names[label]))


def _check_options(
    metric: str = "euclidean",
    backend: str = "auto",
    memory_limit: int | None = None,
    skewness: str = "plain",
    threshold: float = 0.5,
) -> None:
    """Refuse options that `kstar_distribution` would."""
    check_arguments(metric, None, None, memory_limit)
    check_rule(skewness, threshold)
    if backend not in ("auto", *BACKENDS):
        names = ", ".join(map(repr, ("auto", *BACKENDS)))
        raise ValueError(f"backend: one of {names} is wanted, got {backend!r}")
    if metric == PRECOMPUTED:
        raise ValueError(
            f"metric: {' or '.join(METRICS)} is wanted, since batches hold no distances to one "
            f"another's samples; got {metric!r}"
        )


def _needs_two(present: NDArray[np.int64]) -> str:
    found = ", ".join(map(str, present)) or "none"
    return f"labels: at least two classes are wanted, got {len(present)} ({found})"
