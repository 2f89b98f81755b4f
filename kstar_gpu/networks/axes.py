"""Which axis of a tensor is the batch and which holds the channels, as its operations tell.

Shapes cannot: 64 channels of 64 x 64 places look the same in any order. But a convolution puts its
channels second and a linear map puts them last, whatever module they are called from; and what
permutes, reshapes or adds tensors takes their axes along. So every axis gets a name, a number, when
it comes up, and the names go with it. What is not understood leaves the axes unclear, not guessed.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakIdKeyDictionary

from .operations import (
    CONVOLUTIONS,
    RECURRENT,
    REDUCTIONS,
    RESHAPES,
    RESIZES,
    SECOND,
    UNCLEAR,
    VIEWS,
    axes_taken,
    regrouped,
)

BATCH = 0
PRIMES = (10007, 10009, 10037, 10039, 10061, 10067, 10069, 10079)


class Axes(NamedTuple):
    """The names of a tensor's axes, and whether their order was changed on the way."""

    names: tuple[int, ...]
    moved: bool = False


class AxisTracker(TorchFunctionMode):
    """Follows axes through whatever is computed within it.

    Parameters
    ----------
    inputs : tensors whose first axis is the batch
    """

    def __init__(self, inputs: Iterable[Tensor]) -> None:
        super().__init__()
        self.known = WeakIdKeyDictionary()
        self.channels: set[int] = set()
        self.fresh = itertools.count(BATCH + 1)
        for tensor in inputs:
            self.known[tensor] = Axes((BATCH, *self._new(tensor.ndim - 1)))

    def axes_of(self, tensor: Any) -> Axes | None:
        """Return what is known of a tensor."""
        if not isinstance(tensor, Tensor):
            return None
        found: Axes | None = self.known.get(tensor)  # type: ignore[no-untyped-call]  # torch's
        return found

    def batch_axis(self, axes: Axes) -> int | None:
        """Return where the batch is, if that is known."""
        return axes.names.index(BATCH) if axes.names.count(BATCH) == 1 else None

    def channel_axis(self, axes: Axes) -> int | None:
        """Return where the channels are, if there is one such axis."""
        found = [axis for axis, name in enumerate(axes.names) if name in self.channels]
        return found[0] if len(found) == 1 else None

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Compute, and note the axes of what comes out."""
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        parts = [result] if isinstance(result, Tensor) else result
        if isinstance(parts, list | tuple) and any(isinstance(part, Tensor) for part in parts):
            operands = [x for x in _tensors((*args, *kwargs.values())) if x in self.known]
            name = getattr(func, "__name__", "")
            if name == "__get__":  # of an attribute, such as mT
                name = getattr(func.__self__, "__name__", "")
            try:
                name = name.removesuffix("_with_indices")
                self._note(func, name, args, kwargs, operands, parts)
            except Exception:  # an unusual call must not end the user's: its axes stay unclear
                self._unclear(parts)
        return result

    def _note(
        self, func: Any, name: str, args: Any, kwargs: Any, operands: list[Tensor], parts: Any
    ) -> None:
        """Note the axes of the parts of a result."""
        first = next(iter(_tensors((*args, *kwargs.values()))), None)
        if first is None:
            return
        axes = self.axes_of(first)
        out = parts[0]
        if (
            name in CONVOLUTIONS | SECOND
            and first.ndim == out.ndim == axes_taken(name, first.ndim) > 2
        ):
            self.known[out] = self._second(name, axes, out)
        elif name in RECURRENT and axes is not None and out.ndim == 3:
            self.known[out] = Axes((*axes.names[:2], self._channel()))
        elif name in ("linear", "multi_head_attention_forward", "addmm"):
            axes = self.axes_of(args[1]) if name == "addmm" else axes
            self._last(axes)
            names = axes.names[:-1] if axes else self._new(out.ndim - 1)
            self.known[out] = Axes((*names, self._channel()))
        elif name == "embedding":
            ids = self.axes_of(kwargs.get("input", args[0] if args else None))
            names = ids.names if ids else self._new(out.ndim - 1)
            self.known[out] = Axes((*names, self._channel()))
        elif not operands:
            return
        elif name in VIEWS | REDUCTIONS and axes is not None:
            probed = self._by_strides if name in VIEWS else self._by_sizes
            for part, found in zip(parts, probed(func, first, axes, args, kwargs), strict=False):
                self.known[part] = found
        elif name in RESHAPES and axes is not None:
            self.known[out] = self._reshaped(axes, first.shape, out.shape)
        elif name in ("matmul", "__matmul__", "__rmatmul__"):
            self.known[out] = self._product(args, out)
        elif name == "scaled_dot_product_attention" and axes is not None:
            value = self.axes_of(kwargs.get("value", args[2] if len(args) > 2 else None))
            last = value.names[-1] if value else self._channel()
            self.known[out] = Axes((*axes.names[:-1], last), axes.moved)
        elif name in UNCLEAR:
            self._unclear(parts)
        else:
            if name in ("layer_norm", "rms_norm") and len(_normalized(args, kwargs)) == 1:
                self._last(axes)
            for part in filter(lambda part: isinstance(part, Tensor), parts):
                self.known[part] = self._aligned(name, operands, part)

    def _new(self, count: int) -> tuple[int, ...]:
        return tuple(itertools.islice(self.fresh, max(count, 0)))

    def _channel(self) -> int:
        name = next(self.fresh)
        self.channels.add(name)
        return name

    def _unclear(self, parts: Any) -> None:
        for part in parts:
            if isinstance(part, Tensor):
                self.known[part] = Axes(self._new(part.ndim), moved=True)

    def _last(self, axes: Axes | None) -> None:
        """Take it from who reads a tensor that its channels come last, if nothing is known."""
        if axes and axes.names[-1] != BATCH and not self.channels & {*axes.names}:
            self.channels.add(axes.names[-1])

    def _second(self, name: str, axes: Axes | None, out: Tensor) -> Axes:
        """Return the axes (B, C, places...) of what a convolution or the like gives."""
        if axes is None:
            axes = Axes(self._new(out.ndim))
        if not self.channels & {*axes.names}:
            self.channels.add(axes.names[1])
        if name.endswith("_norm"):
            return axes
        channel = self._channel() if name in CONVOLUTIONS else axes.names[1]
        return Axes((axes.names[0], channel, *self._new(out.ndim - 2)))

    def _by_strides(
        self, func: Any, first: Tensor, axes: Axes, args: Any, kwargs: Any
    ) -> Iterator[Axes]:
        """Yield the axes of views: strides say which axis went where."""
        probe = torch.empty_strided(first.shape, PRIMES[: first.ndim], device="meta")
        for part in _parts(func(*_with(probe, first, args), **_with(probe, first, kwargs))):
            origins = [
                next((i for i, p in enumerate(PRIMES[: first.ndim]) if s and s % p == 0), None)
                for s in part.stride()
            ]
            copied = any(
                origin is None and size > 1 and stride
                for origin, size, stride in zip(origins, part.shape, part.stride(), strict=True)
            )
            found = self._carried(axes, origins)
            yield found._replace(moved=found.moved or copied)

    def _by_sizes(
        self, func: Any, first: Tensor, axes: Axes, args: Any, kwargs: Any
    ) -> Iterator[Axes]:
        """Yield the axes of what is left by sums over some of them: sizes say which are there."""
        probe = torch.empty(0, device="meta").as_strided(PRIMES[: first.ndim], [0] * first.ndim)
        for part in _parts(func(*_with(probe, first, args), **_with(probe, first, kwargs))):
            origins = [PRIMES.index(size) if size in PRIMES else None for size in part.shape]
            yield self._carried(axes, origins)

    def _carried(self, axes: Axes, origins: list[int | None]) -> Axes:
        """Return the axes that come from these of before; None is a new one."""
        came = [origin for origin in origins if origin is not None]
        names = tuple(
            next(self.fresh) if origin is None else axes.names[origin] for origin in origins
        )
        return Axes(names, axes.moved or came != sorted(came))

    def _reshaped(self, axes: Axes, before: torch.Size, after: torch.Size) -> Axes:
        """Keep the names of axes that stay whole; parts of channels are channels, and again one."""
        names: list[int] = []
        for old, count in regrouped(before, after):
            whole = [axes.names[axis] for axis in old]
            if count == 1 and len(whole) == 1:
                names += whole
            elif {*whole} <= self.channels and 1 in (count, len(whole)):
                names += [self._channel() for _ in range(count)]
            else:
                names += self._new(count)
        return Axes(tuple(names), axes.moved)

    def _product(self, args: Any, out: Tensor) -> Axes:
        """Return the axes of a matrix product: rows of the left one, columns of the right one."""
        left, right = (self.axes_of(value) for value in args[:2])
        if left is None or len(left.names) != out.ndim:
            return Axes(self._new(out.ndim), moved=True)
        if right is None:  # a parameter: a linear map
            self._last(left)
            return Axes((*left.names[:-1], self._channel()), left.moved)
        return Axes((*left.names[:-1], right.names[-1]), left.moved or right.moved)

    def _aligned(self, name: str, operands: list[Tensor], out: Tensor) -> Axes:
        """Return the axes of what has those of its operands, such as their sum."""
        fitting = [
            self.known[x]
            for x in operands
            if x.shape == out.shape or (name in RESIZES and x.ndim == out.ndim)
        ]
        telling = [axes for axes in fitting if self.channel_axis(axes) is not None]
        where = {self.channel_axis(axes) for axes in telling}
        if not fitting or len(where) > 1:
            return Axes(self._new(out.ndim), moved=True)
        chosen = next(iter(telling or fitting))
        batches = {self.batch_axis(axes) for axes in fitting} - {None}
        names = list(chosen.names)
        if len(batches) == 1 and BATCH not in names:
            names[batches.pop() or 0] = BATCH
        return Axes(tuple(names), chosen.moved)


def _tensors(values: Iterable[Any]) -> Iterator[Tensor]:
    """Yield the tensors among arguments, and in lists among them."""
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)


def _parts(result: Any) -> Iterable[Tensor]:
    return [result] if isinstance(result, Tensor) else result


def _with(probe: Tensor, first: Tensor, values: Any) -> Any:
    """Return arguments with a probe in the place of their first tensor."""
    if isinstance(values, Mapping):
        return {name: probe if value is first else value for name, value in values.items()}
    return [probe if value is first else value for value in values]


def _normalized(args: Any, kwargs: Any) -> Any:
    return kwargs.get("normalized_shape", args[1] if len(args) > 1 else ())
