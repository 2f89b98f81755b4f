"""The loggers of a Lightning trainer that take pictures, of whichever library they are."""

from collections.abc import Sequence
from typing import Any

from ..stats.distribution import KStarDistribution
from . import tensorboard, wandb

TRACKERS = ("TensorBoardLogger", "WandbLogger")


def check_trackers(loggers: Sequence[Any]) -> None:
    """Refuse loggers none of which takes pictures."""
    if not any(map(_tracker, loggers)):
        found = ", ".join(type(logger).__name__ for logger in loggers) or "none"
        raise ValueError(
            f"plot_every_n_epochs: {' or '.join(TRACKERS)} among the trainer's loggers is wanted, "
            f"got {found}"
        )


def log_picture(logger: Any, result: KStarDistribution, step: int, name: str) -> None:
    """Log the picture of a result (to W&B with a table of the classes), if this takes pictures."""
    tracker = _tracker(logger)
    if tracker == "TensorBoardLogger":
        tensorboard.add_picture(logger.experiment, result, step, name)
    elif tracker == "WandbLogger":
        logger.experiment.log({**wandb.media_of(result, name), "trainer/global_step": step})


def _tracker(logger: Any) -> str | None:
    """Return which logger this is, by its name or that of what it is made from."""
    names = {base.__name__ for base in type(logger).__mro__}
    return next((tracker for tracker in TRACKERS if tracker in names), None)
