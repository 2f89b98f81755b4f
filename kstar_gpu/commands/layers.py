"""`kstar-gpu layers`: what the layers of a model are called, and what they give."""

import argparse
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..extras import import_extra
from ..names import one_line
from ..networks.batches import batches_of, tensors_of
from ..networks.layer_names import all_names, find_layers
from ..networks.named_pairs import named_data
from ..networks.output_shapes import output_shapes
from ..networks.stages import stages
from ..networks.zoo import Transform, named_model
from ..stats.summary import text_table
from ..terminal import say
from ..user_code import UserData, user_code
from .options import Commands

SAMPLES = 5
PICTURE = 256  # pixels, of which a transform takes what it needs
NOT_SEEN = "-"


def add(commands: Commands) -> None:
    """Add the command to a parser's."""
    parser = commands.add_parser(
        "layers",
        help="list the layers of a model, with the shapes of what they give",
        description="List the layers of a model, with the shapes of what they give (N samples); a "
        "star marks the stages, which `kstar-gpu sweep` takes where no layers are named. Weights "
        "are not loaded.",
        epilog="Shapes are of a blank picture, where the model's transform is known; else of the "
        "data that is given; without either they are left out.",
    )
    parser.set_defaults(run=_run)
    parser.add_argument(
        "model", metavar="MODEL", help="timm:NAME, torchvision:NAME, hf:NAME or FILE.py:FACTORY"
    )
    parser.add_argument("--data", metavar="FOLDER|FILE", help="as for sweep: one batch is run")
    parser.add_argument("--layers", nargs="+", metavar="NAME", help="names or globs; default: all")


def _run(arguments: argparse.Namespace) -> None:
    model, transform = named_model(arguments.model, weights=False)
    names = [*filter(None, all_names(model))]
    if arguments.layers is not None:
        names = [*find_layers(model, arguments.layers)]
    shapes: dict[str, Any] = {}
    batch = _batch(arguments, model, transform)
    if batch is not None:
        with user_code("the model"):
            shapes = output_shapes(model, batch, len(tensors_of(batch)[0]))
    chosen = {*stages(model)}
    rows = [_row(name, model, name in chosen, shapes) for name in names]
    say("\n".join(line.rstrip() for line in text_table([*zip(*rows, strict=True)])))
    if batch is None:
        say("\nwithout shapes: --data FILE gives the model something to run on")


def _row(
    name: str, model: nn.Module, is_stage: bool, shapes: dict[str, Any]
) -> tuple[str, str, str, str]:
    kind = type(find_layers(model, [name])[name]).__name__
    shape = ", ".join(map(str, shapes.get(name) or [])) or NOT_SEEN
    return one_line(name), "*" if is_stage else "", kind, shape


def _batch(arguments: argparse.Namespace, model: nn.Module, transform: Transform | None) -> Any:
    """Return what the model is run on: data, or blank pictures; None if there is neither."""
    if arguments.data is not None:
        if not Path(arguments.data).exists():
            raise FileNotFoundError(f"--data: {arguments.data}: there is no such file or folder")
        loader, _ = named_data(arguments.data, arguments.model, model, transform, SAMPLES)
        return next(batches_of(UserData(loader, "the data")))[0]
    if transform is None:
        return None
    pictures = import_extra("PIL.Image", "zoo", "pictures need pillow")
    blank = pictures.new("RGB", (PICTURE, PICTURE))
    with user_code("the transform"):
        return torch.stack([transform(blank) for _ in range(SAMPLES)])
