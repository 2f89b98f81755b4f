"""`kstar-gpu sweep`: k* of many layers of models over data."""

import argparse
import warnings
from pathlib import Path
from shlex import quote

from ..inputs.devices import check_computes, named_device
from ..names import one_line
from ..networks.named_pairs import named_pairs
from ..networks.object_store import is_address
from ..networks.pairs import Seen, of_shard
from ..networks.pooling import read_pool
from ..networks.sweep import Key, sweep_pairs, tell_of_globs
from ..networks.sweep_settings import How
from ..networks.zoo import takes_classes
from ..stats.summary import MOST_LINES
from ..terminal import say
from .options import Commands, add_metric, add_table
from .table import in_words
from .table_file import check_table, write_table


def add(commands: Commands) -> None:
    """Add the command to a parser's."""
    parser = commands.add_parser(
        "sweep",
        help="k* of many layers of models; saved as it goes, resumed if interrupted",
        description="Compute the k* distributions of models' layers. Each is saved in DIR as "
        "soon as it is there; what is there already is not computed again.",
        epilog="FACTORY is called without arguments and returns the model, a torch.nn.Module, or "
        "the model and what makes an input of a picture. FOLDER has a folder of pictures for each "
        "class. FILE has `inputs`, one per sample, or entries that are called as the model's "
        "arguments (`input_ids`, `attention_mask`), and `labels`.",
    )
    parser.set_defaults(run=_run)
    option = parser.add_argument
    option(
        "--model",
        required=True,
        nargs="+",
        metavar="MODEL",
        help="timm:NAME, torchvision:NAME, hf:NAME or FILE.py:FACTORY; each runs over all data",
    )
    option(
        "--data",
        required=True,
        nargs="+",
        metavar="FOLDER|FILE",
        help="pictures, or inputs and labels",
    )
    option(
        "--checkpoint",
        type=Path,
        metavar="FILE",
        help="weights of the model: .safetensors, .pt, .pth or .ckpt; nothing is unpickled",
    )
    option(
        "--layers",
        nargs="+",
        metavar="NAME",
        help="names or globs; default: the stages that `kstar-gpu layers MODEL` marks",
    )
    option("--out", required=True, metavar="DIR", help="where the results go; also s3://..., gs://")
    option(
        "--shard", metavar="I/N", help="of all models and data, the I-th of N parts, from 1 to N"
    )
    option(
        "--pool",
        nargs="+",
        default=["auto"],
        metavar="NAME|GLOB=NAME",
        help="how outputs become vectors: auto (default), flatten, mean, cls, channels_last, ...; "
        "or for each of some layers, such as 'layers.*=channels_last'",
    )
    add_metric(parser)
    option("--batch", type=int, default=256, help="inputs at a time (default 256)")
    option("--device", help="where the model runs, such as cpu or cuda:1")
    add_table(parser)


def _run(arguments: argparse.Namespace) -> None:
    if arguments.batch < 1:
        raise ValueError(f"--batch: at least 1 is wanted, got {arguments.batch}")
    if arguments.device is not None:
        check_computes(named_device(arguments.device))
    if arguments.table is not None:
        check_table(arguments.table)
    pairs = named_pairs(arguments.model, arguments.data, arguments.batch, arguments.checkpoint)
    if arguments.shard is not None:
        pairs = of_shard(pairs, arguments.shard)
    how = How(
        arguments.layers,
        arguments.out,
        spill=True,
        pool=read_pool(arguments.pool),
        device=arguments.device,
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
    if arguments.table is not None:
        write_table(arguments.table, results.to_frame, lambda: in_words(results))
    several = len(arguments.model) * len(arguments.data) > 1
    for key, result in results.items():
        # Of many classes a few lines, or a screen would hold one layer of many.
        brief = len(results) > 1 and len(result.classes) > MOST_LINES
        text = result.summary(top=0 if brief else None)
        say(f"\n{one_line(_title(key, several))}\n{text}")
    if results:
        _say_more(arguments)
    if results.errors:
        errors = results.errors.items()
        raise ValueError("; ".join(f"{_title(key, several)}: {why}" for key, why in errors))


def _say_more(arguments: argparse.Namespace) -> None:
    """Say what may be other than somebody thinks, and what can be done next."""
    folders = any(Path(data).is_dir() for data in arguments.data)
    if arguments.checkpoint is not None and takes_classes(arguments.model[0]) and folders:
        say("\npictures: prepared as the library does it; FILE.py:FACTORY would say how else")
    page = " --out PAGE.html" if is_address(arguments.out) else ""
    say(f"\nas a page: kstar-gpu report {quote(arguments.out)}{page}")


def _title(key: Key, several: bool) -> str:
    """Return what a result is of, where that is not said already."""
    return "/".join(key) if several else key.layer
