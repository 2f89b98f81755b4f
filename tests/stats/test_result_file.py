"""The file of a result: nothing is lost, it is whole or not there, and others' are refused."""

import dataclasses
import json
import os
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from helpers.earlier_results import saved, sealed

from kstar_gpu import KStarDistribution, kstar_distribution
from kstar_gpu.files import DamagedFileError
from kstar_gpu.stats.result_file import read_result, write_result

X, Y = [[0.0], [1.0], [1.0], [5.0], [6.0]], [0, 0, 1, 1, 1]


@pytest.mark.parametrize("y", [[3, 3, 1, 1], list("bbaa"), [True, True, False, False]])
def test_file_round_trip(y, tmp_path):
    x = np.array([[0.0], [1.0], [3.0], [5.0]])
    result = kstar_distribution(x, y, ["first", "second"], metric="euclidean", threshold=0.25)
    result.save(tmp_path / "result.of.mine")
    again = KStarDistribution.load(tmp_path / "result.of.mine")
    assert [path.name for path in tmp_path.iterdir()] == ["result.of.mine"]
    for field in dataclasses.fields(result):
        ours, theirs = getattr(result, field.name), getattr(again, field.name)
        np.testing.assert_array_equal(ours, theirs)
        assert type(ours) is type(theirs)
    assert again.summary() == result.summary()


@pytest.mark.parametrize("references", [{}, dict(references=X, reference_labels=[0, 0, 2, 2, 1])])
@pytest.mark.parametrize("ids", [None, ["a/\u2605.png", "", "b", "c", "d"], [5, -4, 3, 2, 1]])
def test_foreign_samples_and_ids(references, ids, tmp_path):
    result = kstar_distribution(X, Y, return_foreign=True, ids=ids, **references)
    result.save(tmp_path / "x.npz")
    again = KStarDistribution.load(tmp_path / "x.npz")
    assert result.foreign_index is not None
    for field in dataclasses.fields(result):
        ours, theirs = getattr(result, field.name), getattr(again, field.name)
        np.testing.assert_array_equal(ours, theirs)
        assert type(ours) is type(theirs)
        assert getattr(ours, "dtype", None) == getattr(theirs, "dtype", None)
    assert again.to_frame(samples=True).equals(result.to_frame(samples=True))


def test_what_foreign_samples_cost(tmp_path):
    """A row below 65 536 and a float32: six bytes per sample, and two headers of arrays."""
    x, y = np.arange(20_000.0)[:, None], np.arange(20_000) % 10
    sizes = []
    for return_foreign in (False, True):
        kstar_distribution(x, y, return_foreign=return_foreign).save(tmp_path / "x.npz")
        sizes.append((tmp_path / "x.npz").stat().st_size)
    assert 0 < sizes[1] - sizes[0] - 6 * 20_000 < 1000


def test_files_that_are_not_ours(tmp_path):
    path = tmp_path / "x.npz"
    path.write_text("no zip")
    with pytest.raises(ValueError, match=r"a whole \.npz file is wanted"):
        KStarDistribution.load(path)
    np.savez(path, features=np.ones(3))
    with pytest.raises(ValueError, match="a saved KStarDistribution is wanted"):
        KStarDistribution.load(path)
    header = {"format": "kstar_gpu.KStarDistribution", "format_version": 99}
    np.savez(path, header=json.dumps({**header, "package_version": "9.9"}))
    with pytest.raises(ValueError, match=r"got 99 \(written by kstar-gpu 9.9\)"):
        KStarDistribution.load(path)


@pytest.mark.parametrize("array", ["population", "foreign_at_zero"])
def test_a_file_that_lacks_something(array, tmp_path):
    saved(tmp_path / "x.npz", without=array)
    with pytest.raises(DamagedFileError, match=f"the file is damaged: it lacks '{array}'"):
        KStarDistribution.load(tmp_path / "x.npz")


@pytest.mark.parametrize("version", [1, 2])
def test_files_of_earlier_formats_are_read(version, tmp_path):
    without = ["foreign_at_zero"] if version == 1 else []
    result = saved(tmp_path / "x.npz", without=without, format_version=version)
    again = KStarDistribution.load(tmp_path / "x.npz")
    assert (again.foreign_at_zero is None) == (version == 1)
    assert again.summary() == result.summary()
    np.testing.assert_array_equal(again.kstar, result.kstar)
    assert read_result(tmp_path / "x.npz")[1] == {}


