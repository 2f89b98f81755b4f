"""Files of features, of which rows are read as they are wanted."""

import numpy as np
import pytest
from helpers.families import labels, lattice

from kstar_gpu import available_backends, kstar
from kstar_gpu.files import DamagedFileError
from kstar_gpu.scale.stored import on_disk


def npy(path, x):
    np.save(path / "x.npy", x)
    return path / "x.npy"


def zarr(path, x):
    array = pytest.importorskip("zarr").create_array(
        str(path / "x.zarr"), shape=x.shape, chunks=(70, *x.shape[1:]), dtype=x.dtype
    )
    array[:] = x
    return path / "x.zarr"


def parquet(path, x):
    arrow, files = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = arrow.table({f"f{k}": column for k, column in enumerate(x.T)})
    files.write_table(table, path / "x.parquet", row_group_size=70)
    return path / "x.parquet"


KINDS = pytest.mark.parametrize("kind", [npy, zarr, parquet])


@KINDS
def test_rows_are_read_as_they_are_wanted(kind, tmp_path, rng):
    x = rng.standard_normal((300, 4)).astype(np.float32)
    stored = on_disk(kind(tmp_path, x))
    assert stored.shape == (300, 4)
    assert stored.dimensions == 4
    for start, stop in ((0, 300), (0, 1), (69, 71), (140, 210), (299, 300)):
        np.testing.assert_array_equal(stored.matrix(start, stop, "x").numpy(), x[start:stop])
    assert (stored.copied_per_sample("x") == 0) == (kind is npy)


@pytest.mark.skipif(not available_backends()["cpu"].available, reason="it is not built")
@KINDS
def test_every_kind_of_file_gives_what_memory_gives(kind, tmp_path, rng):
    x, y = lattice(rng, 300, 4).astype(np.float64), labels(rng, 300, 3)
    np.testing.assert_array_equal(kstar(on_disk(kind(tmp_path, x)), y), kstar(x, y))


def test_what_is_no_array_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"path: \.npy, \.zarr or \.parquet is wanted"):
        on_disk(tmp_path / "x.csv")
    (tmp_path / "x.npy").write_bytes(b"\x93NUMPY rubbish")
    with pytest.raises((DamagedFileError, ValueError), match=r"x\.npy"):
        on_disk(tmp_path / "x.npy")
    with pytest.raises(TypeError, match="path: a path is wanted"):
        on_disk(3)
    path = npy(tmp_path, np.eye(3))
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        on_disk(path, checkpoint=tmp_path / "none" / "kept")
