"""Files that are there whole or not at all, and the error for others."""

import os
import pickle

import pytest

from kstar_gpu.files import (
    DamagedFileError,
    check_target,
    create_file,
    make_folder,
    open_plain_file,
    write_whole,
)


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
    assert seen == [False, True]  # and then the folder, with the name


def test_a_first_name_that_somebody_removes(tmp_path, monkeypatch):
    """As who cleans up does, that took this process for one that is gone: it is written again."""
    plain, path = os.replace, tmp_path / "file"
    removed = []

    def replace(partial, target):
        if len(removed) < 2:
            removed.append(partial)
            os.unlink(partial)
        plain(partial, target)

    monkeypatch.setattr(os, "replace", replace)
    write_whole(path, "new")
    assert path.read_text() == "new"
    assert [*tmp_path.iterdir()] == [path]
    assert len(removed) == 2


def test_a_folder_that_is_not_there_is_not_waited_for(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "no" / "file", "new")


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


def test_only_files_are_opened(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    (tmp_path / "nowhere").symlink_to(tmp_path / "no file")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")  # which nobody writes to
    (tmp_path / "device").symlink_to("/dev/zero")
    with open_plain_file(tmp_path / "file") as file:
        assert file.read() == b"x"
    for name in ("link", "nowhere", "folder", "pipe", "device"):
        with pytest.raises(DamagedFileError, match=f"{name}: a file is wanted, got a "):
            open_plain_file(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        open_plain_file(tmp_path / "no file")


def test_a_file_is_created_where_nothing_is(tmp_path):
    with create_file(tmp_path / "file") as file:
        file.write(b"abc")
        file.seek(1)
        assert file.read() == b"bc"
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("file", "link"):
        with pytest.raises(FileExistsError, match=name):
            create_file(tmp_path / name)
    assert not (tmp_path / "elsewhere").exists()


def test_folders_below_another_are_no_links(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "chosen").symlink_to("real")
    made = make_folder(tmp_path / "chosen", "a", "b")
    assert made == make_folder(tmp_path / "chosen", "a", "b")
    assert (tmp_path / "real" / "a" / "b").is_dir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "real" / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "real" / "nowhere").symlink_to(tmp_path / "new")
    (tmp_path / "real" / "file").touch()
    for name in ("link", "nowhere", "file"):
        with pytest.raises(FileExistsError, match="a folder is wanted, got a link or a file"):
            make_folder(tmp_path / "chosen", name, "b")
    assert [*(tmp_path / "outside").iterdir()] == []
    assert not (tmp_path / "new").exists()
