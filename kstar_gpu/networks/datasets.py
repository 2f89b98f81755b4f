"""Data for a sweep: folders of images, and inputs in files of arrays, in batches."""

import os
from collections.abc import Sequence
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset

from ..inputs.labels import encode_labels
from ..inputs.model_inputs import check_padding, read_inputs
from .batches import LABELS
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
    path: str | os.PathLike[str],
    batch: int = 64,
    dtype: torch.dtype | None = None,
    takes: Sequence[str] = (),
    padding: int | None = None,
) -> tuple[DataLoader[Any], list[str]]:
    """Return the inputs and labels of a file in batches, and the classes' names.

    Parameters
    ----------
    path : of a file with `inputs`, one per sample, or entries that are called as what the model
        takes; `labels`, and perhaps `class_names`
    batch : inputs at a time; pairs, or, of several inputs, mappings with "labels"
    dtype : of inputs that are floating-point numbers (numpy's own are float64)
    takes : what the arguments of the model are called
    padding : the token that fills up, which wants a mask

    Raises
    ------
    ValueError, OSError
        If there is no such file, or it holds something else; for padding without a mask.
    """
    inputs, labels, names = read_inputs(os.fspath(path), takes)
    check_padding(inputs, padding, os.fspath(path))
    codes, classes = encode_labels(labels)
    samples: Dataset[Any]
    if isinstance(inputs, dict):
        named = {name: _in_type(value, dtype) for name, value in inputs.items()}
        samples = NamedInputs({**named, LABELS[0]: torch.from_numpy(codes)})
    else:
        samples = TensorDataset(_in_type(inputs, dtype), torch.from_numpy(codes))
    return DataLoader(samples, batch), names or [str(label) for label in classes]


class NamedInputs(Dataset[dict[str, torch.Tensor]]):
    """Samples of several tensors by name.

    Parameters
    ----------
    tensors : (N, ...) each
    """

    def __init__(self, tensors: dict[str, torch.Tensor]) -> None:
        self.tensors = tensors

    def __len__(self) -> int:
        return len(self.tensors[LABELS[0]])

    def __getitem__(self, place: int) -> dict[str, torch.Tensor]:
        return {name: value[place] for name, value in self.tensors.items()}


def _in_type(inputs: torch.Tensor, dtype: torch.dtype | None) -> torch.Tensor:
    return inputs if dtype is None or not inputs.is_floating_point() else inputs.to(dtype)
