"""One whole call of the CUDA engine: seconds of each phase, and what runs on the device in it."""

import re
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from kstar_gpu.engines.registry import BACKENDS
from kstar_gpu.engines.torch_state import exact_arithmetic
from kstar_gpu.inputs.classes import make_classes
from kstar_gpu.inputs.problem import make_problem
from visit.summary import TILE_KERNELS, multiply_adds

OURS = re.compile(r"kstar::cuda::(\w+)")
OTHERS = "torch's"
PHASES = ("labels", "problem", "setup", "search", "count")


def waited(device: torch.device) -> float:
    """Return the time when the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def timed(call: Callable[[], Any], device: torch.device) -> tuple[Any, float]:
    """Return what a call gives, and its seconds until the device is done."""
    start = waited(device)
    result = call()
    return result, waited(device) - start


def in_phases(x: Tensor, y: Tensor) -> dict[str, Any]:
    """Make one call by its phases; return the seconds of each and what the engine says it did."""
    device = x.device
    clock = [waited(device)]
    with exact_arithmetic(device):
        classes = make_classes(y, None)
        clock.append(waited(device))
        problem = make_problem(x, None, classes, "euclidean", device)
        clock.append(waited(device))
        engine: Any = BACKENDS["cuda"].load()(problem, device, None, False)
        clock.append(waited(device))
        squared, _ = engine.nearest_foreign()
        clock.append(waited(device))
        engine.count_within(squared)
        clock.append(waited(device))
    seconds = dict(zip(PHASES, (b - a for a, b in pairwise(clock)), strict=True))
    seen = {"seconds": seconds, "dimensions": x.shape[1]}
    return seen | {"work": engine.work, "width": engine.width}


def profiled(call: Callable[[], Any]) -> dict[str, Any]:
    """Make a call under torch's profiler: kernels with launches and seconds, syncs, operations."""
    on_gpu = torch.cuda.is_available()
    activities = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * on_gpu
    with profile(activities=activities) as seen:
        call()
        if on_gpu:
            torch.cuda.synchronize()
    kernels: dict[str, list[float]] = {}
    counts = {"launches": 0, "syncs": 0, "operations": 0}
    for event in seen.key_averages():
        if "CUDA" in str(getattr(event, "device_type", "")):
            ours = OURS.search(event.key)
            times = kernels.setdefault(ours.group(1) if ours else OTHERS, [0, 0.0])
            times[0] += event.count
            times[1] += device_seconds(event)
        elif "Synchronize" in event.key:
            counts["syncs"] += event.count
        elif "LaunchKernel" in event.key:
            counts["launches"] += event.count
        elif event.key.startswith("aten::"):
            counts["operations"] += event.count
    return {"kernels": kernels, **counts}


def device_seconds(event: Any) -> float:
    """Return a kernel's seconds, by whichever name this torch has for them."""
    for name in ("self_device_time_total", "self_cuda_time_total"):
        if hasattr(event, name):
            return float(getattr(event, name)) / 1e6
    return 0.0


def kernel_rates(seen: dict[str, Any], kernels: dict[str, list[float]]) -> dict[str, float]:
    """Return multiply-adds per second of each tile kernel while it ran."""
    rates = {}
    for phase, kernel in TILE_KERNELS.items():
        work, (_, seconds) = multiply_adds(seen, phase), kernels.get(kernel, [0, 0.0])
        if work and seconds:
            rates[kernel] = work / seconds
    return rates
