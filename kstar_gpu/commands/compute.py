"""`kstar-gpu compute`: from features in files to the k* distribution of each class."""

import argparse
from pathlib import Path

from ..files import check_target
from ..inputs.array_files import SUFFIXES, names_that_fit, read_labels, read_samples
from ..inputs.metrics import PRECOMPUTED
from ..plot.embedding import plot_embedding
from ..plot.picture_file import check_picture, write_picture
from ..stats.from_features import kstar_distribution
from ..terminal import say
from .options import (
    EMBEDDING,
    VIOLINS,
    Commands,
    add_metric,
    add_picture,
    add_table,
    check_embedding,
    chosen_classes,
)
from .table_file import check_table, write_table


def add(commands: Commands) -> None:
    """Add the command to a parser's."""
    parser = commands.add_parser(
        "compute",
        help="print the k* distribution of each class; save and draw it",
        description="Print the k* distribution of each class; save and draw it.",
        epilog=f"FILE is {SUFFIXES}; KEY names an entry of it, by default `features` or `labels`. "
        "Of a table, features are one column of vectors (KEY), the columns that a glob names, or "
        "all columns but the labels. Nothing is ever unpickled.",
    )
    parser.set_defaults(run=_run)
    option = parser.add_argument
    option("features", metavar="FILE[:KEY]", help="features, one row per sample")
    option("--labels", metavar="FILE[:KEY]", help="default: `labels` of the features' file")
    option(
        "--references", metavar="FILE[:KEY]", help="place each sample alone among these features"
    )
    option(
        "--reference-labels", metavar="FILE[:KEY]", help="default: `labels` of the references' file"
    )
    option("--class-names", metavar="A,B,...", help="names in the order of the sorted labels")
    add_metric(parser, PRECOMPUTED)
    option("--backend", default="auto", help="auto (default) or one that `kstar-gpu info` lists")
    option("--device", help="where to compute, such as cpu or cuda:1")
    option("--out", type=Path, metavar="RESULT.npz", help="save for KStarDistribution.load")
    add_table(parser)
    option(
        "--plot", type=Path, metavar="PICTURE.png", help="draw the distributions (or .pdf, .svg)"
    )
    add_picture(parser, (VIOLINS, EMBEDDING), VIOLINS)


def _run(arguments: argparse.Namespace) -> None:
    # Whatever would stop the result from being kept is found before the work, not after it.
    if arguments.out:
        check_target(arguments.out)
    if arguments.table:
        check_table(arguments.table)
    if arguments.plot:
        check_picture(arguments.plot)
        check_embedding(arguments)

    features, labels, stored_names = read_samples(arguments.features, arguments.labels, "--labels")
    references, reference_labels = None, None
    if arguments.references is not None:
        references, reference_labels, _ = read_samples(
            arguments.references, arguments.reference_labels, "--reference-labels"
        )
    elif arguments.reference_labels is not None:  # all that a table of precomputed distances needs
        reference_labels = read_labels(arguments.reference_labels)
    if arguments.class_names is not None:
        class_names = arguments.class_names.split(",")
    else:
        class_names = names_that_fit(stored_names, labels, reference_labels)

    result = kstar_distribution(
        features,
        labels,
        class_names,
        references=references,
        reference_labels=reference_labels,
        metric=arguments.metric,
        backend=arguments.backend,
        device=arguments.device,
    )
    try:
        if arguments.out:
            result.save(arguments.out)
        if arguments.table:
            write_table(arguments.table, result.to_frame, result.summary)
        if arguments.plot and arguments.kind == EMBEDDING:
            write_picture(
                lambda: plot_embedding(features, result, palette=arguments.palette), arguments.plot
            )
        elif arguments.plot:
            chosen = chosen_classes(arguments)
            write_picture(lambda: result.plot(sort=arguments.sort, **chosen), arguments.plot)
    finally:
        say(result.summary())
