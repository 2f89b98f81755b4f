"""Which blocks of samples meet in which order, told to the CUDA kernels as strips.

A *strip* is some blocks of rows with the same blocks of columns (csrc/cuda/parameters.hpp): a few
thousand of them stand for millions of tiles, which no list could hold.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from ...inputs.problem import Integers

HEIGHT = 16  # blocks of rows in a strip: their points stay in the cache while columns come by


@dataclass(frozen=True)
class Blocks:
    """The first and the last class of each block of a panel."""

    first: Integers
    last: Integers

    @classmethod
    def of(cls, codes: Integers, side: int) -> "Blocks":
        """Cut classes in rising order into blocks of `side` samples."""
        starts = np.arange(0, len(codes), side)
        return cls(codes[starts], codes[np.minimum(starts + side, len(codes)) - 1])

    def __len__(self) -> int:
        return len(self.first)


@cache  # panels are of few sizes
def search_rounds(rows: int, columns: int, same: bool, steps: int) -> list[Integers]:
    """Return the strips of each round of Search.

    The first round meets every `steps`-th block of columns from the row's own, a power of two; the
    next ones those halfway between. So each round meets as many as all before it, from all classes
    alike, and few pairs in it are nearer than the nearest so far.

    Parameters
    ----------
    rows, columns : numbers of blocks
    same : the columns are the rows, and a pair is met where its row comes first
    """
    rounds, stride = [(steps, 0)], steps
    while stride > 1:
        rounds.append((stride, stride // 2))
        stride //= 2
    return [_spaced(rows, columns, same, *each) for each in rounds]


def _spaced(rows: int, columns: int, same: bool, stride: int, offset: int) -> Integers:
    """Return strips of the tiles whose column is their row and `offset`, modulo `stride`."""
    rest = np.arange(min(stride, rows))  # of the rows: those of one rest have the same columns
    other_rest = (rest + offset) % stride
    heights = np.maximum(0, -(-(rows - rest) // stride))
    widths = np.maximum(0, -(-(columns - other_rest) // stride))
    strips = -(-heights // HEIGHT)
    which = np.repeat(np.arange(len(rest)), strips)
    number = np.arange(len(which)) - np.repeat(np.cumsum(strips) - strips, strips)
    first = HEIGHT * number
    first_column = first + (other_rest < rest)[which] if same else np.zeros_like(first)
    return _numbered(
        rest[which] + stride * first,
        other_rest[which] + stride * first_column,
        stride,
        np.minimum(HEIGHT, heights[which] - first),
        widths[which] - first_column,
    )


def count_rounds(rows: Blocks, columns: Blocks, same: bool) -> list[Integers]:
    """Return the strips of Count, in one round: blocks that share a class."""
    first = np.arange(0, len(rows), HEIGHT)
    end = np.minimum(first + HEIGHT, len(rows))
    start = np.searchsorted(columns.last, rows.first[first], side="left")
    stop = np.searchsorted(columns.first, rows.last[end - 1], side="right")
    if same:
        start = np.maximum(start, first)
    return [_numbered(first, start, 1, end - first, stop - start)]


def rectangle(rows: int, columns: int) -> Integers:
    """Return strips in which all blocks meet."""
    return _spaced(rows, columns, same=False, stride=1, offset=0)


def tiles(strips: Integers) -> int:
    """Return how many tiles are in strips."""
    return int(strips[:, 4] @ strips[:, 5])


def _numbered(
    first_row: Integers, first_column: Integers, stride: int, rows: Integers, columns: Integers
) -> Integers:
    """Return strips (S, 6) as the kernels know them; those without tiles are left out."""
    there = (rows > 0) & (columns > 0)
    each = (first_row, first_column, np.full_like(first_row, stride), rows, columns)
    fields = [column[there] for column in each]
    sizes = fields[3] * fields[4]
    return np.stack([np.cumsum(sizes) - sizes, *fields], axis=1)
