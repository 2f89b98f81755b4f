"""Which blocks of pairs must be looked at: the two walks over tiles, for every engine.

Samples stand in class order, so a tile knows from the classes at its ends what it can hold. In the
self form a pair of different blocks is met once, and then serves its rows and its columns.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .problem import Problem


class Tile(NamedTuple):
    """A block of samples against a block of references, by position."""

    samples: slice
    references: slice
    both_ways: bool  # self form, different blocks: the references are samples asked about, too
    mixed: bool  # may hold pairs that the walk does not ask about


def foreign_tiles(problem: Problem, side: int) -> Iterator[Tile]:
    """Cover every pair of different classes. Tiles of a single class are left out."""
    codes, others = problem.samples.codes, problem.references.codes
    for rows in _blocks(0, len(codes), side):
        first = rows.start if problem.self_form else 0
        for columns in _blocks(first, len(others), side):
            overlap = (
                codes[rows.start] <= others[columns.stop - 1]
                and others[columns.start] <= codes[rows.stop - 1]
            )
            ends = codes[[rows.start, rows.stop - 1]], others[[columns.start, columns.stop - 1]]
            if overlap and len(np.unique(ends)) == 1:
                continue
            yield Tile(rows, columns, problem.self_form and rows != columns, overlap)


def class_tiles(problem: Problem, side: int) -> Iterator[Tile]:
    """Cover every pair of one class. Small classes that follow each other share a tile."""
    for rows, columns, mixed in _class_runs(problem, side):
        for row_block in _blocks(rows.start, rows.stop, side):
            first = row_block.start if problem.self_form else columns.start
            for column_block in _blocks(first, columns.stop, side):
                both_ways = problem.self_form and row_block != column_block
                yield Tile(row_block, column_block, both_ways, mixed)


def _blocks(start: int, stop: int, side: int) -> Iterator[slice]:
    for first in range(start, stop, side):
        yield slice(first, min(first + side, stop))


def _class_runs(problem: Problem, side: int) -> Iterator[tuple[slice, slice, bool]]:
    """Cut the classes into runs: one class, or several that fit into one tile together."""
    samples, references = _class_starts(problem)
    classes = len(samples) - 1
    first = 0
    while first < classes:
        last = first + 1
        while last < classes and (
            samples[last + 1] - samples[first] <= side
            and references[last + 1] - references[first] <= side
        ):
            last += 1
        rows = slice(int(samples[first]), int(samples[last]))
        columns = slice(int(references[first]), int(references[last]))
        if rows.start < rows.stop and columns.start < columns.stop:
            yield rows, columns, last - first > 1
        first = last


def _class_starts(problem: Problem) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where each class begins on either side, and both ends."""
    codes, others = problem.samples.codes, problem.references.codes
    classes = np.arange(max(codes[-1], others[-1]) + 2)
    return np.searchsorted(codes, classes), np.searchsorted(others, classes)
