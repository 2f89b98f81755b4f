"""Whether features were copied on their way in: a copy is what a call takes beside its input."""

import warnings
from contextlib import suppress
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.dlpack import from_dlpack

from ..cpu_tensors import as_numpy
from .frames import is_table, one_array


def copied_bytes(tensor: Tensor, given: Any) -> int:
    """Return how many bytes a tensor has that was made of what a caller gave; 0 if it shares those.

    Of containers that do not tell a copy is assumed.
    """
    return 0 if _shares_memory(tensor, given) else tensor.untyped_storage().nbytes()


def _shares_memory(tensor: Tensor, given: Any) -> bool:
    if isinstance(given, Tensor):
        with torch._C.DisableTorchFunctionSubclass():
            stored = given.layout == torch.strided and not given._is_zerotensor()
            return stored and given.device == tensor.device and _start(given) == _start(tensor)
    if isinstance(given, np.ndarray):
        return tensor.device.type == "cpu" and np.may_share_memory(as_numpy(tensor), given)
    if is_table(given):
        array = one_array(given)
        return array is not None and _shares_memory(tensor, array)
    with suppress(Exception), warnings.catch_warnings():  # each library has its own reasons
        warnings.simplefilter("ignore")
        return _shares_memory(tensor, from_dlpack(given))
    return False


def _start(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
