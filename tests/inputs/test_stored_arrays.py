"""Arrays in HDF5 files and zarr folders: by their paths in them, read when they are asked for."""

import h5py
import numpy as np
import pytest
import zarr

from kstar_gpu.files import DamagedFileError
from kstar_gpu.inputs import file_sizes
from kstar_gpu.inputs.array_files import read_labels, read_samples

FEATURES = np.random.default_rng(0).standard_normal((30, 4)).astype(np.float32)
LABELS = np.arange(30) % 3
NAMES = np.array(["cat", "dog", "eel"])[LABELS]


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(name, **entries):
    """Write arrays, by paths with slashes."""
    if name.endswith("h5"):
        with h5py.File(name, "w") as file:
            for path, values in entries.items():
                text = values.dtype.kind == "U"
                file.create_dataset(
                    path, data=values.astype(h5py.string_dtype()) if text else values
                )
    else:
        group = zarr.open_group(name, mode="w")
        for path, values in entries.items():
            group.create_array(path, data=values)


@pytest.mark.parametrize("name", ["a.h5", "a.zarr"])
def test_entries(name):
    write(name, features=FEATURES, labels=LABELS, **{"layer4/pool/out": -FEATURES})
    features, labels, names = read_samples(name, None, "--labels")
    np.testing.assert_array_equal(features, FEATURES)
    np.testing.assert_array_equal(labels, LABELS)
    assert names is None
    features, labels, _ = read_samples(f"{name}:layer4/pool/out", f"{name}:labels", "--labels")
    np.testing.assert_array_equal(features, -FEATURES)
    with pytest.raises(
        ValueError, match=r"no entry 'fc'; entries: (?=.*layer4/pool/out)(?=.*feat)"
    ):
        read_samples(f"{name}:fc", None, "--labels")


@pytest.mark.parametrize("name", ["a.h5", "a.zarr"])
@pytest.mark.filterwarnings("ignore:.*zarr")
def test_labels_that_are_text(name):
    write(name, labels=NAMES)
    assert np.asarray(read_labels(name)).tolist() == NAMES.tolist()


def test_a_folder_that_is_one_array():
    zarr.save_array("x.zarr", FEATURES)
    write("y.zarr", labels=LABELS)
    features, labels, _ = read_samples("x.zarr", "y.zarr", "--labels")
    np.testing.assert_array_equal(features, FEATURES)
    np.testing.assert_array_equal(labels, LABELS)


def test_no_link_is_followed():
    write("secret.h5", labels=LABELS)
    with h5py.File("a.h5", "w") as file:
        file["labels"] = h5py.ExternalLink("secret.h5", "/labels")
        file["other"] = LABELS
    with pytest.raises(ValueError, match="no entry 'labels'; entries: other"):
        read_labels("a.h5")


@pytest.mark.parametrize("name", ["a.h5", "a.zarr"])
def test_what_becomes_much_larger_is_refused(name):
    shape = (1 << 20, 1 << 10)
    if name == "a.h5":
        with h5py.File(name, "w") as file:
            file.create_dataset("labels", shape, "f8", chunks=(1 << 10, 1 << 10))
    else:
        zarr.open_group(name, mode="w").create_array(
            "labels", shape=shape, dtype="f8", chunks=(1 << 10, 1 << 10)
        )
    with pytest.raises(ValueError, match="at most 256 times its size is wanted in memory"):
        read_labels(name)


def test_a_folder_is_as_large_as_all_in_it(monkeypatch):
    monkeypatch.setattr(file_sizes, "SMALL", 0)
    noise = np.random.default_rng(0).standard_normal(1 << 18)  # more than 256 times a bare folder
    write("a.zarr", labels=noise)
    np.testing.assert_array_equal(read_labels("a.zarr"), noise)


@pytest.mark.parametrize("name", ["a.h5", "a.zarr"])
def test_damaged_files(name, tmp_path):
    if name == "a.h5":
        (tmp_path / name).write_bytes(b"\x89HDF\r\n\x1a\n and no more")
    else:
        (tmp_path / name).mkdir()
    with pytest.raises(DamagedFileError, match=rf"^{name}: cannot be read: ") as refused:
        read_labels(name)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "package", "extra"), [("a.h5", "h5py", "hdf5"), ("a.zarr", "zarr", "disk")]
)
def test_missing_packages_are_named(name, package, extra, monkeypatch):
    write(name, labels=LABELS)
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(ImportError, match=rf'{package}: pip install "kstar-gpu\[{extra}\]"'):
        read_labels(name)
