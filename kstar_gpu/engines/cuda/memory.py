"""How the CUDA engine divides the device's memory: how much of the samples is there at a time."""

from dataclasses import dataclass, replace
from math import inf

import torch
from torch import Tensor

from ...inputs.problem import Problem
from ..projection import FLOATS_AT_ONCE
from . import _cuda
from .arrays import whole_blocks, whole_chunks
from .balls import WIDTHS
from .panels import is_there

SHARE = 0.8  # of what is free, if nobody says how much may be used
SAMPLE_BYTES = 256  # results, thresholds, seeds and radii of one sample
SURVEY_BYTES = 20 * FLOATS_AT_ONCE  # of the choice of directions for narrow balls
PAIR_BYTES = 20  # a surviving pair: positions, product and distance
TILE_BYTES = 4  # a tile of a launch: who is done with it
LIBRARY_BYTES = 33 << 20  # that cuBLAS keeps for itself
SHRINKING = (1, 4, 16, 64, 256)  # by what buffers get smaller where memory is scarce
MOST_ELEMENTS = 1 << 25
MOST_SEEDS = 1024  # references that every sample meets before the search
SEED_SHARE = 16  # of so many references, at most one
MOST_PAIRS = 1 << 24
MOST_TILES = 1 << 20
FEWEST_TILES = 1 << 8


@dataclass(frozen=True)
class Plan:
    """Sizes of what the engine has on the device."""

    panel: int  # samples of a panel, a multiple of a tile's side
    pairs: int  # in the buffer of survivors
    tiles: int  # of one launch
    elements: int  # numbers of float64 in one piece of preparation
    widest: int  # dimensions that narrow balls may have
    bytes: float = 0  # that all this takes


def seed_count(references: int) -> int:
    """Return how many of the references all samples meet before the search."""
    return min(MOST_SEEDS, -(-references // SEED_SHARE))


def budget(device: torch.device, memory_limit: int | None) -> float:
    """Return how many bytes may be used beside what is there already."""
    if memory_limit is not None:
        return memory_limit
    if device.type != "cuda":
        return inf
    free, _ = torch.cuda.mem_get_info(device)
    unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return SHARE * (free + unused)


def storage_device(
    inputs: list[Tensor], device: torch.device, memory_limit: int | None
) -> torch.device:
    """Return where the features are to be kept: where they are, or on the device."""
    elsewhere = sum(x.numel() * x.element_size() for x in inputs if x.device != device)
    if elsewhere == 0:
        return device
    # The balls take up to twice the room of what they are made from.
    fits = memory_limit is None and elsewhere <= budget(device, None) / 3
    return device if fits else torch.device("cpu")


def make_plan(problem: Problem, device: torch.device, memory_limit: int | None) -> Plan:
    """Choose the largest panels that memory bears, and buffers to go with them.

    Raises
    ------
    ValueError
        If not even the smallest fit.
    """
    copied = 0 if memory_limit is None else problem.copied  # or it is not free any more
    limit = budget(device, memory_limit) - copied
    sample_bytes = _panel_bytes(problem, device)
    rooms = [whole_blocks(len(side)) for side in problem.sides]
    for shrink in SHRINKING:
        plan = _sizes(problem, shrink)
        fixed = _fixed_bytes(problem, plan, device)
        if fixed > limit / 4 and shrink != SHRINKING[-1]:
            continue
        spare = limit - fixed
        if spare / 2 >= SURVEY_BYTES:
            spare -= SURVEY_BYTES
        else:
            plan = replace(plan, widest=0)
        if sum(rooms) * sample_bytes <= spare:  # one panel of each side
            return replace(plan, bytes=fixed + sum(rooms) * sample_bytes)
        # Or else rows and columns, two at a time.
        panel = int(max(0, spare) // (2 * sample_bytes * _cuda.TILE_SIDE)) * _cuda.TILE_SIDE
        if panel >= _cuda.TILE_SIDE:
            return replace(plan, panel=panel, bytes=fixed + 2 * panel * sample_bytes)
    least = fixed + min(sum(rooms), 2 * _cuda.TILE_SIDE) * sample_bytes
    raise ValueError(
        f"memory_limit: at least {least + copied} bytes are wanted for this problem on the cuda "
        f"backend, got {int(limit) + copied}"
    )


def smaller_plan(problem: Problem, device: torch.device, plan: Plan) -> Plan | None:
    """Return a plan that takes half the memory, or None if there is none."""
    try:
        return make_plan(problem, device, int(plan.bytes / 2) + problem.copied)
    except ValueError:
        return None


def _sizes(problem: Problem, shrink: int) -> Plan:
    side = max(map(len, problem.sides))
    width = problem.samples.values.shape[1]
    blocks = whole_blocks(side) // _cuda.TILE_SIDE
    return Plan(
        panel=whole_blocks(side),
        pairs=max(_cuda.WARP_PAIRS, min(MOST_PAIRS, 64 * side) // shrink),
        tiles=max(FEWEST_TILES, min(MOST_TILES, blocks**2) // shrink),
        elements=max(width, min(MOST_ELEMENTS, side * width) // shrink),
        widest=width // 2,
    )


def _fixed_bytes(problem: Problem, plan: Plan, device: torch.device) -> int:
    samples = sum(map(len, problem.sides))
    buffers = plan.pairs * PAIR_BYTES + plan.tiles * TILE_BYTES + plan.elements * 40
    # Seeds are a share of a panel, and up to a block more.
    seeds = 2 * whole_chunks(problem.samples.values.shape[1]) * _cuda.TILE_SIDE
    library = LIBRARY_BYTES if device.type == "cuda" else 0
    return samples * SAMPLE_BYTES + buffers + seeds + library


def _panel_bytes(problem: Problem, device: torch.device) -> int:
    """Bytes of one sample in a panel: balls, seeds, and features and centres that are not there."""
    values = problem.samples.values
    full = 2 * (values.shape[1] + _cuda.DEPTH)
    balls = full + 2 * (WIDTHS[-1] + 1) + -(-full // SEED_SHARE)
    copied = 0
    if not is_there(values, device):
        copied = 2 * values.shape[1] * max(side.values.element_size() for side in problem.sides)
    return balls + copied
