"""The definition for some rows, where the features are: minutes on a host, seconds on a GPU.

The twin of `definition.table`, by `distance.squared_distances`: the same float64 numbers.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from kstar_gpu import KStarForeign
from kstar_gpu.distance import row_chunks, squared_distances

ELEMENTS = 1 << 26  # numbers of float64 in one piece
ROWS = 64  # of a set that are checked
LARGEST = torch.iinfo(torch.int64).max


class Defined(NamedTuple):
    """What is right for some rows: k*, and squared distance and row of the nearest foreign."""

    kstar: Tensor
    squared: Tensor
    row: Tensor


def seeded_rows(samples: int, wanted: int = ROWS) -> Tensor:
    """Return which rows are checked: so many, anywhere."""
    generator = torch.Generator().manual_seed(0)
    return torch.randperm(samples, generator=generator)[:wanted].sort().values


def defined(x: Tensor, y: Tensor, rows: Tensor) -> Defined:
    """Return what the definition says of some rows of (N, d) features with (N,) classes."""
    numbers = torch.arange(len(x), device=x.device)
    found = []
    for row in rows.tolist():
        own = x[row].to(torch.float64)
        chunks = row_chunks(len(x), x.shape[1], ELEMENTS)
        squared = torch.cat([squared_distances(x[c].to(torch.float64), own) for c in chunks])
        same = y == y[row]
        nearest = squared[~same].min()
        index = numbers.where(~same & (squared == nearest), LARGEST).min()
        same[row] = False
        found.append((1 + (same & (squared < nearest)).sum(), nearest, index))
    return Defined(*map(torch.stack, zip(*found, strict=True)))


def wrong(found: KStarForeign, x: Tensor, y: Tensor, rows: Tensor) -> int:
    """Return at how many of the rows k*, distance or index differ from the definition."""
    truth = defined(x, y, rows)
    here = rows.to(x.device)
    differ = found.kstar[here] != truth.kstar
    differ |= found.index[here] != truth.row
    roots = torch.from_numpy(np.sqrt(truth.squared.cpu().numpy()))
    differ |= found.distance[here] != roots.to(x.device)
    return int(differ.sum())
