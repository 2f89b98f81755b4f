"""What every example takes on its command line, and where it leaves what it makes."""

import argparse
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from real_data import FASHION_MNIST


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of the options that all examples share."""
    result = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    result.add_argument(
        "--out", type=Path, default="examples/out", help="folder of results and trained networks"
    )
    result.add_argument(
        "--fashion-mnist",
        type=Path,
        default=FASHION_MNIST,
        metavar="FOLDER",
        help="of gzipped IDX files (default: %(default)s, where Debian's package puts them)",
    )
    return result


def networks_in(out: Path) -> Path:
    """Return the folder of trained networks, which the examples share."""
    return out / "networks"


def keep(figure: Any, path: Path) -> None:
    """Write a picture, and say where it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)
    print(f"The picture is {path}.")
