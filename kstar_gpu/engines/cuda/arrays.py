"""Tensors as kernels take them, and the sizes that kernels count in."""

import torch
from torch import Tensor

from . import _cuda


def array(tensor: Tensor) -> _cuda.Array:
    """Describe the memory of a vector or a matrix.

    The description, and whatever is made of it, keeps that memory. A matrix may have gaps between
    its rows, where a kernel allows for them, but none within.
    """
    columns = 1 if tensor.ndim == 1 else tensor.shape[1]
    if columns > 1 and tensor.stride(1) != 1:
        raise ValueError(
            f"tensor: rows whose numbers stand side by side are wanted, got {tensor.stride(1)} "
            "from one to the next"
        )
    return _cuda.Array(
        tensor.data_ptr(),
        str(tensor.dtype).removeprefix("torch."),
        tensor.shape[0],
        columns,
        tensor.stride(0),
        tensor.get_device(),
        tensor,
    )


def array_if(tensor: Tensor | None) -> _cuda.Array | None:
    """Describe the memory of what need not be there."""
    return None if tensor is None else array(tensor)


def feature_rows(values: Tensor, norms: Tensor | None) -> _cuda.Rows:
    """Return features as kernels read them."""
    return _cuda.Rows(array(values), array_if(norms))


def current_stream(device: torch.device) -> int:
    """Return the caller's stream; kernels on the host have none."""
    return torch.cuda.current_stream(device).cuda_stream if device.type == "cuda" else 0


def whole_blocks(samples: int) -> int:
    """Return how many samples fill the blocks that hold so many."""
    return -(-samples // _cuda.TILE_SIDE) * _cuda.TILE_SIDE


def whole_chunks(dimensions: int) -> int:
    """Return how many dimensions fill the chunks that hold so many."""
    return -(-dimensions // _cuda.DEPTH) * _cuda.DEPTH


def padded(values: Tensor, room: int) -> Tensor:
    """Return values with zeros behind."""
    return torch.cat([values, values.new_zeros(room - len(values))])
