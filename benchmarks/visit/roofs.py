"""What the device can do at most, measured: products, copies; and the tile kernels beside it."""

from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import torch

from kstar_gpu import kstar
from visit import data
from visit.calls import in_phases, kernel_rates, profiled, timed
from visit.context import Visit

SIDE = 8192  # of the matrices
COPIED = 4 << 30  # bytes, many times any cache
COPIED_IN_CACHE = 8 << 20  # bytes there and bytes back stay in the second-level cache
COPIES = 100  # in one graph, so that launches cost little
SIDE_TO_REHEARSE, COPIED_TO_REHEARSE = 64, 1 << 16
REPEATS = 10
TILED = ("gaussian:131072x64", "gaussian:131072x256", "gaussian:50000x2048")
TILED_TO_REHEARSE = ("gaussian:300x64", "gaussian:300x256")


def run(visit: Visit) -> None:
    """Measure each and keep it at once."""
    device = visit.device()
    side = SIDE_TO_REHEARSE if visit.rehearse else SIDE
    for name, call in products(side, device).items():
        rate = side**3 / typical(call, device)
        visit.record("product", name=name, side=side, multiply_adds_per_second=rate)
    copied = COPIED_TO_REHEARSE if visit.rehearse else COPIED
    seconds = typical(copy(copied, device), device)
    visit.record("copy", bytes=copied, bytes_per_second=2 * copied / seconds)
    seconds = typical(copies_in_cache(device), device) / COPIES
    visit.record(
        "copy in L2", bytes=COPIED_IN_CACHE, bytes_per_second=2 * COPIED_IN_CACHE / seconds
    )
    for name in TILED_TO_REHEARSE if visit.rehearse else TILED:
        tiles(visit, name, device)


def products(side: int, device: torch.device) -> dict[str, Callable[[], Any]]:
    """Return the products of float16 and of int8, on random numbers: zeros are faster."""
    halves = [torch.randn(side, side, device=device).half() for _ in range(2)]
    bytes_ = [torch.randint(-99, 99, (side, side), device=device).to(torch.int8) for _ in range(2)]
    return {
        "float16": partial(torch.mm, *halves),
        "int8": partial(torch._int_mm, bytes_[0], bytes_[1].T),
    }


def copy(size: int, device: torch.device) -> Callable[[], Any]:
    """Return the copy of so many bytes into others."""
    source = torch.ones(size, dtype=torch.uint8, device=device)
    return partial(torch.empty_like(source).copy_, source)


def copies_in_cache(device: torch.device) -> Callable[[], Any]:
    """Return many copies of what the second-level cache holds."""
    one = copy(COPIED_IN_CACHE, device)

    def all_of_them() -> None:
        for _ in range(COPIES):
            one()

    if device.type != "cuda":
        return all_of_them
    all_of_them()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        all_of_them()
    return graph.replay


def typical(call: Callable[[], Any], device: torch.device) -> float:
    """Return the median seconds of some calls, after some that are not timed."""
    for _ in range(3):
        call()
    return median(timed(call, device)[1] for _ in range(REPEATS))


def tiles(visit: Visit, name: str, device: torch.device) -> None:
    """Keep the multiply-adds per second of both tile kernels on a set."""
    x, y = data.named(name, device)
    call = partial(kstar, x, y, backend="cuda")
    call()
    seen, inside = in_phases(x, y), profiled(call)
    rates = kernel_rates(seen, inside["kernels"])
    kernels = {kernel: inside["kernels"].get(kernel) for kernel in ("search_tiles", "count_tiles")}
    visit.record("tiles", set=name, width=seen["width"], **kernels, multiply_adds_per_second=rates)
