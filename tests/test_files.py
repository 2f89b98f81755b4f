"""Files that are there whole or not at all, and the error for others."""

import os
import pickle

import pytest

from kstar_gpu.files import DamagedFileError, check_target, write_whole


@pytest.mark.parametrize(
    ("content", "wanted"), [("k\u2605\n", b"k\xe2\x98\x85\n"), (b"\0\r\n", b"\0\r\n")]
)
def test_text_and_bytes(content, wanted, tmp_path):
    path = tmp_path / "file"
    path.write_text("what was there before, and longer")
    write_whole(path, content)
    assert path.read_bytes() == wanted
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_write_that_fails_leaves_the_old_file_alone(step, error, tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, "old")

    def fails(*_):
        assert len([*tmp_path.iterdir()]) == 2  # the new one is written beside it
        raise error

    monkeypatch.setattr(os, step, fails)
    with pytest.raises(error):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert [*tmp_path.iterdir()] == [path]


def test_it_is_on_the_disk_before_it_takes_the_name(tmp_path, monkeypatch):
    path, seen = tmp_path / "file", []
    monkeypatch.setattr(os, "fsync", lambda _: seen.append(path.exists()))
    write_whole(path, "new")
    assert seen == [False]


def test_targets(tmp_path):
    check_target(tmp_path / "new")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        check_target(tmp_path / "no" / "where")
    with pytest.raises(IsADirectoryError, match="is a folder; a file name is wanted"):
        check_target(tmp_path)


def test_a_damaged_file_is_named_in_one_line():
    error = pickle.loads(pickle.dumps(DamagedFileError("a\x1b[2J\nb", "it is short")))
    assert isinstance(error, ValueError)
    assert str(error) == r"a\x1b[2J\nb: it is short"
