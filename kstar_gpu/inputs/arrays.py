"""Arrays in and out: whatever holds numbers becomes a float tensor; a result becomes its kind."""

import sys
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.dlpack import from_dlpack

from ..columns import Column, on_host, tensor_of
from ..cpu_tensors import converted, extremes, side_by_side
from .argument import Argument
from .containers import unpack
from .devices import float64_device, has_float64
from .frames import ARROW_COLUMNS, ARROW_TABLES, comes_from
from .objects import LARGEST_INTEGER
from .torch_tensors import FLOAT_DTYPES, UNSIGNED_DTYPES

KINDS_WANTED = "float16, bfloat16, float32, float64, integers or booleans"


class KStarForeign(NamedTuple):
    """k* values with the nearest sample of another class.

    Attributes
    ----------
    kstar : (N,) int64, or float64 if normalised
    distance : (N,) float64; float32 on a device that has no float64
        Distance to the nearest foreign sample: Euclidean; under "cosine" one minus the cosine;
        under "precomputed" the number given.
    index : (N,) int64
        Its row in the references (in the features, if there are none): the lowest among equals.

    Examples
    --------
    >>> found = kstar(features, labels, return_foreign=True)
    >>> found.kstar[:3], found.distance[:3].round(2), labels[found.index[:3]].tolist()
    (array([18, 18,  1]), array([2.43, 3.45, 1.03]), ['bee', 'bee', 'bee'])
    """

    kstar: Any
    distance: Any
    index: Any


def to_tensor(values: Any, name: str) -> Tensor:
    """Return `values` as a floating tensor that holds the same numbers.

    Shares memory wherever it can. Integers become float32 or float64, whichever holds all exactly;
    so do a table's columns together. What needs float64 leaves a device that has none.

    Raises
    ------
    TypeError
        For other kinds of numbers, other values, and what is no array.
    ValueError
        For missing values, and for integers that float64 does not hold.
    """
    parts = unpack(values, Argument(name, KINDS_WANTED))
    tensors = [_to_floats(part.values, part.argument) for part in parts]
    return tensors[0] if len(tensors) == 1 else side_by_side(tensors)


def _to_floats(values: Tensor | NDArray[Any], argument: Argument) -> Tensor:
    if isinstance(values, np.ndarray):
        tensor = _tensor_from_numpy(values, argument)
    elif values.dtype in UNSIGNED_DTYPES:
        tensor = _tensor_from_numpy(values.cpu().numpy(), argument).to(values.device)
    else:
        tensor = values
    return tensor if tensor.dtype in FLOAT_DTYPES else _floats_from_integers(tensor, argument)


def _tensor_from_numpy(array: NDArray[Any], argument: Argument) -> Tensor:
    if array.dtype.name == "bfloat16":  # that of ml_dtypes; numpy has none
        return torch.from_numpy(_laid_out(array.view(np.int16))).view(torch.bfloat16)
    if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
        raise argument.type_error(f"dtype {array.dtype}")
    if array.dtype.kind in "iu" and array.dtype.itemsize > 1:
        # At once: what came of it on the way would be there beside it.
        array = array.astype(_floats_for(array, argument), order="C")
    elif not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="), order="C")
    with warnings.catch_warnings():
        # Read-only memory is fine: nothing here writes to it.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writ")
        return torch.from_numpy(_laid_out(array))


def _laid_out(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array itself if torch can stride over it, else a copy."""
    if any(stride < 0 or stride % array.itemsize for stride in array.strides):
        return np.ascontiguousarray(array)
    return array if array.flags.aligned else array.copy()


def _floats_for(array: NDArray[Any], argument: Argument) -> type[np.floating[Any]]:
    """Return the type of floats that holds all of an array's integers."""
    if array.dtype.itemsize < 4:
        return np.float32
    low, high = int(array.min(initial=0)), int(array.max(initial=0))
    if max(-low, high) > LARGEST_INTEGER:
        _refuse_large(argument, array, (array > LARGEST_INTEGER) | (array < -LARGEST_INTEGER))
    return np.float32 if max(-low, high) <= 2**24 else np.float64


def _floats_from_integers(tensor: Tensor, argument: Argument) -> Tensor:
    if tensor.numel() == 0 or tensor.dtype == torch.bool or tensor.dtype.itemsize < 4:
        return converted(tensor, torch.float32)
    low, high = (int(bound) for bound in extremes(tensor))
    if max(-low, high) > LARGEST_INTEGER:
        array = tensor.cpu().numpy()
        _refuse_large(argument, array, (array > LARGEST_INTEGER) | (array < -LARGEST_INTEGER))
    if max(-low, high) <= 2**24:
        return converted(tensor, torch.float32)
    return converted(tensor.to(float64_device(tensor.device)), torch.float64)


def _refuse_large(argument: Argument, array: NDArray[Any], large: NDArray[np.bool_]) -> None:
    if large.any():
        wanted = "integers up to 2**53 are wanted (larger ones are not exact in float64)"
        row = argument.row_of(int(np.argwhere(large)[0][0]))
        value = array[large][0]
        raise ValueError(f"{argument.name}: {wanted}, got {value}{argument.column} in row {row}")


def restorer(like: Any) -> Callable[[Column], Any]:
    """Return the function that hands a result back in the family, and on the device, of `like`.

    Lists, masked and structured arrays get numpy's. A device without float64 gets float32.
    """
    if isinstance(like, Tensor):
        with torch._C.DisableTorchFunctionSubclass():
            place = like.device
        return lambda result: on_device(result, place)
    if comes_from(like, "pandas", "DataFrame", "Series"):
        # It keeps the index. A library that `like` came from is loaded.
        series = sys.modules["pandas"].Series
        return lambda result: series(on_host(result), index=like.index)
    if comes_from(like, "polars", "DataFrame", "Series"):
        return lambda result: sys.modules["polars"].Series(on_host(result))
    if comes_from(like, "pyarrow", *ARROW_TABLES, *ARROW_COLUMNS):
        return lambda result: sys.modules["pyarrow"].array(on_host(result))
    if hasattr(like, "__dlpack__") and not isinstance(like, np.ndarray):
        device = from_dlpack(like).device
        if hasattr(like, "__array_namespace__"):
            library = like.__array_namespace__()
        else:
            library = sys.modules.get(type(like).__module__.partition(".")[0])
        if hasattr(library, "from_dlpack"):
            return lambda result: _handed_over(on_device(result, device), library)
    return on_host


def _handed_over(result: Tensor, library: Any) -> Any:
    """Return a tensor as another library's, by DLPack."""
    # From no CUDA device but the current one does torch give anything away.
    with torch.cuda.device_of(result):  # type: ignore[no-untyped-call]  # of torch
        return library.from_dlpack(result)


def on_device(result: Column, device: torch.device) -> Tensor:
    """Return a result as a tensor there; float64 becomes float32 where a device has none."""
    tensor = tensor_of(result)
    if tensor.dtype == torch.float64 and not has_float64(device):
        tensor = tensor.to(torch.float32)
    return tensor.to(device)
