"""Pairs of models and data sets by the names that a command line gives them."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from torch import nn
from torch.utils.data import DataLoader

from ..inputs.model_inputs import MASK
from ..user_code import UserData
from .batches import arguments_of
from .checkpoints import load_weights, other_classes, read_checkpoint
from .datasets import array_file, image_folder
from .pairs import Made, Pair
from .watched_loader import WatchedLoader
from .zoo import Transform, named_model, takes_classes


def named_pairs(
    models: Sequence[str], data: Sequence[str], batch: int, checkpoint: Path | None = None
) -> list[Pair]:
    """Return each model with each data set; of models that are made, only the last one is kept.

    Parameters
    ----------
    models : as `named_model` takes them
    data : folders of pictures, or files of arrays
    batch : inputs at a time
    checkpoint : file with the weights of the model, which is then one; part of its name in results

    Raises
    ------
    ValueError
        If there is a checkpoint for several models.
        If two models, or two data sets, would have one name in the results.
    FileNotFoundError
        If a data set is not there.
    """
    for path in data:
        if not Path(path).exists():
            raise FileNotFoundError(f"--data: {path}: there is no such file or folder")
    if checkpoint is not None and len(models) > 1:
        raise ValueError(f"--checkpoint: one model is wanted with it, got {len(models)}")
    if checkpoint is not None and not checkpoint.is_file():
        raise FileNotFoundError(f"--checkpoint: {checkpoint}: there is no such file")
    _check_differ("--model", [*map(_model_name, models)])
    _check_differ("--data", [*map(data_name, data)])
    made = lru_cache(maxsize=1)(partial(_model, checkpoint=checkpoint))
    suffix = "" if checkpoint is None else f"@{checkpoint.stem}"
    return [
        Pair(_model_name(model) + suffix, data_name(path), partial(_make, made, model, path, batch))
        for model in models
        for path in data
    ]


def _model(name: str, checkpoint: Path | None) -> tuple[nn.Module, Transform | None]:
    if checkpoint is None:
        return named_model(name)
    weights = read_checkpoint(checkpoint)
    model, transform = named_model(name, weights=False)
    classes = other_classes(weights, model)
    if classes is not None and takes_classes(name):
        model, transform = named_model(name, weights=False, classes=classes)
    load_weights(model, weights, checkpoint)
    return model, transform


def _make(
    made: Callable[[str], tuple[nn.Module, Transform | None]], name: str, data: str, batch: int
) -> Made:
    model, transform = made(name)
    loader, class_names = named_data(data, name, model, transform, batch)
    watched = WatchedLoader(UserData(loader, "the data"), data_name(data), keep_first=True)
    return Made(model, watched, class_names)


def named_data(
    data: str, name: str, model: nn.Module, transform: Transform | None, batch: int
) -> tuple[DataLoader[Any], list[str]]:
    """Return the batches of a folder of pictures or a file of arrays, and the classes' names.

    Parameters
    ----------
    data : the folder or file
    name, model, transform : what the batches are for, as `named_model` names and gives it
    batch : inputs at a time

    Raises
    ------
    ValueError
        For pictures where no transform is known; as `image_folder` and `array_file`.
    """
    path = Path(data)
    if path.is_dir():
        if transform is None:
            raise ValueError(
                f"--data: {data} holds pictures, and what makes inputs of them is not known of "
                f"{name}: a FACTORY is wanted that returns (model, transform), or inputs in a file"
            )
        return image_folder(path, transform, batch)
    dtype = next((parameter.dtype for parameter in model.parameters()), None)
    takes = arguments_of(model)
    # Of models of transformers, which would take padding for text.
    padding = getattr(getattr(model, "config", None), "pad_token_id", None)
    return array_file(path, batch, dtype, takes, padding if MASK in takes else None)


def _check_differ(option: str, names: list[str]) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            raise ValueError(f"{option}: names that differ are wanted, got {times} times {name!r}")


def _model_name(argument: str) -> str:
    """Return what a model is called in results: of a file without its folder and ending."""
    file, _, name = argument.rpartition(":")
    return f"{Path(file).stem}.{name}" if file.endswith(".py") else argument


def data_name(argument: str) -> str:
    """Return what a data set is called in results: the folder's or file's own name."""
    path = Path(argument)
    return path.resolve().name if path.is_dir() else path.stem
