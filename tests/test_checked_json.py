"""JSON that was written here, or an error that names the file."""

import json

import pytest

from kstar_gpu import checked_json
from kstar_gpu.checked_json import read_checked, write_checked
from kstar_gpu.files import DamagedFileError

ENTRIES = {"b": 1, "a": {"name": "猫\udcff", "none": None, "half": 0.5}, "list": [True, "x"]}


def test_what_was_written_comes_back(tmp_path):
    path = tmp_path / "file.json"
    write_checked(path, ENTRIES)
    assert read_checked(path) == ENTRIES
    assert [*read_checked(path)] == [*ENTRIES]
    assert json.loads(path.read_text())["b"] == 1


def test_no_flipped_bit_is_believed(tmp_path):
    path = tmp_path / "file.json"
    write_checked(path, ENTRIES)
    whole = path.read_bytes()
    noticed = []
    for place in range(8 * len(whole)):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(damaged)
        try:
            assert read_checked(path) == ENTRIES  # a blank may be another blank
        except DamagedFileError as error:
            noticed.append(str(error))
    assert len(noticed) > 7 * len(whole)
    assert all(message.startswith(f"{path}: the file is damaged: ") for message in noticed)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"7",
        b"null",
        b"{}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"9" * 9999,
        b"\xff\xfe",
    ],
)
def test_what_is_something_else(content, tmp_path):
    path = tmp_path / "file.json"
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match=r"file\.json: the file is damaged"):
        read_checked(path)


def test_what_is_not_there_is_not_damaged(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_checked(tmp_path / "file.json")


def test_what_is_longer_than_anything_written_here_is_not_read(tmp_path, monkeypatch):
    path = tmp_path / "file.json"
    write_checked(path, ENTRIES)
    monkeypatch.setattr(checked_json, "LONGEST", path.stat().st_size)
    assert read_checked(path) == ENTRIES
    with path.open("ab") as file:
        file.truncate(1 << 40)  # of zeros that are on no disk
    with pytest.raises(
        DamagedFileError, match=r"file\.json: the file is damaged: it has more than"
    ):
        read_checked(path)
    with pytest.raises(ValueError, match=r"bytes are wanted, got"):
        write_checked(path, {**ENTRIES, "more": "x" * 1000})
