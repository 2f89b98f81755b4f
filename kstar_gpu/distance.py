"""The canonical squared distance in torch: the twin of csrc/cpu/distance.hpp.

Distances are float64 numbers defined by an exact order of operations (`definition.fold`), so
that "nearer" means the same to every engine. A plain product followed by a plain sum is never
fused by torch; `addcmul` and `.sum()` would change the last bit.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .columns import square_root
from .cpu_tensors import in_float64, on_cpu
from .definition import LANES
from .definition import squared_distances as squared_from

CACHED_ELEMENTS = 1 << 15  # of float64 that stay in a cache
CHUNK_ELEMENTS = 1 << 19  # elements of one gathered chunk: a few MB of float64
# Numbers that are 0 or at least this large differ by 0 or at least 2^-503, whose square is a normal
# number. Only float64 has smaller ones.
SMALL = 2.0**-450


def rounding_error(dimensions: int) -> float:
    """Return what a canonical squared distance is off by at the most, relative to itself."""
    return (-(-dimensions // LANES) + 8) * 2.0**-53


def underflow_error(dimensions: int) -> float:
    """Return what underflow may take from a canonical distance at the most, as a distance."""
    return float((dimensions + 64) ** 0.5) * 2.0**-537


def lane_sum(products: Tensor) -> Tensor:
    """Sum each row of an (n, d) float64 tensor in the canonical order."""
    missing = -products.shape[1] % LANES
    padded = F.pad(products, (0, missing)) if missing else products
    lanes = padded[:, :LANES]
    for start in range(LANES, padded.shape[1], LANES):
        lanes = lanes + padded[:, start : start + LANES]
    for half in (16, 8, 4, 2, 1):
        lanes = lanes[:, :half] + lanes[:, half:]
    return lanes[:, 0]


def row_chunks(rows: int, features: int, elements: int = CHUNK_ELEMENTS) -> list[slice]:
    """Cut `rows` rows so that one chunk holds about so many numbers."""
    step = max(1, elements // features)
    return [slice(start, min(start + step, rows)) for start in range(0, rows, step)]


def norms(values: Tensor) -> Tensor:
    """Euclidean norm of each row of (N, d): the square root of the canonical sum of squares."""
    squares = torch.empty(len(values), dtype=torch.float64, device=values.device)
    if on_cpu(values):
        origin = np.zeros(values.shape[1])
        for chunk in row_chunks(len(values), len(origin), CACHED_ELEMENTS):
            squares.numpy()[chunk] = squared_from(origin, in_float64(values[chunk]))
        return torch.from_numpy(square_root(squares.numpy()))
    for chunk in row_chunks(*values.shape):
        rows = values[chunk].to(torch.float64)
        squares[chunk] = lane_sum(rows * rows)
    roots: Tensor = square_root(squares)
    return roots


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """Squared distance of each row of (P, d) float64 to the row beside it."""
    difference = x - y
    return lane_sum(difference * difference)
