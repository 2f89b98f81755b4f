"""The command `kstar-gpu`: k* distributions from files, without writing any Python."""

import argparse
import pickle
import platform
import sys
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

from .engines.registry import available_backends
from .inputs.labels import encode_both, encode_labels
from .networks.sweep import Sweep, sweep
from .networks.zoo import image_folder, named_model
from .report.page import write_report
from .stats.distribution import KStarDistribution, kstar_distribution
from .version import __version__

# What numpy and torch raise at a file that is damaged, or that they would have to unpickle.
UNREADABLE = (
    EOFError,
    RuntimeError,
    ValueError,
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    zlib.error,
)


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
    """
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except (ValueError, TypeError, OSError, ImportError) as error:
        print(f"kstar-gpu: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kstar-gpu", description="Exact k* values and k* distributions of latent spaces."
    )
    parser.add_argument("--version", action="version", version=f"kstar-gpu {__version__}")
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
    add("--metric", default="euclidean", help="euclidean (default), cosine or precomputed")
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
    add("--pool", default="auto", help="auto (default), flatten, mean or cls")
    add("--metric", default="euclidean", help="euclidean (default) or cosine")
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
    for path in filter(None, (arguments.out, arguments.plot)):
        _check_target(path)
    if arguments.plot:
        _check_picture(arguments.plot)

    features, labels, stored_names = _read_samples(arguments.features, arguments.labels, "--labels")
    references, reference_labels = None, None
    if arguments.references:
        references, reference_labels, _ = _read_samples(
            arguments.references, arguments.reference_labels, "--reference-labels"
        )
    elif arguments.reference_labels:  # all that a table of precomputed distances needs
        reference_labels = _read_labels(arguments.reference_labels)
    if arguments.class_names:
        class_names = arguments.class_names.split(",")
    else:
        class_names = _names_that_fit(stored_names, labels, reference_labels)

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
    print(result.summary())
    if arguments.out:
        result.save(arguments.out)
    if arguments.plot:
        _draw(result, arguments.plot)


def _sweep(arguments: argparse.Namespace) -> None:
    if arguments.batch < 1:
        raise ValueError(f"--batch: at least 1 is wanted, got {arguments.batch}")
    if arguments.device and arguments.device.startswith("cuda") and not torch.cuda.is_available():
        raise ValueError(f"--device: torch sees no CUDA device here, got {arguments.device}")
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
        loader, class_names = _arrays(data, model, arguments.batch)
    results = sweep(
        {_model_name(arguments.model): model},
        {data.resolve().name if data.is_dir() else data.stem: loader},
        arguments.layers,
        out=arguments.out,
        spill=True,
        pool=arguments.pool,
        device=arguments.device,
        progress=sys.stderr.isatty(),
        class_names=class_names,
        metric=arguments.metric,
    )
    for key, result in results.results.items():
        print(f"\n{key.layer}\n{result.summary()}")
    if results.errors:
        raise ValueError("; ".join(f"{key.layer}: {why}" for key, why in results.errors.items()))


def _arrays(
    path: Path, model: torch.nn.Module, batch: int
) -> tuple[DataLoader[tuple[torch.Tensor, ...]], list[str]]:
    """Return the inputs and labels of a file in batches, and the classes' names."""
    path, _ = _path_and_key(str(path))
    file = _open(path)
    inputs = torch.as_tensor(file.entry("inputs", "inputs"))
    labels = file.entry("labels", "labels")
    if len(inputs) != len(labels):
        raise ValueError(
            f"{path}: one label per input is wanted ({len(inputs)}), got {len(labels)}"
        )
    codes, classes = encode_labels(labels)
    names = file.entry("class_names", "class_names") if "class_names" in file.names else None
    if inputs.is_floating_point():  # numpy's own are float64
        inputs = inputs.to(next((p.dtype for p in model.parameters()), inputs.dtype))
    samples = TensorDataset(inputs, torch.from_numpy(codes))
    named = _names_that_fit(names, labels, None) or [str(label) for label in classes]
    return DataLoader(samples, batch), named


def _model_name(argument: str) -> str:
    """Return what the model is called in results: of a file without its folder and ending."""
    file, _, name = argument.rpartition(":")
    return f"{Path(file).stem}.{name}" if file.endswith(".py") else argument


