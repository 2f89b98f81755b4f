"""Tensors in: of all that torch calls a tensor, the plain ones, which hold one number per entry."""

import torch
from torch import Tensor
from torch.nn.parameter import is_lazy

from .argument import Argument

FLOAT_DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
SIGNED_DTYPES = (torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.bool)
UNSIGNED_DTYPES = (torch.uint16, torch.uint32, torch.uint64)  # torch computes little with them
DTYPES = FLOAT_DTYPES + SIGNED_DTYPES + UNSIGNED_DTYPES


def plain_tensor(tensor: Tensor, argument: Argument) -> Tensor:
    """Return the tensor without gradient, as torch's own class, dense and with its own signs.

    Raises
    ------
    TypeError
        For tensors that hold no numbers, or hold them in another way: nested, sparse, quantized,
        complex, on `meta`, of a class that stands for other tensors (DTensor, FakeTensor).
    ValueError
        For masked ones of which some are missing.
    """
    if hasattr(tensor, "get_mask") and hasattr(tensor, "get_data"):  # torch.masked
        with argument.reading(tensor):
            mask, tensor = tensor.get_mask().to_dense(), tensor.get_data()
        argument.check_present(~plain_tensor(mask, argument).cpu().numpy())
    with argument.reading(tensor), torch._C.DisableTorchFunctionSubclass():
        obstacle = _obstacle(tensor)
        if obstacle is None:
            return _resolved(tensor)
    if obstacle == "":
        raise argument.type_error(str(tensor.dtype))
    raise TypeError(f"{argument.name}: a dense array is wanted, got {obstacle}")


def _obstacle(tensor: Tensor) -> str | None:
    """Return what the tensor is instead of a plain one; "" if its dtype alone is in the way."""
    kind = type(tensor)
    if is_lazy(tensor):
        return f"{kind.__name__}, whose shape is not known yet"
    if tensor.is_nested:
        return "a nested tensor, whose rows are tensors of their own"
    if kind is not Tensor and kind.__torch_dispatch__ is not Tensor.__torch_dispatch__:
        return f"{kind.__name__}, which stands for other tensors: give the plain one"
    if tensor.layout != torch.strided:
        return f"layout {tensor.layout}"
    if tensor.is_meta:
        return "a tensor on the device 'meta', which holds no numbers"
    return None if tensor.dtype in DTYPES and not tensor.is_quantized else ""


def _resolved(tensor: Tensor) -> Tensor:
    tensor = tensor.detach()
    tensor.data_ptr()  # within torch.func's transformations there is none
    if type(tensor) is not Tensor:
        tensor = tensor.as_subclass(Tensor)
    if tensor.is_neg():
        return tensor.resolve_neg()
    return tensor.clone() if tensor._is_zerotensor() else tensor
