"""What a tensor of any kind consists of: a plain run of numbers, or parts that do."""

from typing import Any

import torch
from torch import Tensor
from torch.nn.parameter import is_lazy

COMPONENTS = {  # of the layouts that are not strided, as methods
    torch.sparse_coo: ("indices", "values"),
    torch.sparse_csr: ("crow_indices", "col_indices", "values"),
    torch.sparse_bsr: ("crow_indices", "col_indices", "values"),
    torch.sparse_csc: ("ccol_indices", "row_indices", "values"),
    torch.sparse_bsc: ("ccol_indices", "row_indices", "values"),
}


def is_plain(tensor: Tensor) -> bool:
    """Whether a tensor is nothing but numbers in strides."""
    return (
        type(tensor) in (Tensor, torch.nn.Parameter)
        and tensor.layout == torch.strided
        and not (tensor.is_nested or tensor.is_quantized or tensor.is_meta)
    )


def is_spread(tensor: Tensor) -> bool:
    """Whether a tensor is in pieces on several processes (DTensor)."""
    return hasattr(tensor, "full_tensor")


def gathered(tensor: Tensor) -> Tensor:
    """Return a tensor whole that is spread over processes; all of them have to ask."""
    whole: Tensor = tensor.detach().full_tensor()  # type: ignore[attr-defined]  # a DTensor's
    return whole


def plain_bytes(tensor: Tensor) -> memoryview:
    """Return the numbers of a plain tensor, in their order, wherever it is."""
    # A view that is conjugate or negative shows other numbers than its memory holds.
    numbers = tensor.detach().cpu().resolve_conj().resolve_neg().contiguous().flatten()
    # A single number counts as contiguous with any stride, but is not seen as bytes with it.
    numbers = numbers.as_strided((numbers.numel(),), (1,))
    return numbers.view(torch.uint8).numpy().data


def parts_of(tensor: Tensor) -> tuple[str, list[Any]]:
    """Return what kind of tensor this is that is not plain, and the parts that decide its numbers.

    What is spread over processes (DTensor) is gathered: each of them has to ask.

    Raises
    ------
    ValueError
        If it has no numbers, or none that can be read.
    """
    if is_lazy(tensor):
        raise ValueError("is not initialised yet (a lazy module); call the model once before")
    if is_spread(tensor):
        return "whole", [gathered(tensor)]
    if tensor.is_nested:
        return "nested", list(tensor.detach().unbind())
    if tensor.is_meta:
        raise ValueError("is on the device 'meta', where tensors have no numbers")
    kind = f"{tensor.layout} {tensor.dtype} {tuple(tensor.shape)}"
    if hasattr(tensor, "__tensor_flatten__"):
        names, context = tensor.__tensor_flatten__()
        return f"{type(tensor).__name__} {kind}", [*(getattr(tensor, n) for n in names), context]
    if type(tensor) not in (Tensor, torch.nn.Parameter):
        return f"{type(tensor).__name__} {kind}", _parts_of_a_subclass(tensor)
    if tensor.is_quantized:
        return f"{tensor.qscheme()} {kind}", [tensor.detach().int_repr(), *_scales(tensor)]
    if tensor.layout in COMPONENTS:
        stored = tensor.detach()
        stored = stored.coalesce() if tensor.layout == torch.sparse_coo else stored
        return kind, [getattr(stored, name)() for name in COMPONENTS[tensor.layout]]
    return kind, [tensor.detach().to_dense()]


def _scales(tensor: Tensor) -> list[Any]:
    """Return what makes numbers of a quantized tensor's integers."""
    if tensor.qscheme() in (torch.per_tensor_affine, torch.per_tensor_symmetric):
        return [tensor.q_scale(), tensor.q_zero_point()]
    return [
        tensor.q_per_channel_scales(),
        tensor.q_per_channel_zero_points(),
        tensor.q_per_channel_axis(),
    ]


def _parts_of_a_subclass(tensor: Tensor) -> list[Any]:
    """Return the attributes of a tensor of some subclass, and its own numbers if it has any."""
    attributes = [part for item in sorted(vars(tensor).items()) for part in item]
    try:
        numbers = tensor.detach().as_subclass(Tensor)
        plain_bytes(numbers)
    except (RuntimeError, NotImplementedError, TypeError) as error:
        if any(isinstance(value, Tensor) for value in attributes):
            return attributes  # it keeps its numbers there
        name = type(tensor).__name__
        raise ValueError(f"is a {name}, whose numbers cannot be read ({error})") from error
    return [numbers, *attributes]
