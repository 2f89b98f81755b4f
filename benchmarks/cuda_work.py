"""How much work the CUDA engine has on some features, counted without a GPU.

Its kernels run on the host, thread for thread (csrc/simt): some thousand samples take minutes. With
`--dry` they do nothing, and find that no pair survives: then any size is counted, but only what the
host has to do: launches, after each of which it waits once, and torch's operations. Prints a line
per set: run with --help for arguments.
"""

import argparse
import ctypes
import sys
from dataclasses import replace
from math import inf
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from feature_sets import FeatureSet, load
from numpy.typing import NDArray
from torch.utils._python_dispatch import TorchDispatchMode

from kstar_gpu import definition
from kstar_gpu.columns import on_host
from kstar_gpu.inputs.classes import make_classes
from kstar_gpu.inputs.problem import make_problem

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from helpers import cuda_on_host

CPU = torch.device("cpu")
SIZE = 1000


class Operations(TorchDispatchMode):
    """How many operations torch is asked for."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch declares no types for it
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Count one."""
        self.count += 1
        return func(*args, **(kwargs or {}))


class Told(tuple[Any, ...]):
    """What is told to kernels, as it is."""

    def __new__(cls, *told: Any) -> Any:
        """Return what is told."""
        return super().__new__(cls, told)


def at(array: Told) -> NDArray[Any]:
    """Return the memory that an array describes; torch would count if it were asked."""
    address, kind, rows, columns, *_ = array
    count = rows * columns * np.dtype(kind).itemsize
    return np.frombuffer((ctypes.c_char * count).from_address(address), kind)


class Idle(ModuleType):
    """In the place of `_cuda`: takes the same arguments, and does next to nothing with them."""

    Array = Rows = Members = Side = Walk = Reach = Sieve = Radii = Nearest = Told

    def __init__(self, kernels: Any) -> None:
        super().__init__("_cuda")
        self.TILE_SIDE, self.DEPTH = kernels.TILE_SIDE, kernels.DEPTH
        self.WARP_PAIRS = kernels.WARP_PAIRS

    def measure_rows(self, *told: Any) -> None:
        """Find that all rows are different, and equally far from the centre."""
        *_, lengths, fingerprints, _stream = told
        at(lengths)[:] = 1
        at(fingerprints)[:] = range(fingerprints[2])

    def make_full(self, *told: Any) -> None:
        """Find that all points are zero, and that rounding moved none."""
        for written in told[-4:-1]:
            at(written)[:] = 0

    def Survivors(self, pairs: Told, cursor: Told) -> Told:  # noqa: N802  # a class there
        """Find once and for all that there are none."""
        at(cursor)[:] = 0, 0, 0, 0, -1
        return cursor

    def search(self, *told: Any) -> None:
        """Do nothing."""

    seed = count = search


def count_work(features: FeatureSet, dry: bool) -> str:
    """Run the engine on one set, and return its counts as a line of a table."""
    x, y = torch.from_numpy(features.features), features.labels
    problem = make_problem(x, None, make_classes(y, None), "euclidean", CPU)
    with pytest.MonkeyPatch.context() as patch, Operations() as operations:
        cuda = cuda_on_host.install(patch, Idle(cuda_on_host.build()) if dry else None)
        # Choosing directions pays whatever the size; or never.
        costs = replace(cuda.balls.COSTS, worth=inf if dry else 0)
        patch.setattr(cuda.balls, "COSTS", costs)
        engine = cuda.engine.Engine(problem, CPU, None, False)
        counts = engine.count_within(engine.nearest_foreign()[0])
    n, search, count = len(x), engine.work["search"], engine.work["count"]
    cells = [features.name, f"{n} x {x.shape[1]}", str(engine.width)]
    cells += [str(search["launches"] + count["launches"]), str(operations.count)]
    if not dry:
        wrong = on_host(problem.in_input_order(1 + counts)) != definition.kstar(
            features.features, y
        )
        per_sample = search["survivors"], search["measured"], count["survivors"]
        cells += [f"{search['early'] / (search['tiles'] + search['early']):.1%}"]
        cells += [*(f"{number / n:.1f}" for number in per_sample), str(wrong.sum())]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default=f"gaussian:{SIZE}x256,clusters:{SIZE}x256")
    parser.add_argument("--size", type=int, help="keep this many samples of each set")
    parser.add_argument("--dry", action="store_true", help="multiply nothing: launches alone")
    arguments = parser.parse_args()
    titles = ["set", "size", "width", "launches", "torch operations"]
    if not arguments.dry:
        titles += ["tiles that end early", "survivors per sample", "measured"]
        titles += ["left open by Count", "wrong"]
    print(f"| {' | '.join(titles)} |")
    print("|---" * len(titles) + "|")
    for name in arguments.sets.split(","):
        print(count_work(load(name, arguments.size), arguments.dry), flush=True)


if __name__ == "__main__":
    main()
