"""How much memory the portable engine takes: the side of a tile is what gives way."""

import numpy as np
import torch

from ...inputs.problem import Integers, Problem
from ..projection import SURVEY_BYTES

LARGEST_SIDE = 1024  # a tile of float32 products then fills 4 MB: it stays in the cache
SMALLEST_SIDE = 256  # smaller ones cost many times as much as a product
SMALLEST_PIECE = 64  # samples of a tile of a small problem
TILE_COST = 1.5e7  # of a tile on a CPU beside its pairs: so many multiply-adds could be done
TILE_BYTES_PER_PAIR = (
    164  # product, sums of bytes, selection and indices of survivors, should all survive
)
SAMPLE_BYTES = 140  # radii, slack, thresholds, canaries, results and order of one sample
BYTE_SAMPLE_BYTES = 48  # seed, radii, slack and thresholds of balls of bytes
CHUNK_BYTES = 36 << 20  # float64 rows on their way through preparation and refinement
THREAD_BYTES = 4 << 20  # that the libraries of products keep for each thread


def tile_side(problem: Problem, memory_limit: int | None) -> int:
    """Return the side of the largest tile that the memory limit bears.

    Raises
    ------
    ValueError
        If not even the smallest tile fits.
    """
    side = LARGEST_SIDE
    while memory_limit is not None and memory_needed(problem, side) > memory_limit:
        if side == SMALLEST_SIDE:
            raise ValueError(
                f"memory_limit: at least {memory_needed(problem, side)} bytes are wanted for "
                f"this problem on the torch backend, got {memory_limit}"
            )
        side //= 2
    return side


def suitable_sides(problem: Problem, side: int, pair_cost: float) -> tuple[int, int]:
    """Return sides of tiles for Search and for Count, at most `side`; smaller for small problems.

    Half of the tiles on the diagonal is multiplied in vain, and small ones have less of that. Where
    each of n samples meets m others, tiles of cost t and pairs of cost w take, as far as it depends
    on the side,  n side w / 2 + n m t / (2 side^2),  which is least at  side^3 = 2 m t / w.  On
    other devices than a CPU a tile costs far more.
    """
    if problem.samples.values.device.type != "cpu":
        return side, side // 2
    work = pair_cost + problem.samples.values.shape[1]
    met = len(problem.references), _usual_class(problem.references.codes)
    search, count = (max(SMALLEST_PIECE, int((2 * m * TILE_COST / work) ** (1 / 3))) for m in met)
    return min(side, search), min(side, count)


def _usual_class(codes: Integers) -> float:
    """Return how large the class of a sample is on average."""
    sizes = np.bincount(codes).astype(float)
    return float(sizes @ sizes) / len(codes)


def widest_narrow(problem: Problem, side: int, memory_limit: int | None) -> int:
    """Return how many dimensions narrow balls may have beside tiles of this side; 0 for none."""
    widest = problem.samples.values.shape[1] // 2
    if memory_limit is None:
        return widest
    spare = memory_limit - memory_needed(problem, side) - SURVEY_BYTES
    return max(0, min(widest, spare // (4 * sum(map(len, problem.sides))) - 3))


def bytes_fit(problem: Problem, side: int, memory_limit: int | None) -> bool:
    """Whether balls of bytes have room beside tiles of this side."""
    width = problem.samples.values.shape[1]
    room = sum(map(len, problem.sides)) * (width + BYTE_SAMPLE_BYTES)
    return memory_limit is None or memory_needed(problem, side) + room <= memory_limit


def memory_needed(problem: Problem, side: int) -> int:
    """Return a bound on the bytes used beside the input: balls, one tile, chunks, results."""
    dimensions = problem.samples.values.shape[1]
    samples = sum(map(len, problem.sides))
    balls = samples * (4 * (dimensions + 2) + SAMPLE_BYTES)
    fine_balls = 3 * side * 8 * (dimensions + 2)
    tile = TILE_BYTES_PER_PAIR * side**2
    libraries = THREAD_BYTES * torch.get_num_threads()
    return problem.copied + balls + fine_balls + tile + CHUNK_BYTES + libraries
