"""One vector per sample from whatever a layer gives: maps, token sequences, tuples, dicts."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

POOLS = ("auto", "flatten", "mean", "cls")
Pool = str | Callable[[Tensor], Tensor]


def check_pool(pool: Pool) -> None:
    """Refuse a pool that is none."""
    if not callable(pool) and pool not in POOLS:
        raise ValueError(f"pool: {', '.join(POOLS)} or a function is wanted, got {pool!r}")


def first_tensor(output: Any) -> Tensor | None:
    """Return the tensor of an output, or the first one in a tuple, list or mapping."""
    if isinstance(output, Tensor):
        return output
    if isinstance(output, Mapping):
        output = list(output.values())
    if isinstance(output, list | tuple):
        return next((found for part in output if (found := first_tensor(part)) is not None), None)
    return None


def pooled(output: Tensor, pool: Pool, mask: Tensor | None) -> Tensor:
    """Return one row per sample.

    Parameters
    ----------
    output : (B, ...) what a layer gave
    pool : {"auto", "flatten", "mean", "cls"} or callable
        See `kstar_gpu.activations`.
    mask : (B, T), optional
        Which tokens count, where the output is a sequence of T.

    Raises
    ------
    ValueError
        If the pool does not fit the shape.
    """
    if callable(pool):
        return pool(output)
    shape = tuple(output.shape)
    if pool == "flatten":
        return output.flatten(1)
    if pool == "cls":
        if output.ndim != 3:
            raise ValueError(f"pool='cls': (B, T, D) is wanted, got shape {shape}")
        return output[:, 0]
    if output.ndim <= 2:
        if pool == "mean":
            raise ValueError(f"pool='mean': maps or sequences are wanted, got shape {shape}")
        return output
    if output.ndim > 3:
        return output.flatten(2).mean(2)
    if mask is None or mask.shape != output.shape[:2]:
        return output.mean(1)
    return _mean_of_tokens(output, mask.bool())


def _mean_of_tokens(output: Tensor, counts: Tensor) -> Tensor:
    """Return the mean (B, D) of those tokens (B, T, D) that count, 0 where none does."""
    left_out = ~counts[:, :, None]
    wide = output if output.dtype == torch.float64 else output.float()  # sums of half overflow
    sums = wide.masked_fill(left_out, 0).sum(1)
    return (sums / (~left_out).sum(1).clamp(min=1)).to(output.dtype)
