"""A folder of pictures, with a folder for each class, in the order of torchvision's ImageFolder."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from torch.utils.data import Dataset

from ..extras import import_extra

ENDINGS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


class Listed(NamedTuple):
    """The pictures of a folder."""

    paths: list[Path]  # class by class, sorted
    labels: list[int]  # of each, a place in `class_names`
    class_names: list[str]  # sorted


def list_pictures(folder: str | os.PathLike[str]) -> Listed:
    """Return where the pictures of a folder are, and of which class each is.

    Classes, labels and order are those of `torchvision.datasets.ImageFolder`: a class is a folder,
    its pictures are the files in it and below it that end in .jpg, .jpeg, .png, .ppm, .bmp, .pgm,
    .tif, .tiff or .webp. But names that begin with a point are left out, as `ls` does: what
    desktops and notebooks leave behind is no class and no picture.

    Parameters
    ----------
    folder : path

    Raises
    ------
    ValueError
        If there are no classes, or a class has no pictures.
    OSError
        If there is no such folder, or it cannot be read.
    """
    classes = sorted(one.name for one in os.scandir(folder) if one.is_dir() and _is_shown(one.name))
    if not classes:
        raise ValueError(f"{folder}: a folder of pictures for each class is wanted, got no folders")
    found = [_pictures_below(Path(folder, name)) for name in classes]
    for name, pictures in zip(classes, found, strict=True):
        if not pictures:
            raise ValueError(
                f"{Path(folder, name)}: pictures of a class are wanted ({', '.join(ENDINGS)}), "
                "got none"
            )
    labels = [label for label, pictures in enumerate(found) for _ in pictures]
    return Listed([path for pictures in found for path in pictures], labels, classes)


def _pictures_below(folder: Path) -> list[Path]:
    return [
        Path(where, file)
        for where, _, files in sorted(os.walk(folder, followlinks=True))
        if all(map(_is_shown, Path(where).relative_to(folder).parts))
        for file in sorted(files)
        if file.lower().endswith(ENDINGS) and _is_shown(file)
    ]


def _is_shown(name: str) -> bool:
    return not name.startswith(".")


class PictureFolder(Dataset[tuple[Any, int]]):
    """The pictures of a folder as a data set: each as its transform makes it, and its label.

    Parameters
    ----------
    folder : path
        As `list_pictures` takes it.
    transform : from a picture of PIL, in RGB, to what the model takes

    Raises
    ------
    ImportError
        Without Pillow.
    ValueError, OSError
        As `list_pictures`; for a file that is no picture, when its turn comes.
    """

    def __init__(self, folder: str | os.PathLike[str], transform: Callable[[Any], Any]) -> None:
        import_extra("PIL.Image", "plot", "pictures need Pillow")
        self.paths, self.labels, self.class_names = list_pictures(folder)
        self.transform = transform

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, place: int) -> tuple[Any, int]:
        return self.transform(read_picture(self.paths[place])), self.labels[place]


def read_picture(path: Path) -> Any:
    """Return a picture of PIL in RGB.

    Raises
    ------
    ValueError, OSError
        If the file is no picture, or damaged; if there is none.
    """
    from PIL import Image

    try:
        with Image.open(path) as picture:
            return picture.convert("RGB")
    except (FileNotFoundError, PermissionError, MemoryError):
        raise
    except Exception as error:  # of damaged files Pillow raises anything, often without their name
        raise ValueError(f"{path} cannot be read as a picture: {error}") from error
