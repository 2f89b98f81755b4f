"""One vector per sample from whatever a layer gives: maps, token sequences, parts of any length."""

import fnmatch
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

CHANNELS_FIRST = "channels_first"
CHANNELS_LAST = "channels_last"
MEAN_LAST = "mean_last"
SEQUENCE_FIRST = "sequence_first"
POOLS = ("auto", "flatten", "mean", "cls")
STATING = (CHANNELS_FIRST, CHANNELS_LAST, MEAN_LAST, SEQUENCE_FIRST)  # which axis is which
OneFunction = Callable[[Tensor], Tensor]
OnePool = str | OneFunction
Pool = OnePool | Mapping[str, OnePool]


class Layout(NamedTuple):
    """Which axis of an output is the batch; where the channels are once the batch comes first."""

    batch: int
    channels: int | None


def check_pool(pool: Pool) -> None:
    """Refuse a pool that is none."""
    for one in pool.values() if isinstance(pool, Mapping) else [pool]:
        if not callable(one) and one not in POOLS + STATING:
            raise ValueError(
                f"pool: {', '.join(POOLS)} or a function is wanted, got {one!r}; "
                f"{', '.join(STATING)} also state where the channels are"
            )
    if isinstance(pool, Mapping) and not all(isinstance(glob, str) for glob in pool):
        raise TypeError(f"pool: names or globs of layers are wanted as keys, got {[*pool]!r}")


def pools_by_layer(pool: Pool, layers: Iterable[str]) -> dict[str, OnePool]:
    """Return each layer's pool: of its own name, else of the first glob that fits, else "auto"."""
    if not isinstance(pool, Mapping):
        return dict.fromkeys(layers, pool)
    return {
        layer: pool[layer]
        if layer in pool
        else next((one for glob, one in pool.items() if fits(layer, glob)), "auto")
        for layer in layers
    }


def check_globs(pool: Pool, known: Iterable[str]) -> None:
    """Refuse names and globs of layers, as keys of a pool, that fit none."""
    if isinstance(pool, Mapping):
        names = [*known]
        for glob in pool:
            if glob not in names and not any(fits(name, glob) for name in names):
                raise ValueError(f"pool: there is no layer {glob!r}; layers are {_few(names)}")


def describe_pool(pool: Pool) -> str:
    """Return what a manifest says of a pool: its name, or JSON of names by glob."""
    if isinstance(pool, Mapping):
        return json.dumps({glob: describe_pool(one) for glob, one in pool.items()})
    return pool if isinstance(pool, str) else getattr(pool, "__name__", repr(pool))


def has_functions(pool: Pool) -> bool:
    """Whether a pool, or one of a layer's, is a function, which no manifest can tell apart."""
    return any(map(callable, pool.values() if isinstance(pool, Mapping) else [pool]))


def read_pool(words: Sequence[str]) -> Pool:
    """Return the pool that a command line names: a name, or GLOB=NAME as often as wanted.

    Raises
    ------
    ValueError
        For words of both kinds, or several names.
    """
    if len(words) == 1 and "=" not in words[0]:
        pool: Pool = words[0]
    else:
        pairs = [word.rpartition("=") for word in words]
        globs = {glob for glob, equals, _ in pairs if equals}
        if not pairs or len(globs) < len(pairs):
            raise ValueError(
                "pool: one name, or GLOB=NAME for each of some layers, is wanted, "
                f"got {' '.join(words)}"
            )
        pool = {glob: name for glob, _, name in pairs}
    check_pool(pool)
    return pool


def fits(name: str, glob: str) -> bool:
    """Whether a glob matches a name, part by part: a star does not reach beyond a dot."""
    parts, wanted = name.split("."), glob.split(".")
    matching = map(fnmatch.fnmatchcase, parts, wanted)
    return bool(name) and len(parts) == len(wanted) and all(matching)


def first_tensor(output: Any) -> Tensor | PackedSequence | None:
    """Return the tensor of an output, or the first one in a tuple, list or mapping."""
    if isinstance(output, Tensor | PackedSequence):
        return output
    if isinstance(output, Mapping):
        output = list(output.values())
    if isinstance(output, list | tuple):
        return next((found for part in output if (found := first_tensor(part)) is not None), None)
    return None


