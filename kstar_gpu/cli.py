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
from .networks.datasets import array_file, image_folder
from .networks.pooling import read_pool
from .networks.sweep import Sweep, sweep
from .networks.zoo import named_model
from .plot.picture_file import check_picture, write_picture
from .report.page import write_report
from .stats.distribution import kstar_distribution
from .terminal import complain, fault_of_user, say
from .user_code import UserData
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
        help="k* of many layers of a model; saved as it goes, resumed if interrupted",
        description="Compute the k* distributions of a model's layers. Each is saved in DIR as "
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
        metavar="MODEL",
        help="timm:NAME, torchvision:NAME, or FILE.py:FACTORY",
    )
    add("--data", required=True, metavar="FOLDER|FILE.npz", help="pictures, or inputs and labels")
    add("--layers", required=True, nargs="+", metavar="NAME", help="names or globs of layers")
    add("--out", required=True, type=Path, metavar="DIR", help="where the results go")
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
    report.add_argument("sweep", type=Path, metavar="DIR", help="`out` of the sweep")
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
    model, transform = named_model(arguments.model)
    data = Path(arguments.data)
    if data.is_dir():
        if transform is None:
            raise ValueError(
                f"--data: a folder of pictures is wanted with timm:NAME, torchvision:NAME, or a "
                f"FACTORY that returns a transform, too; {arguments.model} has none: give FILE.npz"
            )
        loader, class_names = image_folder(data, transform, arguments.batch)
    else:
        dtype = next((parameter.dtype for parameter in model.parameters()), None)
        loader, class_names = array_file(data, arguments.batch, dtype)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* failed: ")  # all are told in the end
        results = sweep(
            {_model_name(arguments.model): model},
            {data.resolve().name if data.is_dir() else data.stem: UserData(loader, "the data")},
            arguments.layers,
            out=arguments.out,
            spill=True,
            pool=read_pool(arguments.pool),
            device=arguments.device,
            progress=sys.stderr.isatty(),
            class_names=class_names,
            metric=arguments.metric,
        )
    for key, result in results.results.items():
        say(f"\n{one_line(key.layer)}\n{result.summary()}")
    if results.errors:
        raise ValueError("; ".join(f"{key.layer}: {why}" for key, why in results.errors.items()))


def _model_name(argument: str) -> str:
    """Return what the model is called in results: of a file without its folder and ending."""
    file, _, name = argument.rpartition(":")
    return f"{Path(file).stem}.{name}" if file.endswith(".py") else argument


def _report(arguments: argparse.Namespace) -> None:
    path = arguments.out or arguments.sweep / "report.html"
    results = Sweep.load(arguments.sweep)
    check_target(path)
    write_report(results, path, title=f"k* of layers: {arguments.sweep.resolve().name}")
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
