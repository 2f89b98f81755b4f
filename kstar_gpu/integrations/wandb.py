"""k* distributions in Weights & Biases: five scalars, a picture and a table of the classes."""

from typing import Any

from ..extras import import_extra
from ..names import one_line
from ..stats.distribution import KStarDistribution, check_result
from .scalars import check_name, check_step, picture_of, scalars_of, tagged

COLUMNS = ("class", "n", "mean", "std", "skewness_plain", "skewness_augmented", "pattern")


def log_to_wandb(
    run: Any, result: KStarDistribution, step: int | None = None, *, name: str = ""
) -> None:
    """Log what there is to say of a result, in one call of ``run.log``.

    Parameters
    ----------
    run : wandb.Run
        What ``wandb.init`` gives, online or offline.
    result : KStarDistribution
    step : int, optional
        By default the run counts itself.
    name : str
        Such as a layer's: the scalars are ``kstar_mean/NAME``, ``kstar_skewness/NAME``,
        ``kstar_fractured/NAME``, ``kstar_overlapped/NAME``, ``kstar_clustered/NAME``, the picture
        is ``kstar/NAME``, the table of the classes ``kstar_classes/NAME``. Without it they have no
        ``/``.

    Raises
    ------
    TypeError, ValueError
        For what is no run, result, name or step.
    ImportError
        Without wandb or matplotlib.

    Examples
    --------
    >>> import wandb
    >>> from kstar_gpu.integrations.wandb import log_to_wandb
    >>> with wandb.init(project="k-star", mode="offline") as run:
    ...     log_to_wandb(run, result, step=0, name="layer1")
    """
    if not callable(getattr(run, "log", None)):
        raise TypeError(f"run: what wandb.init gives is wanted, got {type(run).__name__}")
    check_result(result, "result")
    if step is not None:
        check_step(step)
    check_name(name)
    scalars = {tagged(scalar, name): value for scalar, value in scalars_of(result).items()}
    run.log({**scalars, **media_of(result, name)}, step=step)


def media_of(result: KStarDistribution, name: str) -> dict[str, Any]:
    """Return the picture and the table, by what they are called."""
    wandb = import_extra("wandb", "wandb", "log_to_wandb needs wandb")
    with picture_of(result, name) as figure:
        image = wandb.Image(figure)
    table = wandb.Table(columns=[*COLUMNS], data=[[*row] for row in _rows(result)])
    return {tagged("kstar", name): image, tagged("kstar_classes", name): table}


def _rows(result: KStarDistribution) -> Any:
    """Return a row per class, of plain Python values."""
    numbers = [
        result.sizes,
        result.mean,
        result.std,
        result.skewness_plain,
        result.skewness_augmented,
    ]
    names = [one_line(str(name)) for name in result.class_names]
    return zip(names, *(column.tolist() for column in numbers), result.pattern, strict=True)
