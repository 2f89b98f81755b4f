"""Which blocks of pairs must be looked at: the two walks over tiles.

Samples stand in class order, so a tile knows from the classes at its ends what it can hold. In the
self form a pair of different blocks is met once, and then serves its rows and its columns.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ...inputs.problem import Integers, Problem


class Tile(NamedTuple):
    """A block of samples against a block of references, by position."""

    samples: slice
    references: slice
    both_ways: bool  # self form, different blocks: the references are samples asked about, too
    mixed: bool  # may hold pairs that the walk does not ask about


def foreign_tiles(problem: Problem, side: int) -> Iterator[Tile]:
    """Cover every pair of different classes. Tiles of a single class are left out."""
    codes, others = problem.samples.codes, problem.references.codes
    row_blocks, column_blocks = blocks(codes, side), blocks(others, side)
    for number, rows in enumerate(row_blocks):
        for columns in column_blocks[number if problem.self_form else 0 :]:
            ends = codes[[rows.start, rows.stop - 1]], others[[columns.start, columns.stop - 1]]
            overlap = ends[0][0] <= ends[1][1] and ends[1][0] <= ends[0][1]
            if overlap and len(np.unique(ends)) == 1:
                continue
            yield Tile(rows, columns, problem.self_form and rows != columns, overlap)


def class_tiles(problem: Problem, side: int) -> Iterator[Tile]:
    """Cover every pair of one class. Small classes that follow each other share a tile."""
    codes, others = problem.samples.codes, problem.references.codes
    row_blocks, column_blocks = blocks(codes, side), blocks(others, side)
    for number, rows in enumerate(row_blocks):
        first, last = codes[rows.start], codes[rows.stop - 1]
        for columns in column_blocks[number if problem.self_form else 0 :]:
            other_first, other_last = others[columns.start], others[columns.stop - 1]
            if first <= other_last and other_first <= last:
                mixed = first != last or other_first != other_last
                yield Tile(rows, columns, problem.self_form and rows != columns, mixed)


def blocks(codes: Integers, side: int) -> list[slice]:
    """Cut positions into blocks of one class, or of several that fit into one block together."""
    starts = np.flatnonzero(np.diff(codes, prepend=codes[0] - 1))
    cuts = [0]
    for start, stop in zip(starts, [*starts[1:], len(codes)], strict=True):
        if stop - cuts[-1] <= side:
            continue
        if cuts[-1] < start:
            cuts.append(int(start))
        pieces = -(-(stop - start) // side)
        if pieces > 1:
            ends = np.linspace(start, stop, pieces + 1).astype(int)[1:]
            cuts += ends.tolist()
    if cuts[-1] < len(codes):
        cuts.append(len(codes))
    return [slice(first, last) for first, last in pairwise(cuts)]