def test_a_file_of_format_3_is_read(tmp_path):
    path = tmp_path / "x.npz"
    result = sealed(path, lambda header: header.pop("reference_names"), format_version=3)
    again = KStarDistribution.load(path)
    assert again.summary() == result.summary()
    np.testing.assert_array_equal(again.foreign_at_zero, result.foreign_at_zero)
    assert again.foreign_index is again.foreign_distance is again.ids is None
    with pytest.raises(ValueError, match="result: one that knows each sample's nearest foreign"):
        again.confused()
    assert read_result(path)[1] == {"model": "net"}


@pytest.mark.parametrize("version", [None, "2", 0, 1.5, True, -1])
def test_a_format_that_is_none(version, tmp_path):
    saved(tmp_path / "x.npz", format_version=version)
    with pytest.raises(DamagedFileError, match=f"it says to be of format version {version!r}"):
        KStarDistribution.load(tmp_path / "x.npz")


def test_a_result_of_which_something_is_not_known(tmp_path):
    """As files of format 1 tell it."""
    result = dataclasses.replace(kstar_distribution(X, Y), foreign_at_zero=None)
    result.save(tmp_path / "x.npz")
    assert KStarDistribution.load(tmp_path / "x.npz").foreign_at_zero is None


def test_what_it_was_made_from_and_what_it_takes(tmp_path):
    path = tmp_path / "x.npz"
    made_from = {"model": "net", "layers": [1, None], "names": {"a": "\udcff\u2605"}}
    write_result(vars(kstar_distribution(X, Y)), path, made_from)
    fields, again = read_result(path)
    assert again == made_from
    assert fields["kstar"].dtype == fields["population"].dtype == np.int64
    with np.load(path) as members:  # numpy reads it, too
        assert members["kstar"].dtype == members["class_index"].dtype == np.uint8
        assert json.loads(str(members["header"]))["made_from"] == made_from
    labels = np.arange(600) % 300
    kstar_distribution(np.arange(600.0)[:, None], labels).save(path)
    with np.load(path) as members:
        assert members["class_index"].dtype == np.uint16
    np.testing.assert_array_equal(KStarDistribution.load(path).class_index, labels)


def test_what_is_no_result_is_not_written(tmp_path):
    wrong = dataclasses.replace(kstar_distribution(X, Y), kstar=np.full(5, 9))
    with pytest.raises(ValueError, match="kstar of 1 to its class's population"):
        wrong.save(tmp_path / "x.npz")
    assert not [*tmp_path.iterdir()]


def test_what_cannot_be_opened_is_no_damage(tmp_path):
    with pytest.raises(FileNotFoundError):
        KStarDistribution.load(tmp_path / "x.npz")
    with pytest.raises(IsADirectoryError):
        KStarDistribution.load(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    writer = os.open(tmp_path / "pipe", os.O_RDWR)  # or opening it would wait
    try:
        for name in ("pipe", "link"):
            with pytest.raises(
                DamagedFileError, match=f"{name}: a file is wanted, got a folder, a"
            ):
                KStarDistribution.load(tmp_path / name)
    finally:
        os.close(writer)


def test_a_link_that_is_named_is_followed(tmp_path):
    result = kstar_distribution(X, Y)
    result.save(tmp_path / "x.npz")
    (tmp_path / "link").symlink_to("x.npz")
    np.testing.assert_array_equal(KStarDistribution.load(tmp_path / "link").kstar, result.kstar)


def test_a_member_does_not_become_more_than_it_says(tmp_path):
    """Zip trusts what it says only after all of it was unpacked."""
    path, large = tmp_path / "x.npz", 1 << 26
    saved(path, without=["population"])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as members:
        members.writestr("population.npy", bytes(large))
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", large), struct.pack("<I", 200)))
    tracemalloc.start()
    try:
        with pytest.raises(DamagedFileError):
            KStarDistribution.load(path)
        assert tracemalloc.get_traced_memory()[1] < large / 4
    finally:
        tracemalloc.stop()
