"""How the time grows with samples and with dimensions: run with --help for the arguments.

Times kstar() and the bare float32 product in turns, prints a table and draws it. Samples: growing
parts of a real set. Dimensions: Gaussian features, of which nothing can be pruned.
"""

import argparse
from pathlib import Path
from statistics import median

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from compare import methods, time_in_turns
from feature_sets import load

SAMPLES = (5_000, 10_000, 20_000, 40_000, 60_000)
DIMENSIONS = (64, 128, 256, 512, 1024, 2048)
ROWS = 10_000  # of the sets of growing dimension


def seconds(name: str, size: int | None, rounds: int) -> tuple[float, float]:
    """Return the median times of kstar() and of the product."""
    ours, product = time_in_turns(
        methods(load(name, size), ["product_into"], "auto"), rounds
    ).values()
    return median(ours), median(product)


def main() -> None:
    """Print the table; write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", default="fc1", help="the set whose parts are taken")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("growth.png"))
    arguments = parser.parse_args()

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for ax, label, values, names in (
        (axes[0], "samples", SAMPLES, [(arguments.set, n) for n in SAMPLES]),
        (axes[1], "dimensions", DIMENSIONS, [(f"gaussian:{ROWS}x{d}", None) for d in DIMENSIONS]),
    ):
        times = []
        for value, (name, size) in zip(values, names, strict=True):
            times.append(seconds(name, size, arguments.rounds))
            ours, product = times[-1]
            print(
                f"{name:<18} {label:>10} {value:>6}  kstar {ours:8.3f} s  "
                f"product {product:8.3f} s  {product / ours:6.2f}x",
                flush=True,
            )
        ax.loglog(values, [t[1] for t in times], "s--", color="0.5", label="float32 product alone")
        ax.loglog(values, [t[0] for t in times], "o-", color="C0", label="kstar()")
        ax.set(xlabel=label, ylabel="seconds", title=f"{names[0][0].partition(':')[0]}")
        ax.set_xticks(values, [f"{value:,}" for value in values])
        ax.minorticks_off()
        ax.grid(alpha=0.3)
    axes[0].legend()
    figure.savefig(arguments.out, dpi=150)
    print(f"written: {arguments.out}")


if __name__ == "__main__":
    main()
