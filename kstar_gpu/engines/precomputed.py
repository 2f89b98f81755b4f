"""k* from given distances: no sketch, no engine, only comparisons, row by row."""

from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from ..inputs.arrays import to_tensor
from ..inputs.problem import Classes

BLOCK_BYTES = 64 << 20  # of the distances looked at together, as float64


def nearest_and_counts(
    distances: Any, classes: Classes, memory_limit: int | None, progress: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Return (count within, nearest foreign distance, its index) for each row of given distances.

    Parameters
    ----------
    distances : (N, N) in the self form, its diagonal ignored, or (N, M)
        Only the order within a row matters: distances or their squares, symmetric or not.

    Raises
    ------
    ValueError
        Another shape; NaN or infinity beside the diagonal; a memory limit too small for a row.
    """
    matrix = to_tensor(distances, "features")
    wanted = (len(classes.codes), len(classes.reference_codes))
    if tuple(matrix.shape) != wanted:
        raise ValueError(
            "features: under metric='precomputed' one row per label and one column per reference "
            f"label, shape {wanted}, is wanted, got {tuple(matrix.shape)}"
        )
    codes = torch.from_numpy(classes.codes).to(matrix.device)
    reference_codes = torch.from_numpy(classes.reference_codes).to(matrix.device)
    results: list[tuple[Tensor, Tensor, Tensor]] = []
    step = _rows_at_once(wanted[1], memory_limit)
    for start in tqdm(range(0, wanted[0], step), unit="block", disable=not progress):
        block = matrix[start : start + step].to(torch.float64, copy=True)
        same = codes[start : start + step, None] == reference_codes
        own = torch.arange(start, start + len(block), device=matrix.device)
        if classes.self_form:
            block[own - start, own] = 0.0  # whatever stands there
        _check_finite(block, start)
        if classes.self_form:
            block[own - start, own] = torch.inf
        nearest, index = _first_minimum(block.masked_fill(same, torch.inf))
        counts = ((block < nearest[:, None]) & same).sum(1)
        results.append((counts, nearest, index))
    counts, nearest, index = (torch.cat(column) for column in zip(*results, strict=True))
    return counts, nearest, index


def _rows_at_once(columns: int, memory_limit: int | None) -> int:
    row = 8 * 4 * columns  # the block, its masked copy, and comparisons
    if memory_limit is not None and memory_limit < row:
        raise ValueError(
            f"memory_limit: at least {row} bytes are wanted for rows of {columns} precomputed "
            f"distances, got {memory_limit}"
        )
    return max(1, min(BLOCK_BYTES * 4, memory_limit or BLOCK_BYTES * 4) // row)


def _check_finite(block: Tensor, start: int) -> None:
    finite = torch.isfinite(block).all(1)
    if not bool(finite.all()):
        row = start + int(torch.nonzero(~finite)[0])
        raise ValueError(f"features: finite distances are wanted, got NaN or infinity in row {row}")


def _first_minimum(block: Tensor) -> tuple[Tensor, Tensor]:
    """Return the minimum of each row and the lowest index where it stands."""
    nearest = block.amin(1)
    # argmax of booleans is not promised to be the first; the lowest index is.
    columns = torch.arange(block.shape[1], device=block.device)
    index = torch.where(block == nearest[:, None], columns, block.shape[1]).amin(1)
    return nearest, index
