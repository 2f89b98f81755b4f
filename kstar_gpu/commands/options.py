"""Options that several commands take, and mean the same by."""

import argparse
from pathlib import Path
from typing import Any

from ..inputs.metrics import METRICS

Commands = Any  # argparse's own class for these is private
VIOLINS, EMBEDDING = "violins", "embedding"


def add_metric(parser: argparse.ArgumentParser, *more: str) -> None:
    """Add how far apart samples are: by a metric of all engines, or another one."""
    names = ", ".join(METRICS) + "".join(f" or {name}" for name in more)
    parser.add_argument("--metric", default="euclidean", help=f"{names}; default euclidean")


def add_table(parser: argparse.ArgumentParser) -> None:
    """Add where the table goes."""
    parser.add_argument(
        "--table", type=Path, metavar="TABLE.csv", help="write the table (or .txt, .json, .parquet)"
    )


def add_picture(parser: argparse.ArgumentParser, kinds: tuple[str, ...], default: str) -> None:
    """Add what the picture shows."""
    parser.add_argument("--kind", choices=kinds, help=f"what is drawn; default {default}")
    parser.add_argument(
        "--sort",
        choices=("class", "mean"),
        default="class",
        help="violins from top to bottom: in the order of classes (default), or by mean k*",
    )
    parser.add_argument("--classes", nargs="+", metavar="NAME", help="draw these classes alone")
    parser.add_argument(
        "--top", type=int, metavar="N", help="draw the N most extreme classes of each pattern alone"
    )
    parser.add_argument("--palette", metavar="NAME", help="of matplotlib's colormaps")


def chosen_classes(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return which classes a picture shows, and its colours, as functions of pictures take them."""
    return {name: getattr(arguments, name) for name in ("classes", "top", "palette")}


def check_embedding(arguments: argparse.Namespace) -> None:
    """Refuse what an embedding, which shows all classes, cannot honour."""
    for name in ("classes", "top"):
        if arguments.kind == EMBEDDING and getattr(arguments, name) is not None:
            raise ValueError(f"--{name}: none is wanted for an embedding, which shows all classes")
