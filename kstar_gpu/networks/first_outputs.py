"""The first samples' features in short, to see later whether a network still computes the same.

A row becomes `NUMBERS` sums of its numbers, each with a sign; so two rows that differ by a part of
their length differ in these by about the same part. Compared are lengths of differences with
lengths of rows, so that rounding, which other machines do otherwise, does not count: up to
`FINE` of the length for numbers of 32 bits (a product in TensorFloat-32 rounds by 2^-11), `COARSE`
for those of 16 (bfloat16 by 2^-8). A layer is another one if most of its samples differ by more: a
network that decides (quantises, picks the largest) can turn a last bit into much for some.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .activations import activations
from .hooks import LayerError

SAMPLES = 8
NUMBERS = 8
FINE, COARSE = 2.0**-7, 2.0**-4


def in_short(features: Tensor) -> list[str]:
    """Return a line of numbers for each of the first samples: its row's length, and its sums."""
    rows = features[:SAMPLES].flatten(1).double().numpy()
    position = np.arange(rows.shape[1], dtype=np.uint64)
    # Bits that are as good as random, and the same everywhere (the golden ratio's, multiplied).
    bits = position * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(40)
    signs = 1.0 - 2.0 * (bits & np.uint64(1))
    places = (bits >> np.uint64(1)) % np.uint64(NUMBERS)
    with np.errstate(invalid="ignore", over="ignore"):
        sums = [(rows * (signs * (places == place))).sum(1) for place in range(NUMBERS)]
        lengths = np.sqrt(np.square(rows).sum(1))
    return [" ".join(f"{x:.7g}" for x in line) for line in zip(lengths, *sums, strict=True)]


def is_in_short(lines: Any) -> bool:
    """Whether this may be what `in_short` has returned."""
    try:
        numbers = _numbers(lines)
    except (ValueError, TypeError, AttributeError):
        return False
    return 1 <= len(numbers) <= SAMPLES and numbers.shape[1] == 1 + NUMBERS


def differing_layers(
    model: nn.Module, batch: Any, kept: Mapping[str, list[str]], running: Mapping[str, Any]
) -> list[str]:
    """Return the layers that give other features for a batch than those that were kept in short.

    Parameters
    ----------
    model : torch.nn.Module
    batch : the first one
    kept : by layer, of the first samples
    running : how the model runs, as `kstar_gpu.activations` takes it
    """
    tolerance = tolerance_of(model, running.get("dtype"), running.get("amp"))
    try:
        found = activations(model, [batch], [*kept], **{**running, "progress": False}).features
    except LayerError as error:
        return [*error.failed]
    return [
        name for name, lines in kept.items() if is_other(lines, in_short(found[name]), tolerance)
    ]


def is_other(kept: list[str], now: list[str], tolerance: float) -> bool:
    """Whether most samples, of those in both, differ by more than rounding."""
    count = min(len(kept), len(now))
    before, after = _numbers(kept[:count]), _numbers(now[:count])
    with np.errstate(invalid="ignore"):
        difference = np.sqrt(np.square(before[:, 1:] - after[:, 1:]).sum(1))
        length = np.maximum(before[:, 0], after[:, 0])
        near = (difference <= tolerance * length) & (
            np.abs(before[:, 0] - after[:, 0]) <= tolerance * length
        )
    both_undefined = ~np.isfinite(before).all(1) & ~np.isfinite(after).all(1)
    return 2 * int((near | both_undefined).sum()) < count


def tolerance_of(model: nn.Module, dtype: torch.dtype | None, amp: object) -> float:
    """Return what part of a row's length rounding may change."""
    kinds = [dtype] if dtype is not None else []
    kinds += [parameter.dtype for parameter in model.parameters()]
    wide = all(kind.itemsize >= 4 for kind in kinds)
    return FINE if wide and not amp else COARSE


def _numbers(lines: list[str]) -> NDArray[np.float64]:
    return np.array([line.split() for line in lines], np.float64).reshape(len(lines), -1)
