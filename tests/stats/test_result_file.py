"""The file of a result: nothing is lost, it is whole or not there, and others' are refused."""

import dataclasses
import json

import numpy as np
import pytest

from kstar_gpu import KStarDistribution, kstar_distribution


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


def saved(path, without, **header):
    """Save a result, and again without an array and with something else in the header."""
    result = kstar_distribution([[0.0], [1.0], [3.0]], [0, 1, 1])
    result.save(path)
    with np.load(path) as members:
        kept = {name: values for name, values in members.items() if name != without}
    kept["header"] = json.dumps({**json.loads(str(kept["header"])), **header})
    np.savez(path, **kept)
    return result


@pytest.mark.parametrize("array", ["population", "foreign_at_zero"])
def test_a_file_that_lacks_something(array, tmp_path):
    saved(tmp_path / "x.npz", without=array)
    with pytest.raises(ValueError, match=f"the file is damaged: it lacks '{array}'"):
        KStarDistribution.load(tmp_path / "x.npz")


def test_a_file_of_format_1_is_read(tmp_path):
    result = saved(tmp_path / "x.npz", without="foreign_at_zero", format_version=1)
    again = KStarDistribution.load(tmp_path / "x.npz")
    assert again.foreign_at_zero is None
    assert again.summary() == result.summary()
    np.testing.assert_array_equal(again.kstar, result.kstar)


@pytest.mark.parametrize("version", [None, "2", 0, 1.5])
def test_a_format_that_is_none(version, tmp_path):
    saved(tmp_path / "x.npz", without=None, format_version=version)
    with pytest.raises(ValueError, match=f"it says to be of format version {version!r}"):
        KStarDistribution.load(tmp_path / "x.npz")
