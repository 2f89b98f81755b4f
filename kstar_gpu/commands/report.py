"""`kstar-gpu report`: what a sweep has saved, as one page of HTML."""

import argparse
from pathlib import Path

from ..files import check_target
from ..names import one_line
from ..networks.object_store import is_address
from ..networks.sweep import Sweep
from ..report.page import write_report
from ..terminal import say
from .images import add_images, named_images
from .options import Commands


def add(commands: Commands) -> None:
    """Add the command to a parser's."""
    parser = commands.add_parser(
        "report",
        help="write the results of a sweep as one page of HTML",
        description="Write what kstar_gpu.sweep has saved in a directory as one page of HTML.",
        epilog="FOLDER has a folder of pictures for each class; KEY names an entry of FILE, by "
        "default `images` or `inputs`. DATA is a data set of the sweep: needed where there are "
        "several, for what is not called as one of them.",
    )
    parser.set_defaults(run=_run)
    parser.add_argument("sweep", metavar="DIR", help="`out` of the sweep")
    parser.add_argument("--out", type=Path, metavar="PAGE.html", help="default: DIR/report.html")
    add_images(parser)


def _run(arguments: argparse.Namespace) -> None:
    results = Sweep.load(arguments.sweep)
    if is_address(arguments.sweep):
        if arguments.out is None:
            raise ValueError(f"--out: a path is wanted for the page of {arguments.sweep}, got none")
        path, name = arguments.out, arguments.sweep
    else:
        folder = Path(arguments.sweep)
        path, name = arguments.out or folder / "report.html", folder.resolve().name
    check_target(path)
    images = None if arguments.images is None else named_images(arguments.images, results)
    write_report(results, path, title=f"k* of layers: {name}", images=images)
    say(one_line(path))
