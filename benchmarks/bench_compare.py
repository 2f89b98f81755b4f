"""Compare two results of the same machine: run with --help for the arguments.

Times of different days differ, so what is compared is kstar()'s time as a share of the product's,
which was timed in turns with it.
"""

import argparse
from pathlib import Path

from bench_report import read

PEER = "product_into"
NOTABLE = 0.1  # a change of this share is marked


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
    shares = [frame[frame["method"] == PEER].set_index("set")["ratio"] for frame in (before, after)]
    for name in shares[0].index.intersection(shares[1].index):
        old, new = (1 / share[name] for share in shares)
        change = new / old - 1
        mark = "" if abs(change) < NOTABLE else "  slower" if change > 0 else "  faster"
        print(f"{name:<22} kstar / {PEER}: {old:.4f} -> {new:.4f}  {change:+6.1%}{mark}")


if __name__ == "__main__":
    main()
