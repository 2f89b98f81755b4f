"""What layers give for one batch: a row per sample of each, or what is wrong with it."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, unpack_sequence

from .layouts import Layouts, Scouted, UnclearError
from .masks import TokenMasks
from .pooling import Layout, OnePool, first_tensor, pooled, pooled_parts
from .unheard import why_unheard, without_hooks


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
    model: nn.Module,
    modules: Mapping[str, nn.Module],
    pools: Mapping[str, OnePool],
    dtype: torch.dtype | None,
    *,
    holds: bool = False,
) -> "Iterator[Recorder]":
    """Let a recorder hear what these modules give, by their names; afterwards no longer."""
    deaf = without_hooks(model, modules)
    if deaf:
        raise LayerError(deaf)
    recorder = Recorder(model, modules, pools, dtype, holds=holds)
    with ExitStack() as stack:
        for name, module in modules.items():
            hook = partial(recorder.record, name)
            stack.callback(module.register_forward_hook(hook).remove)
        yield recorder


class Recorder:
    """Files each layer's pooled output under its name, batch by batch.

    Parameters
    ----------
    model : what is run
    modules : its layers, by name
    pools : theirs
    dtype : as for `kstar_gpu.activations`
    holds : whether outputs whose layout is open are kept until it is settled: for those who cannot
        run a batch again

    Attributes
    ----------
    open : the shapes of the outputs in this batch whose layout shapes and modules do not tell; a
        scout may (`settle`), and then the batch is run again, unless they are held
    """

    def __init__(
        self,
        model: nn.Module,
        modules: Mapping[str, nn.Module],
        pools: Mapping[str, OnePool],
        dtype: torch.dtype | None,
        *,
        holds: bool = False,
    ) -> None:
        self.model = model
        self.modules = dict(modules)
        self.pools = dict(pools)
        self.dtype = dtype
        self.holds = holds
        self.shapes: dict[str, tuple[int, ...]] = {}  # of a sample, in all batches
        self.layouts: dict[str, Layout | UnclearError] = {}  # in all batches
        self.found = Layouts(model, modules)
        self.hears = True

    def start(self, samples: int, masks: TokenMasks) -> None:
        """Begin a batch of so many samples."""
        self.samples = samples
        self.masks = masks
        self.outputs: dict[str, Tensor] = {}
        self.failed: dict[str, str] = {}
        self.open: dict[str, torch.Size] = {}
        self.held: dict[str, Tensor] = {}

    @property
    def unsettled(self) -> bool:
        """Whether the layout of some layer is still unknown."""
        return any(n not in self.layouts for n, pool in self.pools.items() if not callable(pool))

    @contextmanager
    def muted(self) -> Iterator[None]:
        """Hear nothing meanwhile."""
        self.hears = False
        try:
            yield
        finally:
            self.hears = True

    def settle(self, scouted: Mapping[str, Scouted]) -> None:
        """Decide the layouts that are open by what a scout has seen."""
        for name, shape in self.open.items():
            seen = scouted.get(name)
            try:
                layout: Layout | UnclearError = self.found.scouted(
                    name, shape, self.samples, self.pools[name], seen
                )
            except UnclearError as error:
                layout = error
            self.layouts[name] = layout
        for name, output in self.held.items():
            self._pool(name, output)

    def record(self, name: str, module: nn.Module, arguments: Any, output: Any) -> None:
        """Take one output: a forward hook. What is wrong waits until the batch ends."""
        if not self.hears:
            return
        tensor = first_tensor(output)
        if tensor is None:
            layer, found = type(module).__name__, type(output).__name__
            self.failed[name] = f"({layer}) must give a tensor, got {found}"
        elif name in self.outputs or name in self.open:
            self.failed[name] = "ran more than once in a batch"
        else:
            self._pool(name, tensor)

    def rows(self) -> dict[str, Tensor]:
        """Return each layer's rows.

        Raises
        ------
        LayerError
            If a layer gave none, or none that fit below those of earlier batches.
        """
        for name in self.modules:
            if name not in self.failed:
                self._check(name)
        if self.failed:
            raise LayerError(self.failed)
        return {name: self.outputs[name] for name in self.modules}

    def _pool(self, name: str, output: Tensor | PackedSequence) -> None:
        try:
            rows = self._rows_of(name, output)
        except torch.cuda.OutOfMemoryError:
            raise  # no fault of the layer's
        except Exception as error:  # a function of the user's may raise anything
            self.failed[name] = f"cannot be pooled: {error}"
            return
        if rows is None:
            return
        if not isinstance(rows, Tensor):
            self.failed[name] = f"cannot be pooled: a tensor is wanted, got {type(rows).__name__}"
            return
        # A copy, since the next module may work in place on this very tensor.
        self.outputs[name] = rows.detach().to("cpu", self.dtype or rows.dtype, copy=True)

    def _rows_of(self, name: str, output: Tensor | PackedSequence) -> Tensor | None:
        """Return a row per sample; None, if the layout is still open."""
        pool = self.pools[name]
        if callable(pool):
            whole: Any = output.detach() if isinstance(output, Tensor) else output
            return pool(whole)
        if isinstance(output, PackedSequence):
            return pooled_parts(unpack_sequence(output), pool)
        if output.is_nested:
            return pooled_parts(output.unbind(), pool)
        whole = _strided(output.detach())
        if name not in self.layouts:
            layout = self.found.at_once(name, whole.shape, self.samples, pool)
            if layout is None:
                self.open[name] = whole.shape
                if self.holds:
                    self.held[name] = whole.clone()  # what comes next may work in place on it
                return None
            self.layouts[name] = layout
        known = self.layouts[name]
        if isinstance(known, UnclearError):
            raise known
        return pooled(whole, pool, known, self.masks.of)

    def _check(self, name: str) -> None:
        if name not in self.outputs:
            self.failed[name] = why_unheard(self.model, self.modules[name])
            return
        shape = tuple(self.outputs[name].shape)
        if shape[:1] != (self.samples,):
            self.failed[name] = (
                f"must give one row per sample, got shape {shape} for a batch of {self.samples}"
            )
            return
        earlier = self.shapes.setdefault(name, shape[1:])
        if shape[1:] != earlier:
            self.failed[name] = (
                f"must give one shape throughout, got {shape[1:]} per sample after {earlier}"
            )


def _strided(output: Tensor) -> Tensor:
    """Return a tensor that is quantized or sparse as a plain one."""
    if type(output).__name__ == "MaskedTensor":
        raise ValueError("a plain tensor is wanted, got a MaskedTensor")
    if output.is_quantized:
        return output.dequantize()
    return output if output.layout == torch.strided else output.to_dense()
