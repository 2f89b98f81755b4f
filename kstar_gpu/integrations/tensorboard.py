"""k* distributions in TensorBoard: five scalars and a picture.

Any writer with `add_scalar` and `add_figure` serves: torch's `SummaryWriter` (extra `tensorboard`),
or that of tensorboardX.
"""

from typing import Any

from ..stats.distribution import KStarDistribution, check_result
from .scalars import check_name, check_step, picture_of, scalars_of, tagged


def log_to_tensorboard(
    writer: Any, result: KStarDistribution, step: int, *, name: str = "", picture: bool = True
) -> None:
    """Write what there is to say of a result at a step of a training.

    Parameters
    ----------
    writer : torch.utils.tensorboard.SummaryWriter
    result : KStarDistribution
    step : int
    name : str
        Such as a layer's: the scalars are ``kstar_mean/NAME``, ``kstar_skewness/NAME``,
        ``kstar_fractured/NAME``, ``kstar_overlapped/NAME``, ``kstar_clustered/NAME``, the picture
        is ``kstar/NAME``. Without it they have no ``/``.
    picture : bool
        Whether there is one; it needs matplotlib.

    Raises
    ------
    TypeError, ValueError
        For what is no writer, result, name or step.
    ImportError
        For a picture without matplotlib.

    Examples
    --------
    >>> from torch.utils.tensorboard import SummaryWriter
    >>> from kstar_gpu.integrations.tensorboard import log_to_tensorboard
    >>> with SummaryWriter("logs") as writer:
    ...     log_to_tensorboard(writer, result, step=0, name="layer1")
    """
    check_writer(writer)
    check_result(result, "result")
    check_step(step)
    check_name(name)
    for scalar, value in scalars_of(result).items():
        writer.add_scalar(tagged(scalar, name), value, step)
    if picture:
        add_picture(writer, result, step, name)


def add_picture(writer: Any, result: KStarDistribution, step: int, name: str) -> None:
    """Write the picture alone."""
    with picture_of(result, name) as figure:
        writer.add_figure(tagged("kstar", name), figure, step, close=False)


def check_writer(writer: Any) -> None:
    """Refuse what is no writer."""
    if not (hasattr(writer, "add_scalar") and hasattr(writer, "add_figure")):
        raise TypeError(
            f"writer: a SummaryWriter of TensorBoard is wanted, got {type(writer).__name__}"
        )
