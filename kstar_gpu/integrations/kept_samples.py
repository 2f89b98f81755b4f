"""The samples of an epoch as a torchmetrics metric keeps them: all of a batch, or nothing of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial, reduce
from typing import Any

import torch
from torch import Tensor

from ..extras import import_extra
from ..inputs.arrays import to_tensor
from ..inputs.torch_tensors import FLOAT_DTYPES

import_extra("torchmetrics", "metrics", "kstar_gpu.metric needs torchmetrics")

from torchmetrics import Metric  # noqa: E402  # a class has to name what it is made of
from torchmetrics.utilities.distributed import gather_all_tensors  # noqa: E402
from torchmetrics.utilities.prints import rank_zero_warn  # noqa: E402


class KeptSamples(Metric):
    """Keeps features and labels of batches; a step, a merge or a sync that fails changes nothing.

    Attributes
    ----------
    features : list of (B, d) tensors
        float16, bfloat16, float32 or float64, as they came.
    sample_labels : list of (B,) int64 tensors
        Not `labels`, which `torchmetrics.wrappers.ClasswiseWrapper` has for itself.
    """

    full_state_update = False
    features: list[Tensor]
    sample_labels: list[Tensor]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._has_warned = False
        self.add_state("features", default=[], dist_reduce_fx="cat")
        self.add_state("sample_labels", default=[], dist_reduce_fx="cat")

    def update(self, features: Tensor, labels: Tensor) -> None:
        """Take a batch: a copy, so that whoever made it may write over it.

        Parameters
        ----------
        features : (B, d) or (B, ...) tensor
            Dimensions after the first are flattened. Numbers as for `kstar_gpu.kstar`.
        labels : (B,) tensor of integers, booleans or integral floats

        Raises
        ------
        ValueError, TypeError
            If there is not one label per sample, there are as many features per sample as in no
            other batch, or they are no such tensors.

        Examples
        --------
        >>> metric.reset()
        >>> for batch in loader:
        ...     metric.update(*batch)
        """
        matrix = _matrix(features)
        integers = _integers(labels, len(matrix))
        self._check_labels(integers)
        if self.features:
            _check_widths([self.features[0], matrix])
        self.features.append(matrix.clone(memory_format=torch.contiguous_format))
        self.sample_labels.append(integers.to(matrix.device, copy=True))

    def _check_labels(self, labels: Tensor) -> None:
        """Refuse labels of a batch, (B,) int64, that a metric cannot place."""

    def samples(self) -> tuple[Tensor, Tensor]:
        """Return features (N, d) and labels (N,) of what is kept; (0, 0) and (0,) of nothing.

        Examples
        --------
        >>> [part.shape for part in metric.samples()]
        [torch.Size([60, 4]), torch.Size([60])]
        """
        if not self.features:
            labels = torch.empty(0, dtype=torch.int64, device=self.device)
            return torch.empty(0, 0, device=self.device), labels
        return torch.cat(self.features), torch.cat(self.sample_labels)

    def _warn_once(self, message: str) -> None:
        """Warn, unless this metric has done so; of all processes, the first does."""
        if not self._has_warned:
            rank_zero_warn(f"{type(self).__name__}: {message}", UserWarning, stacklevel=3)
        self._has_warned = True

    @torch.jit.unused
    def forward(self, *batch: Any, **named: Any) -> Any:
        """Take a batch, as `update` does, and return the value of this batch alone.

        Examples
        --------
        >>> [metric(*batch) for batch in loader]
        [tensor(0.2433)]
        """
        with self._as_before_if_it_fails():
            return super().forward(*batch, **named)

    def merge_state(self, incoming_state: "dict[str, Any] | Metric") -> None:
        """Take the samples of another metric of this class, or of a state by name.

        Examples
        --------
        >>> from kstar_gpu.metric import KStar
        >>> both = KStar()
        >>> both.merge_state(metric)
        >>> len(both.samples()[0])
        60
        """
        if isinstance(incoming_state, Mapping):
            incoming_state = {
                name: [state] if isinstance(state, Tensor) else state
                for name, state in incoming_state.items()
            }
        with self._as_before_if_it_fails():
            super().merge_state(incoming_state)
            self._update_count += 1
            self._computed = None

    @contextmanager
    def sync_context(self, *arguments: Any, **named: Any) -> Iterator[None]:
        """Hold the samples of all processes for a while."""
        with self._as_before_if_it_fails(), super().sync_context(*arguments, **named):
            yield

    @contextmanager
    def _as_before_if_it_fails(self) -> Iterator[None]:
        before = {**vars(self), **self._copy_state_dict()}
        try:
            yield
        except BaseException:
            vars(self).update(before)
            raise

    def _copy_state_dict(self) -> dict[str, Any]:
        """Return the states: their lists are copied, the batches are not, which nobody changes."""
        return {name: [*getattr(self, name)] for name in self._defaults}

    def _reduce_states(self, incoming_state: dict[str, Any]) -> None:
        """Put the samples of another state before those kept."""
        super()._reduce_states(incoming_state)
        _check_widths(self.features)
        counts = [sum(map(len, batches)) for batches in (self.features, self.sample_labels)]
        if counts[0] != counts[1]:
            raise ValueError(
                f"sample_labels: one per sample is wanted ({counts[0]}), got {counts[1]}"
            )

    def _sync_dist(
        self, dist_sync_fn: Callable[..., Any] = gather_all_tensors, process_group: Any = None
    ) -> None:
        """Replace the samples by those of all processes, some of which may have none."""
        gather = partial(dist_sync_fn, group=process_group or self.process_group)
        features, labels = self.samples()
        # Labels first, and behind them what a process without samples cannot know of the features.
        kind = [features.shape[1], FLOAT_DTYPES.index(features.dtype)]
        told = gather(torch.cat([labels, labels.new_tensor(kind)]))
        kinds = [tuple(process[-2:].tolist()) for process in told]
        widths = sorted({width for width, _ in kinds} - {0})
        if not widths:
            return
        if len(widths) > 1:
            raise ValueError(
                f"features: as many per sample in all processes are wanted, got {widths}"
            )
        dtype = reduce(torch.promote_types, (FLOAT_DTYPES[code] for width, code in kinds if width))
        self.features = list(gather(features.reshape(len(labels), widths[0]).to(dtype)))
        self.sample_labels = [process[:-2] for process in told]

    def _apply(self, fn: Callable[..., Any], *arguments: Any, **named: Any) -> "KeptSamples":
        """Move or cast. Labels are moved alone: as float16, 5000 classes would be 3299."""
        labels, dtype = self.sample_labels, self.dtype
        super()._apply(fn, *arguments, **named)
        self.sample_labels = [
            batch.to(applied.device)
            for batch, applied in zip(labels, self.sample_labels, strict=True)
        ]
        if self.dtype != dtype:
            self._computed = None  # of features as they were
        return self

    def _load_from_state_dict(self, *arguments: Any) -> None:
        super()._load_from_state_dict(*arguments)
        vars(self).update(self._copy_state_dict(), _computed=None)  # whose lists are not ours


def _matrix(features: Any) -> Tensor:
    """Return features of a batch as (B, d) floating numbers."""
    if not isinstance(features, Tensor):
        raise TypeError(f"features: a tensor is wanted, got {type(features).__name__}")
    if features.ndim < 2 or 0 in features.shape[1:]:
        raise ValueError(
            "features: shape (B, d) or (B, ...), with one feature at least, is wanted, got "
            f"{tuple(features.shape)}"
        )
    return to_tensor(features, "features").flatten(1)


def _integers(labels: Any, count: int) -> Tensor:
    """Return the labels of a batch as int64."""
    if not isinstance(labels, Tensor):
        raise TypeError(f"labels: a tensor is wanted, got {type(labels).__name__}")
    if labels.shape != (count,):
        raise ValueError(
            f"labels: one label per sample is wanted ({count}), got shape {tuple(labels.shape)}"
        )
    if labels.is_complex():
        raise TypeError(f"labels: integers are wanted, got {labels.dtype}")
    integers = labels.to(torch.int64)
    if labels.is_floating_point():
        # From there on neighbouring integers are one number in this type.
        most = int(2 / torch.finfo(labels.dtype).eps)
        wrong = (integers.to(labels.dtype) != labels) | (integers.abs() > most)
        if wrong.any():
            raise ValueError(
                f"labels: integers up to {most}, which {labels.dtype} tells apart, are wanted, "
                f"got {labels[wrong][0].item()}"
            )
    elif labels.dtype == torch.uint64 and (integers < 0).any():
        largest = int(integers[integers < 0][0]) + 2**64
        raise ValueError(f"labels: integers below 2**63 are wanted, got {largest}")
    return integers


def _check_widths(batches: Sequence[Tensor]) -> None:
    widths = [batch.shape[1] for batch in batches]
    if len(set(widths)) > 1:
        raise ValueError(
            f"features: as many per sample as in the batches before are wanted ({widths[0]}), "
            f"got {widths[-1]}"
        )
