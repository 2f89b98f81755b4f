"""A picture as a file: what stops it is found before the work; it is whole or not there."""

import matplotlib
import matplotlib.pyplot as plt
import pytest
from helpers.made_result import made

from kstar_gpu.plot.picture_file import check_picture, write_picture


@pytest.mark.parametrize(
    ("suffix", "beginning"), [("png", b"\x89PNG"), ("PDF", b"%PDF"), ("svg", b"<?xml")]
)
def test_by_its_suffix(suffix, beginning, tmp_path):
    path = tmp_path / f"picture.{suffix}"
    check_picture(path)
    write_picture(made([1, 2, 3, 1], [4]).plot, path)
    assert path.read_bytes().startswith(beginning)
    assert not plt.get_fignums()


@pytest.mark.parametrize("name", ["picture.xyz", "picture"])
def test_another_suffix(name, tmp_path):
    with pytest.raises(ValueError, match=r"a picture's suffix is wanted, one of .*png"):
        check_picture(tmp_path / name)


def test_a_screen_that_is_not_there(tmp_path, monkeypatch):
    def no_screen(*_, **__):
        raise ImportError("Cannot load backend 'TkAgg'")

    monkeypatch.setattr(plt, "figure", no_screen)
    with pytest.raises(ImportError, match="Cannot load backend"):
        check_picture(tmp_path / "picture.png")


def test_what_matplotlib_cannot_draw_leaves_nothing(tmp_path, monkeypatch):
    def no_tex(*_, **__):
        raise RuntimeError("latex could not be found")

    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", no_tex)
    with pytest.raises(ValueError, match="matplotlib cannot draw it: latex could not"):
        write_picture(made([1, 2, 3, 1], [4]).plot, tmp_path / "picture.png")
    assert not [*tmp_path.iterdir()]
    assert not plt.get_fignums()
