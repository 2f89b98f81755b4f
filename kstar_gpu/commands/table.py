"""`kstar-gpu table`: what is saved, as text or as a file of rows."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..names import one_line
from ..networks.sweep import Sweep
from ..stats.distribution import KStarDistribution
from ..terminal import say
from .options import Commands
from .saved import add_saved, one_result, read_saved
from .table_file import check_table, write_table

if TYPE_CHECKING:
    import pandas as pd


def add(commands: Commands) -> None:
    """Add the command to a parser's."""
    parser = commands.add_parser(
        "table",
        help="print what compute or sweep have saved, or write it as CSV, JSON, Parquet",
        description="Print what `kstar-gpu compute` or `kstar-gpu sweep` have saved, or write it "
        "as a table: a row per class (of a sweep: per layer and class), or per sample.",
    )
    parser.set_defaults(run=_run)
    add_saved(parser)
    parser.add_argument(
        "--out", type=Path, metavar="TABLE.csv", help="or .txt, .json, .parquet; default: print it"
    )
    parser.add_argument("--samples", action="store_true", help="a row per sample of one result")


def _run(arguments: argparse.Namespace) -> None:
    if arguments.out is not None:
        check_table(arguments.out)
    saved = read_saved(arguments)
    if arguments.samples:
        saved = one_result(saved)

    def frame() -> "pd.DataFrame":
        if arguments.samples:
            return one_result(saved).to_frame(samples=True)
        return saved.to_frame()

    def text() -> str:
        return frame().to_string(index=False) if arguments.samples else in_words(saved)

    if arguments.out is None:
        say(text())
    else:
        write_table(arguments.out, frame, text)
        say(one_line(arguments.out))


def in_words(saved: KStarDistribution | Sweep) -> str:
    """Return the summary of a result, or of each of a sweep's."""
    if isinstance(saved, KStarDistribution):
        return saved.summary()
    return "\n\n".join(f"{'/'.join(key)}\n{one.summary()}" for key, one in saved.results.items())