def _report(arguments: argparse.Namespace) -> None:
    path = arguments.out or arguments.sweep / "report.html"
    results = Sweep.load(arguments.sweep)
    _check_target(path)
    write_report(results, path, title=f"k* of layers: {arguments.sweep.resolve().name}")
    print(path)


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
        print(f"{name:<14}{value}")


def _check_target(path: Path) -> None:
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path}: there is no folder {path.parent}")
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; a file name is wanted")


def _check_picture(path: Path) -> None:
    try:
        import_module("seaborn")
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError('--plot needs seaborn: pip install "kstar-gpu[plot]"') from error
    formats = Figure().canvas.get_supported_filetypes()
    if path.suffix.lstrip(".").lower() not in formats:
        raise ValueError(f"{path}: a picture's suffix is wanted, one of {', '.join(formats)}")


def _draw(result: KStarDistribution, path: Path) -> None:
    import matplotlib.pyplot as plt

    result.plot()
    plt.savefig(path, dpi=150)
    plt.close()


@dataclass(frozen=True)
class _File:
    """A file of arrays: a bare one, or named entries of which only those asked for are read."""

    path: Path
    content: Any

    @property
    def names(self) -> list[str]:
        return [str(name) for name in self.content] if isinstance(self.content, Mapping) else []

    def entry(self, key: str | None, default: str) -> Any:
        """Return the entry `key`; without a key the bare array or the entry `default`."""
        if key is None and not isinstance(self.content, Mapping):
            return self.content
        name = key or default
        if name not in self.names:
            found = ", ".join(self.names) or "none with a name"
            raise ValueError(f"{self.path} has no entry {name!r}; entries: {found}")
        with _readable(self.path):
            return self.content[name]


def _read_samples(features: str, labels: str | None, option: str) -> tuple[Any, Any, Any]:
    """Return features, their labels, and the class names (or None) that lie in the same file."""
    path, key = _path_and_key(features)
    file = _open(path)
    if labels is None and "labels" not in file.names:
        raise ValueError(f"{option} is wanted, since {path} has no entry 'labels'")
    return (
        file.entry(key, "features"),
        file.entry("labels", "labels") if labels is None else _read_labels(labels),
        file.entry("class_names", "class_names") if "class_names" in file.names else None,
    )


def _read_labels(labels: str) -> Any:
    path, key = _path_and_key(labels)
    return _open(path).entry(key, "labels")


def _path_and_key(argument: str) -> tuple[Path, str | None]:
    """Split FILE[:KEY] after the longest part that is a file, since names may hold colons."""
    parts = argument.split(":")
    for length in range(len(parts), 0, -1):
        path = Path(":".join(parts[:length]))
        if path.is_file():
            return path, ":".join(parts[length:]) or None
    raise FileNotFoundError(f"{argument}: there is no such file")


def _open(path: Path) -> _File:
    match path.suffix:
        case ".npy" | ".npz":
            with _readable(path):
                return _File(path, np.load(path, allow_pickle=False))
        case ".pt":
            with _readable(path):
                return _File(path, torch.load(path, map_location="cpu", weights_only=True))
        case ".safetensors":
            return _File(path, _load_safetensors(path))
    raise ValueError(f"{path}: .npy, .npz, .pt or .safetensors is wanted, got {path.suffix!r}")


def _load_safetensors(path: Path) -> dict[str, torch.Tensor]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError as error:
        raise ImportError(
            f'{path} needs safetensors: pip install "kstar-gpu[safetensors]"'
        ) from error
    try:
        tensors: dict[str, torch.Tensor] = load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    return tensors


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Say in one line what is wrong with a file that numpy or torch refuse."""
    try:
        yield
    except UNREADABLE as error:
        raise ValueError(
            f"{path} cannot be read: it is damaged, or it holds pickled objects, "
            "which are never loaded"
        ) from error


def _names_that_fit(names: Any, labels: Any, reference_labels: Any) -> list[str] | None:
    """Return the names found beside the labels if those are numbers and as many classes."""
    if names is None:
        return None
    *_, classes = encode_both(labels, reference_labels)
    if classes.dtype.kind in "US" or np.shape(names) != classes.shape:
        return None
    return [str(name) for name in names]
