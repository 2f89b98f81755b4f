"""`kstar-gpu info`: versions, backends, and devices."""

import argparse
import platform

import numpy as np
import torch

from ..engines.registry import available_backends
from ..terminal import say
from ..version import __version__
from .options import Commands


def add(commands: Commands) -> None:
    """Add the command to a parser's."""
    parser = commands.add_parser("info", help="print versions, backends and CUDA devices")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> None:
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
