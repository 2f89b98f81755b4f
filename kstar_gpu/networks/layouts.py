"""Which axis of a layer's output is the batch, and which one holds the channels.

Three witnesses, in this order; where none of them knows, the layer is refused:

1. shape and modules: one axis alone is as long as the batch; `batch_first` of torch's own modules;
   a convolution's or a linear map's number of channels, which fits one axis alone
2. a scout: the model run on part of the batch, with its axes followed through all operations
3. where nothing was seen to move any axis, torch's convention: maps (B, C, places), sequences
   (B, T, D)
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from torch import Size, nn

from .pooling import CHANNELS_FIRST, CHANNELS_LAST, SEQUENCE_FIRST, STATING, Layout, Pool

FLAGS = {"NCHW": 1, "NCL": 1, "NHWC": -1, "NLC": -1}  # timm's `output_fmt`
RECURRENT = (nn.RNN, nn.LSTM, nn.GRU)
LAYERS = (nn.TransformerEncoderLayer, nn.TransformerDecoderLayer)
STACKS = (nn.TransformerEncoder, nn.TransformerDecoder)


class Scouted(NamedTuple):
    """What a layer gave when part of the batch was run, with its axes followed."""

    samples: int
    shape: Size
    batch: int | None
    channels: int | None
    moved: bool


class UnclearError(ValueError):
    """Nothing tells which axis is which."""


class Layouts:
    """Finds the layouts of a model's layers.

    Parameters
    ----------
    model : torch.nn.Module
    modules : its layers, by name
    """

    def __init__(self, model: nn.Module, modules: Mapping[str, nn.Module]) -> None:
        self.chains = {name: _chain(model, module) for name, module in modules.items()}

    def at_once(self, name: str, shape: Size, samples: int, pool: Pool) -> Layout | None:
        """Return a layout that needs no scout, or None."""
        wanted = _wanted(pool, len(shape))
        if not wanted:
            return Layout(0, None)
        told = self._told(name, shape)
        batch = self._batch(name, shape, samples, told)
        if batch is None or wanted == "batch":
            return None if batch is None else Layout(batch, _stated(pool))
        if batch == 1 and len(shape) == 3:
            return Layout(1, 2)
        channels = told if batch == 0 else None
        return None if channels is None else Layout(batch, channels)

    def scouted(
        self, name: str, shape: Size, samples: int, pool: Pool, scouted: Scouted | None
    ) -> Layout:
        """Return the layout of what a scout has seen, if it has.

        Raises
        ------
        UnclearError
            If not even that tells.
        """
        told = self._told(name, shape)
        batch = self._batch(name, shape, samples, told)
        if batch is None:
            batch = self._batch_seen(name, shape, samples, pool, scouted)
        if _wanted(pool, len(shape)) == "batch":
            return Layout(batch, _stated(pool))
        if scouted is not None and scouted.channels not in (None, batch):
            assert scouted.channels is not None
            # The batch comes first then, and what was before it moves up.
            return Layout(batch, scouted.channels + (scouted.channels < batch))
        if batch == 1 and len(shape) == 3:
            return Layout(1, 2)
        channels = told if batch == 0 else None
        if channels is None:
            channels = self._by_convention(name, shape, batch, scouted)
        if channels is None:
            raise UnclearError(
                f"neither the modules nor what they compute tell which axis of {tuple(shape)} "
                f"holds the channels: pool={CHANNELS_FIRST!r}, {CHANNELS_LAST!r}, 'flatten' or a "
                "function is wanted"
            )
        return Layout(batch, channels)

    def _batch(self, name: str, shape: Size, samples: int, told: int | None) -> int | None:
        """Return the batch axis; None if shape and modules leave it open."""
        first, second = (len(shape) > axis and shape[axis] == samples for axis in (0, 1))
        says = _batch_first(self.chains[name])
        if not second or len(shape) < 3:
            return 0  # if that is as long as the batch; a row per sample is asked for later
        if says is not None:
            return 0 if says else 1
        if first and (samples == 1 or told == 1):
            return 0
        return None

    def _batch_seen(
        self, name: str, shape: Size, samples: int, pool: Pool, scouted: Scouted | None
    ) -> int:
        candidates = [axis for axis in (0, 1) if shape[axis] == samples]
        if scouted is not None:
            follow = [
                axis
                for axis in candidates
                if len(scouted.shape) > axis and scouted.shape[axis] == scouted.samples != samples
            ]
            if scouted.batch in candidates:
                return scouted.batch or 0
            if len(follow) == 1:
                return follow[0]
        if pool in STATING:
            return 1 if pool == SEQUENCE_FIRST else 0
        parts = (getattr(part, "batch_first", None) for part in self.chains[name][0].modules())
        says = {part for part in parts if isinstance(part, bool)}
        if len(says) == 1:
            return 0 if says.pop() else 1
        if candidates == [1]:
            return 0  # and is refused, since that is not as long as the batch
        raise UnclearError(
            f"axes 0 and 1 of {tuple(shape)} may be the batch of {samples}, and neither the "
            f"modules nor a smaller batch tell: pool={CHANNELS_LAST!r} for (B, T, D), "
            f"{SEQUENCE_FIRST!r} for (T, B, D), or a function is wanted, or batches of another size"
        )

    def _told(self, name: str, shape: Size) -> int | None:
        """Return the channel axis that numbers of channels tell, if they fit one axis alone."""
        if len(shape) < 3:
            return None
        flag = _flag(self.chains[name][0], len(shape))
        if flag is not None:
            return flag
        for module in self.chains[name]:
            second, last = _channel_counts(module)
            if second or last:
                break
        at_second, at_last = shape[1], shape[-1]
        if at_second in second and at_last not in second | last:
            return 1
        if at_last in last and at_second not in second | last:
            return len(shape) - 1
        return None

    def _by_convention(
        self, name: str, shape: Size, batch: int, scouted: Scouted | None
    ) -> int | None:
        """Return torch's channel axis, unless axes were moved or the modules speak against it."""
        flags = (_flag(module, len(shape)) for module in self.chains[name])
        flag = next((flag for flag in flags if flag is not None), None)
        if flag is not None or batch or (scouted is not None and scouted.moved):
            return flag
        second, last = _channel_counts(self.chains[name][0])
        if len(shape) == 3:
            return None if second else 2
        return None if last else 1


