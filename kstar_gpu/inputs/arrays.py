"""Arrays in and out: numpy, torch, pandas, and whatever else speaks DLPack (cupy, jax)."""

import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.dlpack import from_dlpack

LARGEST_INTEGER = 2**53  # up to here every integer is a float64
FLOAT_DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
KINDS_WANTED = "float16, bfloat16, float32, float64, integers or booleans"


def to_tensor(values: Any, name: str) -> Tensor:
    """Return `values` as a floating tensor that holds the same numbers.

    Shares memory wherever it can. Integers become float32 or float64, whichever holds all exactly.
    """
    if isinstance(values, Tensor):
        tensor = values.detach()
    elif hasattr(values, "__dlpack__") and not isinstance(values, np.ndarray):
        tensor = from_dlpack(values)
    else:
        # .to_numpy(): DataFrame and Series
        array = values.to_numpy() if hasattr(values, "to_numpy") else np.asarray(values)
        tensor = _tensor_from_numpy(array, name)
    if tensor.layout != torch.strided:
        raise TypeError(f"{name}: a dense array is wanted, got layout {tensor.layout}")
    if tensor.dtype in FLOAT_DTYPES:
        return tensor
    if tensor.dtype.is_complex or tensor.dtype.is_floating_point or tensor.is_quantized:
        raise TypeError(f"{name}: {KINDS_WANTED} are wanted, got {tensor.dtype}")
    return _floats_from_integers(tensor, name)


def _tensor_from_numpy(array: NDArray[Any], name: str) -> Tensor:
    if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
        raise TypeError(f"{name}: {KINDS_WANTED} are wanted, got dtype {array.dtype}")
    if array.dtype == np.uint64:  # torch computes little with unsigned integers
        _refuse_large(name, array, array > LARGEST_INTEGER)
        array = array.astype(np.int64)
    elif array.dtype.kind == "u" and array.dtype.itemsize > 1:
        array = array.astype(np.int64)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if any(stride < 0 for stride in array.strides):
        array = np.ascontiguousarray(array)
    with warnings.catch_warnings():
        # Read-only memory is fine: nothing here writes to it.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writ")
        return torch.from_numpy(array)


def _floats_from_integers(tensor: Tensor, name: str) -> Tensor:
    if tensor.numel() == 0 or tensor.dtype == torch.bool or tensor.dtype.itemsize < 4:
        return tensor.to(torch.float32)
    low, high = (int(bound) for bound in torch.aminmax(tensor))
    if max(-low, high) > LARGEST_INTEGER:
        array = tensor.cpu().numpy()
        _refuse_large(name, array, (array > LARGEST_INTEGER) | (array < -LARGEST_INTEGER))
    return tensor.to(torch.float32 if max(-low, high) <= 2**24 else torch.float64)


def _refuse_large(name: str, array: NDArray[Any], large: NDArray[np.bool_]) -> None:
    if large.any():
        row = int(np.argwhere(large)[0][0])
        value = array[large][0]
        raise ValueError(
            f"{name}: integers up to 2**53 are wanted (larger ones are not exact in float64), "
            f"got {value} in row {row}"
        )


def restorer(like: Any) -> Callable[[NDArray[Any]], Any]:
    """Return the function that hands a result back in the family, and on the device, of `like`."""
    if isinstance(like, Tensor):
        return lambda result: torch.from_numpy(result).to(like.device)
    if hasattr(like, "to_numpy") and hasattr(like, "index"):
        # A DataFrame's result keeps its index; pandas is loaded, since `like` came from it.
        series = sys.modules["pandas"].Series
        return lambda result: series(result, index=like.index)
    if hasattr(like, "__dlpack__") and not isinstance(like, np.ndarray):
        device = from_dlpack(like).device
        if hasattr(like, "__array_namespace__"):
            library = like.__array_namespace__()
        else:
            library = sys.modules[type(like).__module__.partition(".")[0]]
        return lambda result: library.from_dlpack(torch.from_numpy(result).to(device))
    return lambda result: result
