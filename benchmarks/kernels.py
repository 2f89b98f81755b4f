"""How fast the tiles of the CPU engine's instruction sets are: run with --help for the arguments.

A program in C++ (`tile_rates.cpp`) is compiled for each instruction set, so make and a compiler are
wanted. Rates are multiply-adds of one thread per second of its processor time, while several do the
same: those of Search and of Count, whose strips of tiles stay in the core's cache, for points of a
few widths; and the peak, that of the same products with all their numbers in registers.
"""

import argparse
import json
import subprocess
from pathlib import Path
from typing import Literal, NotRequired, TypedDict

import torch

from kstar_gpu.engines.cpu import _cpu

ROOT = Path(__file__).parents[1]
KERNELS: tuple[Literal["search"], Literal["count"]] = "search", "count"


class Rates(TypedDict):
    """Multiply-adds per second with one kind of numbers, by width."""

    peak: float
    search: dict[str, float]
    count: NotRequired[dict[str, float]]  # which knows nothing of bytes


def numbers(of_bytes: bool) -> str:
    """Return what points are made of."""
    return "bytes" if of_bytes else "16 bits"


def known() -> list[str]:
    """Return all instruction sets that there are kernels for, whatever this processor has."""
    sources = sorted((ROOT / "csrc" / "cpu").glob("kernels_*.cpp"))
    return [source.stem.removeprefix("kernels_") for source in sources]


def measure(target: str, threads: int) -> dict[str, Rates]:
    """Return the rates of an instruction set that this processor has, by kind of numbers."""
    program = f"build/native/rates/{target}"
    subprocess.run(["make", "--silent", program], cwd=ROOT, check=True)
    found = subprocess.run([ROOT / program, str(threads)], stdout=subprocess.PIPE, check=True)
    rates: dict[str, Rates] = json.loads(found.stdout)
    return rates


def rows(rates: dict[str, Rates]) -> list[tuple[str, ...]]:
    """Return numbers, kernel, peak, and rate by width, as text, a row per kernel."""
    return [
        (kind, kernel, f"{of_kind['peak'] / 1e9:.1f}", *cells(of_kind, kernel))
        for kind, of_kind in rates.items()
        for kernel in KERNELS
        if kernel in of_kind
    ]


def cells(rates: Rates, kernel: Literal["search", "count"]) -> list[str]:
    """Return the rates of a kernel by width, and what they are of the peak."""
    return [f"{rate / 1e9:.1f} ({rate / rates['peak']:.0%})" for rate in rates[kernel].values()]


def widths(rates: dict[str, Rates]) -> list[str]:
    """Return the widths that rates are known of."""
    return [*rates[numbers(False)]["search"]]


def main() -> None:
    """Print a line per instruction set and kernel."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", default=",".join(_cpu.targets()), help="comma-separated")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    for target in arguments.targets.split(","):
        rates = measure(target, arguments.threads)
        names = ("peak", *(f"width {width}" for width in widths(rates)))
        for kind, kernel, *found in rows(rates):
            told = "  ".join(f"{name} {cell}" for name, cell in zip(names, found, strict=True))
            print(f"{target:<12} {kind:<8} {kernel:<7} G multiply-adds/s: {told}", flush=True)


if __name__ == "__main__":
    main()
