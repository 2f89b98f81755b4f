"""Files that say to hold more than they do: refused before anything is allocated."""

import struct
import zipfile
from contextlib import suppress

import numpy as np
import pytest
import torch

from kstar_gpu.files import DamagedFileError
from kstar_gpu.inputs.array_files import read_samples
from kstar_gpu.inputs.file_sizes import GrowthError, check_growth, check_npy, check_zip

FEATURES = np.random.default_rng(0).standard_normal((30, 4)).astype(np.float32)
LABELS = np.arange(30) % 3


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def npy(shape, array_bytes: bytes) -> bytes:
    """Return a .npy file whose header says this shape, whatever comes behind it."""
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + array_bytes


def test_growth(folder):
    path = folder / "x"
    path.write_bytes(bytes(1 << 20))
    check_growth(path, 256 << 20)
    check_growth(path, 1 << 26, stored=1)
    with pytest.raises(GrowthError, match="at most 256 times its size is wanted"):
        check_growth(path, (256 << 20) + 1)
    with pytest.raises(GrowthError):  # a member is not longer than its file, whatever it says
        check_growth(path, 1 << 30, stored=1 << 30)
    with pytest.raises(GrowthError):
        check_growth(path, (1 << 26) + 1, stored=1)


@pytest.mark.parametrize("shape", [(2_000_000_000_000,), (10**6, 10**6), (121,), (30, 5)])
def test_a_bare_array_that_is_not_as_long_as_it_says(shape, folder):
    (folder / "x.npy").write_bytes(npy(shape, FEATURES.tobytes()))
    with pytest.raises(DamagedFileError, match=r"x\.npy: the file is damaged: its array"):
        check_npy(folder / "x.npy")
    with pytest.raises(ValueError, match=r"^x\.npy cannot be read: it is damaged"):
        read_samples("x.npy", "x.npy", "--labels")
    np.save("y.npy", FEATURES)
    check_npy(folder / "y.npy")
    np.savez("y.npz", FEATURES)
    check_npy(folder / "y.npz")  # another format: not looked at


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_member_that_is_not_as_long_as_it_says(how, folder):
    with zipfile.ZipFile("x.npz", "w", how) as archive:
        archive.writestr("features.npy", npy((2_000_000_000_000,), FEATURES.tobytes()))
        archive.writestr("labels.npy", npy((30,), bytes(120)))
    with pytest.raises(ValueError, match=r"^x\.npz cannot be read: it is damaged"):
        read_samples("x.npz", None, "--labels")


def test_a_small_file_does_not_become_a_large_array(folder):
    zeros = np.zeros((1 << 15, 1 << 10), np.float32)  # 128 MB
    np.savez_compressed("x.npz", features=zeros, labels=LABELS)
    assert (folder / "x.npz").stat().st_size < 1 << 18
    with pytest.raises(GrowthError, match=r"^x\.npz: at most 256 times its size is wanted"):
        read_samples("x.npz", None, "--labels")
    assert len(read_samples("x.npz:labels", "x.npz", "--labels")[0]) == 30  # which is not


def test_tensors_that_are_longer_than_their_file(folder):
    long = torch.zeros(1).expand(1 << 28, 1)
    torch.save({"features": long, "labels": torch.zeros(1).expand(30)}, "x.pt")
    assert (folder / "x.pt").stat().st_size < 1 << 16
    with pytest.raises(GrowthError, match=r"^x\.pt: at most 256 times its size is wanted"):
        read_samples("x.pt", None, "--labels")
    assert len(read_samples("x.pt:labels", None, "--labels")[0]) == 30


def test_an_archive_of_torch_that_is_packed(folder):
    torch.save({"features": torch.zeros(1 << 25), "labels": torch.zeros(30)}, "plain.pt")
    check_zip(folder / "plain.pt")
    with zipfile.ZipFile("plain.pt") as plain, zipfile.ZipFile("x.pt", "w", 8) as packed:
        for name in plain.namelist():
            packed.writestr(name, plain.read(name))
    assert (folder / "x.pt").stat().st_size < 1 << 20
    with pytest.raises(GrowthError):
        check_zip(folder / "x.pt")
    with pytest.raises(GrowthError, match=r"^x\.pt: at most 256 times its size is wanted"):
        read_samples("x.pt", None, "--labels")


def test_compressed_features_are_read_as_ever(folder):
    one_hot = np.eye(200, dtype=np.float32)[np.arange(20_000) % 200]  # 16 MB
    np.savez_compressed("x.npz", features=one_hot, labels=np.arange(20_000) % 7)
    features, labels, _ = read_samples("x.npz", None, "--labels")
    assert np.array_equal(features, one_hot)
    assert len(labels) == 20_000


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.pt"])
def test_whatever_bit_is_flipped_there_is_one_kind_of_error(name, folder):
    match name:
        case "a.npy":
            np.save(name, FEATURES)
        case "a.npz":
            np.savez_compressed(name, features=FEATURES, labels=LABELS)
        case "a.pt":
            torch.save({"features": torch.from_numpy(FEATURES), "labels": LABELS.tolist()}, name)
    whole = (folder / name).read_bytes()
    random = np.random.default_rng(0)
    for place in random.integers(8 * len(whole), size=300):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        (folder / name).write_bytes(damaged)
        with suppress(ValueError):
            read_samples(name, name if name == "a.npy" else None, "--labels")