def pooled(
    output: Tensor,
    pool: OnePool,
    layout: Layout,
    mask_of: Callable[[int, bool], Tensor | None] = lambda places, maps: None,
) -> Tensor:
    """Return one row per sample.

    Parameters
    ----------
    output : what a layer gave
    pool : see `kstar_gpu.activations`
    layout : of the output
    mask_of : from a number of places, and whether they are those of maps, to those that count

    Raises
    ------
    ValueError
        If the pool does not fit the shape.
    """
    if callable(pool):
        return pool(output)
    shape = tuple(output.shape)
    if (pool == SEQUENCE_FIRST and (layout.batch != 1 or output.ndim != 3)) or (
        pool == CHANNELS_FIRST and layout.batch != 0
    ):
        wanted = "(T, B, D)" if pool == SEQUENCE_FIRST else "(B, C, ...)"
        raise ValueError(
            f"pool={pool!r}: {wanted} is wanted, got shape {shape}, whose axis {layout.batch} is "
            "the batch"
        )
    output = output.movedim(layout.batch, 0) if layout.batch else output
    if pool == "flatten":
        return output.flatten(1)
    if pool == "cls":
        if output.ndim != 3:
            raise ValueError(f"pool='cls': (B, T, D) is wanted, got shape {shape}")
        tokens = output.movedim(layout.channels or 2, 2)
        mask = mask_of(tokens.shape[1], False) if tokens.shape[1] else None
        if mask is not None and not mask[:, 0].all():
            raise ValueError("pool='cls': the first tokens count by no attention_mask: padding")
        return tokens[:, 0]
    if output.ndim <= 2:
        if pool in ("mean", MEAN_LAST):
            raise ValueError(f"pool={pool!r}: maps or sequences are wanted, got shape {shape}")
        return output
    assert layout.channels is not None
    return _mean_of_places(output, layout.channels % output.ndim, mask_of)


def pooled_parts(parts: Sequence[Tensor], pool: OnePool) -> Tensor:
    """Return one row per sample, of samples (T, D) of lengths of their own.

    Raises
    ------
    ValueError
        If they are no sequences; for pools that want one length.
    """
    if len({part.shape for part in parts}) == 1:
        whole = torch.stack([*parts])
        return pooled(whole, pool, Layout(0, whole.ndim - 1))
    if parts[0].ndim != 2 or len({part.shape[1:] for part in parts}) != 1:
        shapes = _few([str(tuple(part.shape)) for part in parts])
        raise ValueError(
            f"sequences (T, D) of one width are wanted, got samples of shapes {shapes}"
        )
    if pool in ("flatten", CHANNELS_FIRST, SEQUENCE_FIRST):
        raise ValueError(f"pool={pool!r}: samples of one length are wanted, got sequences of many")
    if pool == "cls":
        if not all(map(len, parts)):
            raise ValueError("pool='cls': a token of each sample is wanted, got none of some")
        return torch.stack([part[0] for part in parts])
    tokens = torch.nn.utils.rnn.pad_sequence([*parts], batch_first=True)
    lengths = torch.tensor([len(part) for part in parts], device=tokens.device)
    counts = torch.arange(tokens.shape[1], device=tokens.device) < lengths[:, None]
    return _mean_of_tokens(tokens, counts)


def _mean_of_places(
    output: Tensor, channels: int, mask_of: Callable[[int, bool], Tensor | None]
) -> Tensor:
    """Return the means (B, C) over all places that count."""
    last = channels == output.ndim - 1
    places = output.numel() // max(1, output.shape[0] * output.shape[channels])
    mask = mask_of(places, output.ndim > 3)
    if mask is not None:
        return _mean_of_tokens(output.movedim(channels, -1).flatten(1, -2), mask)
    if last:
        return output.flatten(1, -2).mean(1)
    return output.movedim(channels, 1).flatten(2).mean(2)


def _mean_of_tokens(output: Tensor, counts: Tensor) -> Tensor:
    """Return the mean (B, D) of those tokens (B, T, D) that count, 0 where none does."""
    left_out = ~counts[:, :, None].to(output.device)
    wide = output if output.dtype == torch.float64 else output.float()  # sums of half overflow
    sums = wide.masked_fill(left_out, 0).sum(1)
    return (sums / (~left_out).sum(1).clamp(min=1)).to(output.dtype)


def _few(names: Sequence[str]) -> str:
    return ", ".join([*names[:5], *(["..."] if len(names) > 5 else [])])
