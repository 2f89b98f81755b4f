"""What layers give for one batch: a row per sample of each, or what is wrong with it."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from .pooling import Pool, first_tensor, pooled


class LayerError(ValueError):
    """What some layers give cannot be recorded.

    Attributes
    ----------
    failed : dict
        From a layer's name to what is wrong with it.
    """

    def __init__(self, failed: dict[str, str]) -> None:
        super().__init__(failed)
        self.failed = failed

    def __str__(self) -> str:
        return "; ".join(f"layer {name!r} {why}" for name, why in self.failed.items())


@contextmanager
def recording(
    modules: Mapping[str, nn.Module], pool: Pool, dtype: torch.dtype | None
) -> "Iterator[Recorder]":
    """Let a recorder hear what these modules give, by their names; afterwards no longer."""
    recorder = Recorder(modules, pool, dtype)
    with ExitStack() as stack:
        for name, module in modules.items():
            hook = partial(recorder.record, name)
            stack.callback(module.register_forward_hook(hook).remove)
        yield recorder


class Recorder:
    """Files each layer's pooled output under its name, batch by batch.

    Parameters
    ----------
    layers : names
    pool, dtype : as for `kstar_gpu.activations`
    """

    def __init__(self, layers: Iterable[str], pool: Pool, dtype: torch.dtype | None) -> None:
        self.layers = list(layers)
        self.pool = pool
        self.dtype = dtype
        self.shapes: dict[str, tuple[int, ...]] = {}  # of a sample, in all batches
        self.start(None)

    def start(self, mask: Tensor | None) -> None:
        """Begin a batch, in which `mask` (B, T) says which tokens count."""
        self.mask = mask
        self.outputs: dict[str, Tensor] = {}
        self.failed: dict[str, str] = {}

    def record(self, name: str, module: nn.Module, arguments: Any, output: Any) -> None:
        """Take one output: a forward hook. What is wrong waits until the batch ends."""
        tensor = first_tensor(output)
        if tensor is None:
            layer, found = type(module).__name__, type(output).__name__
            self.failed[name] = f"({layer}) must give a tensor, got {found}"
        elif name in self.outputs:
            self.failed[name] = "ran more than once in a batch"
        else:
            self._pool(name, tensor.detach())

    def rows(self, samples: int) -> dict[str, Tensor]:
        """Return each layer's rows for a batch of so many samples.

        Raises
        ------
        LayerError
            If a layer gave none, or none that fit below those of earlier batches.
        """
        for name in self.layers:
            if name not in self.failed:
                self._check(name, samples)
        if self.failed:
            raise LayerError(self.failed)
        return {name: self.outputs[name] for name in self.layers}

    def _pool(self, name: str, output: Tensor) -> None:
        mask = None if self.mask is None else self.mask.to(output.device)
        try:
            rows = pooled(output, self.pool, mask)
        except torch.cuda.OutOfMemoryError:
            raise  # no fault of the layer's
        except Exception as error:  # a function of the user's may raise anything
            self.failed[name] = f"cannot be pooled: {error}"
            return
        if not isinstance(rows, Tensor):
            self.failed[name] = f"cannot be pooled: a tensor is wanted, got {type(rows).__name__}"
            return
        # A copy, since the next module may work in place on this very tensor.
        self.outputs[name] = rows.to("cpu", self.dtype or rows.dtype, copy=True)

    def _check(self, name: str, samples: int) -> None:
        if name not in self.outputs:
            self.failed[name] = "did not run when the model was called"
            return
        shape = tuple(self.outputs[name].shape)
        if shape[:1] != (samples,):
            self.failed[name] = (
                f"must give one row per sample, got shape {shape} for a batch of {samples}"
            )
            return
        earlier = self.shapes.setdefault(name, shape[1:])
        if shape[1:] != earlier:
            self.failed[name] = (
                f"must give one shape throughout, got {shape[1:]} per sample after {earlier}"
            )
