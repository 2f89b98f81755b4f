"""Folders of pictures: their order, their classes, and what is no picture."""

import sys
from pathlib import Path

import numpy as np
import pytest

from kstar_gpu.networks.picture_folder import PictureFolder, list_pictures, read_picture

Image = pytest.importorskip("PIL.Image")
FILES = ["b/2.png", "b/10.png", "b/1.JPG", "b/below/0.webp", "a/x.png", "Z/1.bmp", "Z/no.txt"]


def picture(path, shade=0, mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, (4, 3), shade).save(path)


@pytest.fixture
def folder(tmp_path):
    for shade, name in enumerate(FILES):
        if name.endswith(".txt"):
            (tmp_path / name).write_text("no picture")
        else:
            picture(tmp_path / name, (shade, 0, 0))
    return tmp_path


def test_pictures_come_class_by_class_sorted(folder):
    paths, labels, names = list_pictures(folder)
    wanted = ["Z/1.bmp", "a/x.png", "b/1.JPG", "b/10.png", "b/2.png", "b/below/0.webp"]
    assert paths == [folder / name for name in wanted]
    assert labels == [0, 1, 2, 2, 2, 2]
    assert names == ["Z", "a", "b"]


def test_order_is_that_of_torchvision(folder):
    datasets = pytest.importorskip("torchvision").datasets
    theirs = datasets.ImageFolder(folder)
    ours = list_pictures(folder)
    assert theirs.samples == [(str(p), label) for p, label in zip(*ours[:2], strict=True)]
    assert theirs.classes == ours.class_names


def test_hidden_names_are_no_classes_and_no_pictures(folder):
    wanted = list_pictures(folder)
    (folder / ".ipynb_checkpoints").mkdir()
    picture(folder / "b" / ".thumbs" / "0.png")
    (folder / "a" / "._x.png").write_bytes(b"what a desktop leaves behind")
    assert list_pictures(folder) == wanted


def test_links_are_followed(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    picture(elsewhere / "1.png")
    (folder / "c").symlink_to(elsewhere)
    assert list_pictures(folder).paths[-1] == folder / "c" / "1.png"


def test_what_is_no_folder_of_classes_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError):
        list_pictures(tmp_path / "none")
    picture(tmp_path / "1.png")
    with pytest.raises(ValueError, match="a folder of pictures for each class is wanted"):
        list_pictures(tmp_path)
    (tmp_path / "cat").mkdir()
    with pytest.raises(ValueError, match=r"cat: pictures of a class are wanted .* got none"):
        list_pictures(tmp_path)


@pytest.mark.parametrize(("mode", "shade"), [("L", 7), ("P", 0), ("RGBA", (1, 2, 3, 4)), ("1", 1)])
def test_pictures_are_rgb_whatever_they_were(tmp_path, mode, shade):
    picture(tmp_path / "1.png", shade, mode)
    assert np.asarray(read_picture(tmp_path / "1.png")).shape == (3, 4, 3)


def test_samples_are_transformed_and_labelled(folder):
    pictures = PictureFolder(folder, lambda found: np.asarray(found)[0, 0, 0].item())
    assert len(pictures) == 6
    # A JPEG keeps shades nearly.
    assert [*map(pictures.__getitem__, range(6))][1:3] == [(4, 1), (pytest.approx(2, abs=2), 2)]


def test_what_is_no_picture_is_told_by_its_name(folder):
    (folder / "a" / "x.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"x\.png cannot be read as a picture"):
        PictureFolder(folder, lambda found: found)[1]
    picture(folder / "a" / "x.png")
    whole = (folder / "a" / "x.png").read_bytes()
    (folder / "a" / "x.png").write_bytes(whole[:45])
    with pytest.raises(ValueError, match=r"x\.png cannot be read as a picture"):
        read_picture(folder / "a" / "x.png")
    with pytest.raises(FileNotFoundError):
        read_picture(Path("none.png"))


def test_pillow_is_asked_for(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)  # importing it fails now
    with pytest.raises(ImportError, match=r'pictures need Pillow: pip install "kstar-gpu\[plot\]"'):
        PictureFolder(folder, lambda found: found)
