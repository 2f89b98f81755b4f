"""`kstar-gpu plot`: pictures of what is saved."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..inputs.array_files import open_named
from ..names import one_line
from ..networks.sweep import Sweep
from ..plot.distributions import plot_distributions
from ..plot.embedding import plot_embedding
from ..plot.layers import plot_layers
from ..plot.picture_file import check_picture, write_picture
from ..stats.distribution import KStarDistribution
from ..terminal import say
from .options import (
    EMBEDDING,
    VIOLINS,
    Commands,
    add_picture,
    check_embedding,
    chosen_classes,
)
from .saved import add_saved, one_result, read_saved

LINES, MAP = "layers", "map"


def add(commands: Commands) -> None:
    """Add the command to a parser's."""
    parser = commands.add_parser(
        "plot",
        help="draw what compute or sweep have saved",
        description="Draw what `kstar-gpu compute` or `kstar-gpu sweep` have saved.",
        epilog="violins: the distributions of a result, or of the layers that are chosen. layers, "
        "map: a statistic of each class along the layers of a sweep, of its first model and data "
        "set if none are named. embedding: maps of the features, which are not saved, beside the "
        "distributions of one result.",
    )
    parser.set_defaults(run=_run)
    add_saved(parser)
    parser.add_argument(
        "--out", type=Path, required=True, metavar="PICTURE.png", help="or .pdf, .svg"
    )
    add_picture(parser, (VIOLINS, LINES, MAP, EMBEDDING), "violins; of a sweep, layers")
    parser.add_argument(
        "--statistic", choices=("mean", "skewness"), default="mean", help="along layers"
    )
    parser.add_argument("--features", metavar="FILE[:KEY]", help="of an embedding, as for compute")


def _run(arguments: argparse.Namespace) -> None:
    check_picture(arguments.out)
    check_embedding(arguments)
    saved = read_saved(arguments)
    write_picture(_drawing(saved, arguments), arguments.out)
    say(one_line(arguments.out))


def _drawing(saved: KStarDistribution | Sweep, arguments: argparse.Namespace) -> Callable[[], Any]:
    """Return what draws the picture that is asked for."""
    kind = arguments.kind or (LINES if isinstance(saved, Sweep) else VIOLINS)
    if (kind == EMBEDDING) != (arguments.features is not None):
        raise ValueError("--features and --kind embedding go together: give both or none")
    if kind == EMBEDDING:
        result = one_result(saved)
        file, key = open_named(arguments.features)
        features = file.entry(key, "features", "labels")
        return lambda: plot_embedding(features, result, palette=arguments.palette)
    chosen = chosen_classes(arguments)
    if kind == VIOLINS:
        if isinstance(saved, Sweep) and arguments.layer is None:
            one_result(saved)
        results = _by_layer(saved) if isinstance(saved, Sweep) else saved
        return lambda: plot_distributions(results, sort=arguments.sort, **chosen)
    if not isinstance(saved, Sweep):
        raise ValueError(f"--kind {kind}: the directory of a sweep is wanted, got a result")
    form = "lines" if kind == LINES else "map"
    return lambda: plot_layers(saved, kind=form, statistic=arguments.statistic, **chosen)


def _by_layer(sweep: Sweep) -> dict[str, KStarDistribution]:
    """Return the results by what tells them apart."""
    several = len({key[:2] for key in sweep.results}) > 1
    return {
        "/".join(key) if several else key.layer or "(model)": result
        for key, result in sweep.results.items()
    }
