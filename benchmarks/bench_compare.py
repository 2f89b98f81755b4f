"""Compare two results of the same machine: run with --help for the arguments.

Times of different days differ, so what is compared is kstar()'s time as a share of the product's,
which was timed in turns with it. A set is marked where no round of one result is like any of the
other.
"""

import argparse
from pathlib import Path

import numpy as np
from bench_report import read
from numpy.typing import NDArray

PEER = "product_into"


def main() -> None:
    """Print a line per set that both results have."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    arguments = parser.parse_args()
    (before, machines), (after, others) = (read([p]) for p in (arguments.before, arguments.after))
    for key in ("processor", "instructions", "cores", "torch threads"):
        if machines[0].get(key) != others[0].get(key):
            parser.error(
                f"two results of one machine are wanted, got {key} {machines[0].get(key)} and "
                f"{others[0].get(key)}"
            )
    shares = [frame[frame["method"] == PEER].set_index("set") for frame in (before, after)]
    for name in shares[0].index.intersection(shares[1].index):
        old, new = (
            np.divide(frame.at[name, "kstar_s"], frame.at[name, "seconds"]) for frame in shares
        )
        mark = "slower" if new.min() > old.max() else "faster" if new.max() < old.min() else ""
        print(f"{name:<22} kstar / {PEER}: {told(old)} -> {told(new)}  {mark}")


def told(rounds: NDArray[np.float64]) -> str:
    """Return the median of the rounds, and the least and the greatest."""
    return f"{np.median(rounds):.3f} ({rounds.min():.3f} to {rounds.max():.3f})"


if __name__ == "__main__":
    main()
