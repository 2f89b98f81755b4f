"""Loggers of Lightning that take pictures."""

from collections.abc import Sequence
from typing import Any

from ..plot.common import check_installed
from ..stats.distribution import KStarDistribution
from . import tensorboard, wandb

TRACKERS = ("TensorBoardLogger", "WandbLogger")


def check_trackers(loggers: Sequence[Any]) -> None:
    """See that pictures can be drawn, and that one of a trainer's loggers takes them."""
    check_installed()
    if not any(map(_tracker, loggers)):
        found = ", ".join(type(logger).__name__ for logger in loggers) or "none"
        raise ValueError(
            f"plot_every_n_epochs: {' or '.join(TRACKERS)} among the trainer's loggers is "
            f"wanted, got {found}"
        )


def log_picture(logger: Any, result: KStarDistribution, step: int, name: str) -> None:
    """Log the picture of a result, and with W&B its table; nothing where no pictures are taken."""
    tracker = _tracker(logger)
    if tracker == "TensorBoardLogger":
        tensorboard.add_picture(logger.experiment, result, step, name)
    elif tracker == "WandbLogger":
        logger.experiment.log({**wandb.media_of(result, name), "trainer/global_step": step})


def _tracker(logger: Any) -> str | None:
    """Return which logger this is, of whichever library; None for one that takes no pictures."""
    names = {base.__name__ for base in type(logger).__mro__}
    return next((tracker for tracker in TRACKERS if tracker in names), None)
