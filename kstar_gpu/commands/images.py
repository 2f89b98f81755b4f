"""Images or texts of the samples, by the folders and files that a command line names."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..inputs.array_files import open_named
from ..inputs.frames import is_column
from ..inputs.labels import encode_labels
from ..inputs.problem import Integers
from ..networks.named_pairs import data_name
from ..networks.picture_folder import list_pictures
from ..networks.sweep import Sweep

IMAGES, INPUTS, LABELS = "images", "inputs", "labels"


def add_images(parser: argparse.ArgumentParser) -> None:
    """Add where the images are."""
    parser.add_argument(
        "--images",
        nargs="+",
        metavar="[DATA=]FOLDER|FILE[:KEY]",
        help="show the most confused samples: what the sweep had as --data, or other images or "
        "texts, one per sample in the same order",
    )


def named_images(given: Sequence[str], sweep: Sweep) -> dict[str, Any]:
    """Return images or texts by the name of the data set.

    Parameters
    ----------
    given : of `--images`: folders with a folder of pictures for each class, or entries of files, by
        default `images` or `inputs`; each after ``DATA=``, or called as the data set is
    sweep : whose data sets they are of

    Raises
    ------
    ValueError
        If it is not told of which data set they are, or two are of one; if they come in another
        order of classes than the samples; as `open_named`.
    FileNotFoundError
        If there is no such folder or file.
    """
    known = list(dict.fromkeys(key.data for key in sweep.results))
    found: dict[str, Any] = {}
    for argument in given:
        data, place = _data_and_place(argument, known)
        if data in found:
            raise ValueError(f"--images: one for each data set is wanted, got two of {data!r}")
        found[data], codes = _read(place)
        for key, result in sweep.results.items():
            if key.data == data and codes is not None:
                _check_order(codes, result.class_index, place)
    return found


def _data_and_place(argument: str, known: Sequence[str]) -> tuple[str, str]:
    """Split DATA=PLACE after the longest data set; without one the place says which, if any."""
    named = [data for data in known if argument.startswith(f"{data}=")]
    if named:
        data = max(named, key=len)
        return data, argument[len(data) + 1 :]
    if len(known) == 1:
        return known[0], argument
    data = data_name(argument)
    if data not in known:
        raise ValueError(
            f"--images: DATA=FOLDER or DATA=FILE is wanted, with DATA one of "
            f"{', '.join(map(repr, known))}, got {argument!r}"
        )
    return data, argument


def _read(place: str) -> tuple[Any, Integers | None]:
    """Return what a folder or a file has for each sample, and the classes of those, if told."""
    path = Path(place)
    if path.is_dir() and path.suffix != ".zarr":
        pictures = list_pictures(path)
        return pictures.paths, np.array(pictures.labels)
    file, key = open_named(place)
    images = file.entry(key, IMAGES if IMAGES in file.names else INPUTS)
    codes = None
    if LABELS in file.names and key != LABELS:
        codes, _ = encode_labels(file.entry(LABELS, LABELS))
    return images.to_pylist() if is_column(images) else images, codes


def _check_order(codes: Integers, own: Integers, place: str) -> None:
    """Refuse images whose classes are as many as the samples', but come in another order.

    The classes may be called otherwise, and of labels of another kind nothing can be said.
    """
    if len(codes) != len(own) or len(np.unique(codes)) != len(np.unique(own)):
        return
    pairs = np.unique(np.stack([codes, own]), axis=1)
    if pairs.shape[1] > len(np.unique(own)):
        raise ValueError(
            f"--images: {place}: images in the order of the samples are wanted, got classes in "
            "another order"
        )
