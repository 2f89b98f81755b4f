"""One sample's image or text, of whatever holds it, small enough to stand beside others."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..inputs.frames import comes_from, is_table

LONGEST = 256  # pixels of a side
CHANNELS = (1, 3, 4)
WANTED = "an image (array, tensor, PIL image, path) or a text per sample is wanted"

Thumbnail = NDArray[Any] | str


def check_images(images: Any, count: int | None, name: str) -> None:
    """Refuse what is no sequence of images or texts, one for each of so many samples, if known."""
    known = hasattr(images, "__getitem__") and hasattr(images, "__len__")
    if not known or isinstance(images, str | bytes | Mapping) or is_table(images):
        raise TypeError(f"{name}: {WANTED}, got {type(images).__name__}")
    if count is not None and len(images) != count:
        raise ValueError(f"{name}: one per sample is wanted ({count}), got {len(images)}")


def thumbnail_of(images: Any, sample: int, name: str) -> Thumbnail:
    """Return a sample's image, (H, W) or (H, W, 3 or 4), from 0 to 1; or its text.

    Parameters
    ----------
    images : checked by `check_images`, or a data set whose items are tuples that begin with one
    name : of the argument

    Raises
    ------
    TypeError, ValueError
        If it has no image or text there.
    """
    if not 0 <= sample < len(images):
        raise ValueError(f"{name}: more than {sample} are wanted, got {len(images)}")
    given = images.array[sample] if comes_from(images, "pandas", "Series") else images[sample]
    if isinstance(given, tuple) and given:
        given = given[0]
    if isinstance(given, str):
        return str(given)
    place = f"{name}[{sample}]"
    image = _channels_last(_array_of(given, place), isinstance(given, torch.Tensor), place)
    step = -(-max(image.shape[:2]) // LONGEST)
    return _scaled(image[::step, ::step], place)


def _array_of(given: Any, place: str) -> NDArray[Any]:
    """Return the numbers of an image as they are."""
    if isinstance(given, os.PathLike):
        from PIL import Image  # matplotlib needs it, too

        with Image.open(given) as file:
            return _array_of(file, place)
    if comes_from(given, "PIL.Image", "Image"):
        return np.asarray(given if given.mode in ("L", "RGB", "RGBA") else given.convert("RGB"))
    if isinstance(given, torch.Tensor):
        given = given.detach().cpu()
        given = (given.float() if given.is_floating_point() else given).numpy()
    try:
        found = np.asarray(given)
    except (TypeError, ValueError):
        found = np.array(None)
    if found.dtype.kind not in "biuf":
        raise TypeError(f"{place}: {WANTED}, got {type(given).__name__}")
    return found


def _channels_last(array: NDArray[Any], first: bool, place: str) -> NDArray[Any]:
    """Return an image as (H, W) or (H, W, C); of both ways, channels first is that of tensors."""
    if array.size and array.ndim == 2:
        return array
    if array.size and array.ndim == 3:
        for axis in (0, 2) if first else (2, 0):
            if array.shape[axis] in CHANNELS:
                image = np.moveaxis(array, axis, 2)
                return image[..., 0] if image.shape[2] == 1 else image
    raise ValueError(
        f"{place}: an image of shape (H, W), (H, W, C) or (C, H, W) with 1, 3 or 4 channels is "
        f"wanted, got {array.shape}"
    )


def _scaled(image: NDArray[Any], place: str) -> NDArray[Any]:
    """Return colours from 0 to 1: bytes of 255, such floats as they are, others of their range."""
    if image.dtype == np.uint8:
        return image / np.float32(255)
    values = image.astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError(f"{place}: finite numbers are wanted, got NaN or infinity")
    low, high = values.min(), values.max()
    if low < 0 or high > 1:
        # Halves, since the range of float64 itself is larger than float64 holds.
        values = (values / 2 - low / 2) / max(high / 2 - low / 2, np.finfo(float).tiny)
    return values
