"""Data for a sweep: folders of images, and inputs in files of arrays, in batches."""

import os
from typing import Any

import torch
from torch.utils.data import DataLoader, TensorDataset

from ..inputs.array_files import read_inputs
from ..inputs.labels import encode_labels
from .picture_folder import PictureFolder
from .zoo import Transform

MOST_WORKERS = 8


def image_folder(
    folder: str | os.PathLike[str], transform: Transform, batch: int = 64
) -> tuple[DataLoader[Any], list[str]]:
    """Return pictures and labels in batches, and the classes' names.

    Parameters
    ----------
    folder : path
        With a folder of pictures for each class, as `list_pictures` reads it.
    transform : from a picture of PIL to a tensor
    batch : pictures at a time

    Raises
    ------
    ImportError, ValueError, OSError
        As `PictureFolder`.
    """
    pictures = PictureFolder(folder, transform)
    workers = min(MOST_WORKERS, os.cpu_count() or 1)
    return DataLoader(pictures, batch, num_workers=workers), pictures.class_names


def array_file(
    path: str | os.PathLike[str], batch: int = 64, dtype: torch.dtype | None = None
) -> tuple[DataLoader[tuple[torch.Tensor, ...]], list[str]]:
    """Return the inputs and labels of a file in batches, and the classes' names.

    Parameters
    ----------
    path : of a file with `inputs`, one per sample, `labels`, and perhaps `class_names`
    batch : inputs at a time
    dtype : of inputs that are floating-point numbers (numpy's own are float64)

    Raises
    ------
    ValueError, OSError
        If there is no such file, or it holds something else.
    """
    inputs, labels, names = read_inputs(os.fspath(path))
    codes, classes = encode_labels(labels)
    if inputs.is_floating_point() and dtype is not None:
        inputs = inputs.to(dtype)
    samples = TensorDataset(inputs, torch.from_numpy(codes))
    return DataLoader(samples, batch), names or [str(label) for label in classes]
