"""A file of rows: batches become one array, and no bit of it changes unseen."""

import os

import numpy as np
import pytest
import torch

from kstar_gpu.files import DamagedFileError
from kstar_gpu.networks import layer_file
from kstar_gpu.networks.layer_file import LayerFile, read_layer

ROWS = np.arange(15, dtype=np.float16).reshape(5, 3)


def spilled(folder, rows=ROWS, batch=2):
    """Write rows in batches; return what the manifest is told of them."""
    file = LayerFile(folder / "x.npy")
    for start in range(0, len(rows), batch):
        file.append(rows[start : start + batch])
    entry, mapped = file.finish()
    assert np.array_equal(mapped, rows)
    return entry


@pytest.mark.parametrize(
    "rows",
    [ROWS, ROWS[:, :0], ROWS[:, 0], np.asfortranarray(ROWS), ROWS[:, ::2], ROWS > 2, ROWS + 1j],
    ids=lambda rows: f"{rows.shape} {rows.dtype}",
)
def test_rows_come_back(rows, tmp_path):
    entry = spilled(tmp_path, rows)
    found = read_layer(tmp_path, entry, len(rows))
    assert np.array_equal(found, rows)
    assert np.array_equal(np.load(tmp_path / "x.npy"), rows)
    assert found.dtype == torch.from_numpy(rows.copy()).dtype


def test_no_flipped_bit_is_believed(tmp_path):
    entry = spilled(tmp_path)
    path = tmp_path / "x.npy"
    whole = path.read_bytes()
    for place in range(8 * len(whole)):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(damaged)
        with pytest.raises(DamagedFileError, match=r"x\.npy: "):
            read_layer(tmp_path, entry, 5)
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(DamagedFileError, match=r"x\.npy: "):
            read_layer(tmp_path, entry, 5)
    path.write_bytes(whole + b"\0")
    with pytest.raises(DamagedFileError, match="is not what its manifest says"):
        read_layer(tmp_path, entry, 5)
    path.write_bytes(whole)
    assert np.array_equal(read_layer(tmp_path, entry, 5), ROWS)


def test_a_file_that_is_too_long_is_not_read_to_its_end(tmp_path, monkeypatch):
    entry = spilled(tmp_path)
    os.truncate(tmp_path / "x.npy", 1 << 40)
    monkeypatch.setattr(layer_file, "AT_A_TIME", None)  # whoever reads it fails
    with pytest.raises(DamagedFileError, match="is not what its manifest says"):
        read_layer(tmp_path, entry, 5)


@pytest.mark.parametrize(
    "change", [{"shape": (4,)}, {"shape": (3, 1)}, {"dtype": "int16"}, {"sha256": 64 * "0"}]
)
def test_a_file_that_is_another(change, tmp_path):
    entry = spilled(tmp_path)
    with pytest.raises(DamagedFileError, match=r"x\.npy is not what its manifest says"):
        read_layer(tmp_path, entry._replace(**change), 5)
    with pytest.raises(DamagedFileError, match=r"x\.npy is not what its manifest says"):
        read_layer(tmp_path, entry, 6)


def test_what_is_no_file(tmp_path):
    entry = spilled(tmp_path)
    os.rename(tmp_path / "x.npy", tmp_path / "y.npy")
    with pytest.raises(DamagedFileError, match="the file is missing"):
        read_layer(tmp_path, entry, 5)
    (tmp_path / "x.npy").symlink_to("y.npy")
    with pytest.raises(DamagedFileError, match="got a link"):
        read_layer(tmp_path, entry, 5)
    with pytest.raises(FileExistsError):
        LayerFile(tmp_path / "x.npy")


def test_what_is_not_finished_is_cut_to_whole_batches(tmp_path):
    file = LayerFile(tmp_path / "x.npy")
    for _ in range(2):
        file.append(ROWS)
    file.close(5)
    file.close(4)  # it is closed already
    assert np.array_equal(np.load(tmp_path / "x.npy"), ROWS)


def test_whether_it_was_replaced(tmp_path):
    file = LayerFile(tmp_path / "x.npy")
    assert file.has_its_name()
    (tmp_path / "x.npy").unlink()
    assert not file.has_its_name()
    (tmp_path / "x.npy").touch()
    assert not file.has_its_name()
    file.append(ROWS)
    assert np.array_equal(file.finish()[1], ROWS)