def _wanted(pool: Pool, axes: int) -> str:
    """Return which axes a pool has to know: "", "batch", or "channels" too."""
    if callable(pool) or axes < 2:
        return ""
    return "channels" if pool in ("auto", "mean", "cls") and axes > 2 else "batch"


def _stated(pool: Pool) -> int | None:
    """Return the channel axis that a pool's name states."""
    if pool not in STATING:
        return None
    return 1 if pool == CHANNELS_FIRST else -1


def _chain(model: nn.Module, module: nn.Module) -> list[nn.Module]:
    """Return a module and those around it, from the inside out."""
    known = dict(model.named_modules(remove_duplicate=False))
    name = next(name for name, part in known.items() if part is module)
    parts = name.split(".") if name else []
    return [known[".".join(parts[:end])] for end in range(len(parts), -1, -1)]


def _batch_first(chain: list[nn.Module]) -> bool | None:
    """Return what torch's own modules say, the module itself or one that it is a part of."""
    for number, module in enumerate(chain):
        says = _own_batch_first(module)
        if says is not None and (number == 0 or type(module) in LAYERS + STACKS):
            return says
    return None


def _own_batch_first(module: nn.Module) -> bool | None:
    if type(module) in (*RECURRENT, nn.MultiheadAttention, nn.Transformer):
        return bool(module.batch_first)
    if type(module) in LAYERS:
        return bool(module.self_attn.batch_first)  # type: ignore[union-attr]  # torch types a Tensor
    if type(module) in STACKS:
        return _own_batch_first(module.layers[0])  # type: ignore[index, arg-type]  # likewise
    if type(module) is nn.Sequential and len(module):
        return _own_batch_first(module[-1])
    return None


def _flag(module: nn.Module, axes: int) -> int | None:
    """Return the channel axis that timm's flag of a module says, for tensors of so many axes."""
    flag = getattr(module, "output_fmt", None)
    name = str(getattr(flag, "value", flag)).upper()
    return FLAGS[name] % axes if name in FLAGS and len(name) == axes else None


def _channel_counts(module: nn.Module) -> tuple[set[int], set[int]]:
    """Return the numbers of channels of modules that have them second, and of those: last."""
    second, last = set(), set()
    for part in module.modules():
        second |= {*_counts(part, ("out_channels", "num_features", "num_channels"))}
        last |= {*_counts(part, ("out_features", "embedding_dim", "hidden_size", "embed_dim"))}
        shape: Any = getattr(part, "normalized_shape", ())
        last |= {*shape} if len(shape) == 1 else set()
    return second, last


def _counts(module: nn.Module, names: tuple[str, ...]) -> Iterator[int]:
    own = type(module).__mro__
    if any(kind.__module__.startswith("torch.nn.modules") for kind in own[:-2]):
        yield from (
            value for name in names if isinstance(value := getattr(module, name, None), int)
        )
