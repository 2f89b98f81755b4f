"""Tensors on the CPU by numpy, which works in the calling thread alone.

torch shares out among its workers what has more than some 30 000 elements. They wait for one
another in a loop, so that a busy process beside them holds all of them up; and each has its own
idea of denormals, from the time when it was born.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def on_cpu(tensor: Tensor) -> bool:
    """Whether it lies where numpy can see it."""
    return tensor.device.type == "cpu"


def as_numpy(tensor: Tensor) -> NDArray[Any]:
    """Return the same memory as numpy sees it; bfloat16, which it lacks, as the integers it is."""
    return (tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor).numpy()


def as_tensor(array: NDArray[Any], like: Tensor) -> Tensor:
    """Return what `as_numpy` gave of numbers like these as a tensor of them again."""
    tensor = torch.from_numpy(array)
    return tensor.view(torch.bfloat16) if like.dtype == torch.bfloat16 else tensor


def taken(tensor: Tensor, positions: NDArray[np.int64] | Tensor) -> Tensor:
    """Return the entries at these positions along the first axis, on the tensor's device."""
    if not on_cpu(tensor):
        if not isinstance(positions, Tensor):
            positions = torch.from_numpy(positions)
        return tensor[positions.to(tensor.device)]
    return as_tensor(as_numpy(tensor)[np.asarray(positions)], tensor)


def contiguous(tensor: Tensor) -> Tensor:
    """Return the tensor with its entries side by side, itself if they are."""
    if not on_cpu(tensor) or tensor.is_contiguous():
        return tensor.contiguous()
    return as_tensor(np.ascontiguousarray(as_numpy(tensor)), tensor)


def row_bytes(tensor: Tensor) -> Tensor:
    """Return the bytes of each row of (N, d), from whatever device: (N, bytes) uint8."""
    return torch.from_numpy(as_numpy(contiguous(tensor.cpu())).view(np.uint8))


def flattened(tensor: Tensor) -> Tensor:
    """Return the tensor with all axes behind the first in one; without a copy where that can be."""
    if not on_cpu(tensor):
        return tensor.flatten(1)
    return as_tensor(as_numpy(tensor).reshape(len(tensor), -1), tensor)


def side_by_side(tensors: list[Tensor]) -> Tensor:
    """Return tensors (N, ...) as one, of a type that holds all their numbers."""
    if any(not on_cpu(tensor) or tensor.dtype == torch.bfloat16 for tensor in tensors):
        return torch.cat(tensors, 1)
    return torch.from_numpy(np.concatenate([tensor.numpy() for tensor in tensors], axis=1))


def converted(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """Return a tensor of numbers that numpy knows in another type that it knows."""
    if not on_cpu(tensor):
        return tensor.to(dtype)
    # Its entries side by side, as they are wanted later.
    return torch.from_numpy(tensor.numpy().astype(str(dtype).removeprefix("torch."), order="C"))


def extremes(tensor: Tensor) -> tuple[Any, Any]:
    """Return the least and the greatest number; NaN, where there is one.

    Of 16-bit floats the largest magnitude with both signs, for that is found faster.
    """
    if not on_cpu(tensor):
        low, high = torch.aminmax(tensor)
        return low, high
    array = as_numpy(tensor)
    if tensor.is_floating_point() and tensor.dtype.itemsize == 2:
        # By their bits, without the sign: these rise with the magnitude.
        magnitude = (array.view(np.int16) & np.int16(0x7FFF)).max(keepdims=True)
        largest = float(as_tensor(magnitude.view(array.dtype), tensor))
        return -largest, largest
    return array.min(), array.max()


def in_float64(tensor: Tensor) -> NDArray[np.float64]:
    """Return a float tensor's numbers in float64, from whatever device."""
    array = as_numpy(tensor.cpu())
    if tensor.dtype == torch.bfloat16:  # the upper half of a float32
        array = (array.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
    return array.astype(np.float64)
