"""The command `kstar-gpu`: k* distributions from files, without writing any Python."""

import argparse
import platform
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from .engines.registry import available_backends
from .files import check_target
from .inputs.array_files import names_that_fit, read_labels, read_samples
from .inputs.devices import check_computes, named_device
from .inputs.metrics import METRICS, PRECOMPUTED
from .names import one_line
from .networks.named_pairs import named_pairs
from .networks.object_store import is_address
from .networks.pairs import Seen, of_shard
from .networks.pooling import read_pool
from .networks.sweep import Key, Sweep, sweep_pairs, tell_of_globs
from .networks.sweep_settings import How
from .plot.picture_file import check_picture, write_picture
from .report.page import write_report
from .stats.from_features import kstar_distribution
from .stats.summary import MOST_LINES
from .terminal import complain, fault_of_user, say
from .version import __version__


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments after the program's name; by default those of the process.

    Returns
    -------
    int
        0, or 2 after an error of the user (one line on stderr), or 130 after Ctrl-C.

    Raises
    ------
    Exception
        What is neither an error of the user nor of the user's model or data: a fault of ours.
    """
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except Exception as error:
        message = fault_of_user(error)
        if message is None:
            raise
        complain(message)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kstar-gpu", description="Exact k* values and k* distributions of latent spaces."
    )
    parser.add_argument("--version", action="version", version=f"kstar-gpu {__version__}")
    metrics = ", ".join(METRICS)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    compute = commands.add_parser(
        "compute",
        help="print the k* distribution of each class; save and draw it",
        description="Print the k* distribution of each class; save and draw it.",
        epilog="FILE is .npy, .npz, .pt or .safetensors; KEY names an entry of it, by default "
        "`features` or `labels`. Nothing is ever unpickled.",
    )
    compute.set_defaults(run=_compute)
    add = compute.add_argument
    add("features", metavar="FILE[:KEY]", help="features, one row per sample")
    add("--labels", metavar="FILE[:KEY]", help="default: `labels` of the features' file")
    add("--references", metavar="FILE[:KEY]", help="place each sample alone among these features")
    add(
        "--reference-labels", metavar="FILE[:KEY]", help="default: `labels` of the references' file"
    )
    add("--class-names", metavar="A,B,...", help="names in the order of the sorted labels")
    add("--metric", default="euclidean", help=f"{metrics} or {PRECOMPUTED}; default euclidean")
    add("--backend", default="auto", help="auto (default) or one that `kstar-gpu info` lists")
    add("--device", help="where to compute, such as cpu or cuda:1")
    add("--out", type=Path, metavar="RESULT.npz", help="save for KStarDistribution.load")
    add("--plot", type=Path, metavar="PICTURE.png", help="draw the distributions (or .pdf, .svg)")

    sweeping = commands.add_parser(
        "sweep",
        help="k* of many layers of models; saved as it goes, resumed if interrupted",
        description="Compute the k* distributions of models' layers. Each is saved in DIR as "
        "soon as it is there; what is there already is not computed again.",
        epilog="FACTORY is called without arguments and returns the model, a torch.nn.Module, or "
        "the model and what makes an input of a picture. FOLDER has a folder of pictures for each "
        "class. FILE.npz has the inputs as `inputs`, one per sample, and `labels`.",
    )
    sweeping.set_defaults(run=_sweep)
    add = sweeping.add_argument
    add(
        "--model",
        required=True,
        nargs="+",
        metavar="MODEL",
        help="timm:NAME, torchvision:NAME, or FILE.py:FACTORY; each runs over all data",
    )
    add(
        "--data",
        required=True,
        nargs="+",
        metavar="FOLDER|FILE.npz",
        help="pictures, or inputs and labels",
    )
    add("--layers", required=True, nargs="+", metavar="NAME", help="names or globs of layers")
    add("--out", required=True, metavar="DIR", help="where the results go; also s3://..., gs://...")
    add("--shard", metavar="I/N", help="of all models and data, the I-th of N parts, from 1 to N")
    add(
        "--pool",
        nargs="+",
        default=["auto"],
        metavar="NAME|GLOB=NAME",
        help="how outputs become vectors: auto (default), flatten, mean, cls, channels_last, ...; "
        "or for each of some layers, such as 'layers.*=channels_last'",
    )
    add("--metric", default="euclidean", help=f"{metrics}; default euclidean")
    add("--batch", type=int, default=256, help="inputs at a time (default 256)")
    add("--device", help="where the model runs, such as cpu or cuda:1")

    report = commands.add_parser(
        "report",
        help="write the results of a sweep as one page of HTML",
        description="Write what kstar_gpu.sweep has saved in a directory as one page of HTML.",
    )
    report.set_defaults(run=_report)
    report.add_argument("sweep", metavar="DIR", help="`out` of the sweep")
    report.add_argument("--out", type=Path, metavar="PAGE.html", help="default: DIR/report.html")

    info = commands.add_parser("info", help="print versions, backends and CUDA devices")
    info.set_defaults(run=_info)
    return parser


def _compute(arguments: argparse.Namespace) -> None:
    # Whatever would stop the result from being kept is found before the work, not after it.
    if arguments.out:
        check_target(arguments.out)
    if arguments.plot:
        check_picture(arguments.plot)

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
        progress=sys.stderr.isatty(),
    )
    try:
        if arguments.out:
            result.save(arguments.out)
        if arguments.plot:
            write_picture(result, arguments.plot)
    finally:
        say(result.summary())


def _sweep(arguments: argparse.Namespace) -> None:
    if arguments.batch < 1:
        raise ValueError(f"--batch: at least 1 is wanted, got {arguments.batch}")
    if arguments.device is not None:
        check_computes(named_device(arguments.device))
    pairs = named_pairs(arguments.model, arguments.data, arguments.batch)
    if arguments.shard is not None:
        pairs = of_shard(pairs, arguments.shard)
    how = How(
        arguments.layers,
        arguments.out,
        spill=True,
        pool=read_pool(arguments.pool),
        device=arguments.device,
        progress=sys.stderr.isatty(),
        options={"metric": arguments.metric},
        alone=len(arguments.model) == 1,
    )
    how.check([])
    seen = Seen()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* failed: ")  # all are told in the end
        results = sweep_pairs(pairs, how, seen, warnings.warn)
    if arguments.shard is None:
        tell_of_globs(how.pool, seen, warnings.warn)
    if not pairs:
        say(f"shard {arguments.shard}: no model and data are left for it")
    several = len(arguments.model) * len(arguments.data) > 1
    for key, result in results.results.items():
        # Of many classes a few lines, or a screen would hold one layer of many.
        brief = len(results) > 1 and len(result.classes) > MOST_LINES
        text = result.summary(top=0 if brief else None)
        say(f"\n{one_line(_title(key, several))}\n{text}")
    if results.errors:
        errors = results.errors.items()
        raise ValueError("; ".join(f"{_title(key, several)}: {why}" for key, why in errors))


def _title(key: Key, several: bool) -> str:
    """Return what a result is of, where that is not said already."""
    return "/".join(key) if several else key.layer


def _report(arguments: argparse.Namespace) -> None:
    results = Sweep.load(arguments.sweep)
    if is_address(arguments.sweep):
        if arguments.out is None:
            raise ValueError(f"--out: a path is wanted for the page of {arguments.sweep}, got none")
        path, name = arguments.out, arguments.sweep
    else:
        folder = Path(arguments.sweep)
        path, name = arguments.out or folder / "report.html", folder.resolve().name
    check_target(path)
    write_report(results, path, title=f"k* of layers: {name}")
    say(one_line(path))


def _info(arguments: argparse.Namespace) -> None:
    rows = [
        ("kstar-gpu", __version__),
        ("Python", platform.python_version()),
        ("torch", torch.__version__),
        ("numpy", np.__version__),
        ("threads", str(torch.get_num_threads())),
    ]
    for name, status in available_backends().items():
        state = "available" if status.available else "not available"
        rows.append((f"backend {name}", f"{state}: {status.detail}"))
    for index in range(torch.cuda.device_count()):
        rows.append((f"cuda:{index}", torch.cuda.get_device_name(index)))
    if torch.cuda.device_count() == 0:
        rows.append(("CUDA devices", "none that torch sees"))
    for name, value in rows:
        say(f"{name:<14}{value}")
