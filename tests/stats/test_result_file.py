"""The file of a result: nothing is lost, it is whole or not there, and others' are refused."""

import dataclasses
import io
import json
import tracemalloc
import zipfile

import numpy as np
import pytest
from helpers.damage import bits_of, flipped, noticed

from kstar_gpu import KStarDistribution, kstar_distribution
from kstar_gpu.files import DamagedFileError
from kstar_gpu.stats.result_file import NARROWED, read_result, write_result

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


def saved(path, without=(), **header):
    """Save a result as versions before did: compressed, without a sum; something may be other."""
    result = kstar_distribution([[0.0], [1.0], [3.0]], [0, 1, 1])
    result.save(path)
    with np.load(path) as members:
        kept = {name: values for name, values in members.items() if name not in without}
    header = json.loads(str(kept["header"])) | {"format_version": 2} | header
    if header["format_version"] in (1, 2):
        del header["made_from"]
        kept |= {name: kept[name].astype(int) for name in NARROWED if name in kept}
    kept["header"] = json.dumps(header)
    with path.open("wb") as file:
        np.savez_compressed(file, **kept)
    return result


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


def test_a_sum_of_every_byte(tmp_path):
    """No bit of it can turn, no end can be lost, and nothing can be behind it."""
    path = tmp_path / "x.npz"
    result = kstar_distribution(X, list("bba") + ["\u2605"] * 2)
    result.save(path)
    content = path.read_bytes()
    variants = [*flipped(content, bits_of(content, 37))]
    variants += [content[:length] for length in range(0, len(content), 11)]
    variants += [content[length:] for length in range(1, len(content), 61)]
    variants += [content + b"\0", content + content]
    found = noticed(KStarDistribution.load, path, variants, lambda again: False)
    assert found == (len(variants), 0)


@pytest.mark.parametrize("version", [1, 2])
def test_damage_to_files_without_a_sum(version, tmp_path):
    path = tmp_path / "x.npz"
    without = ["foreign_at_zero"] if version == 1 else []
    wanted = saved(path, without=without, format_version=version)
    content = path.read_bytes()
    variants = [*flipped(content, bits_of(content, 13))]
    variants += [content[:length] for length in range(0, len(content), 7)]
    found, _ = noticed(
        KStarDistribution.load,
        path,
        variants,
        lambda again: (
            again.summary() == wanted.summary() and np.array_equal(again.kstar, wanted.kstar)
        ),
    )
    assert found > len(variants) // 2


def test_random_bytes(tmp_path, rng):
    path = tmp_path / "x.npz"
    saved(path)
    content = path.read_bytes()
    noise = [rng.bytes(size) for size in range(0, 600, 7)]
    noise += [content[: -len(tail)] + tail for tail in noise if tail]
    noise += [b"PK\x03\x04" + tail for tail in noise]
    found, _ = noticed(KStarDistribution.load, path, noise, lambda _: False)
    assert found == len(noise)


def archive(path, **members):
    """Write an archive of these members, whatever is in them."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)


def array_file(descr, shape, content=b""):
    header = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\0" + len(header).to_bytes(2, "little") + header[:-1] + b"}" + content


def header_file(text):
    array = io.BytesIO()
    np.save(array, np.array(text))
    return array.getvalue()


@pytest.mark.parametrize(
    "header",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "[1, 2]",
        "3",
        "{",
        '{"format": "kstar_gpu.KStarDistribution"}',
        '{"format": ["kstar_gpu.KStarDistribution"]}',
        '{"format": "kstar_gpu.KStarDistribution", "format_version": 2}',
        '{"format": "kstar_gpu.KStarDistribution", "format_version": ' + "1" * 5000 + "}",
        "\udcff",
    ],
)
def test_headers_that_are_none(header, tmp_path):
    archive(tmp_path / "x.npz", header=header_file(header))
    with pytest.raises(DamagedFileError, match=r"x\.npz: "):
        KStarDistribution.load(tmp_path / "x.npz")


@pytest.mark.parametrize(
    "member",
    [
        array_file("<i8", "(1000000000000,)"),  # 8 TB
        array_file("<i8", "(" + "9" * 18 + ",)"),
        array_file("<i8", "(" + "9" * 5000 + ",)"),
        array_file("|O", "(3,)", b"\x80\x04N."),
        array_file("<U0", "(3,)"),
        array_file("<U999999999", "(3,)"),
        array_file("<i3", "(3,)", bytes(9)),
        array_file("<i8", "(3, 1)", bytes(24)),
        array_file("<i8", "()", bytes(8)),
        array_file("<i8", "(3,)", bytes(23)),
        array_file("<f8", "(3,)", bytes(24)),
        array_file("<i8", "(" * 200 + "3,)", bytes(24)),
        b"",
        b"\x93NUMPY\x03\0\xff\xff\xff\xff",
    ],
)
def test_members_that_are_none(member, tmp_path):
    saved(tmp_path / "x.npz")
    with zipfile.ZipFile(tmp_path / "x.npz") as file:
        members = {name.removesuffix(".npy"): file.read(name) for name in file.namelist()}
    archive(tmp_path / "x.npz", **members)
    KStarDistribution.load(tmp_path / "x.npz")
    archive(tmp_path / "x.npz", **members | {"kstar": member})
    with pytest.raises(
        DamagedFileError, match=r"x\.npz: (the file is damaged: |it holds pickled objects)"
    ):
        KStarDistribution.load(tmp_path / "x.npz")


def test_nothing_grows_without_measure(tmp_path):
    """A file of a hundredth of what it would become is refused before it becomes that."""
    saved(tmp_path / "x.npz")
    with zipfile.ZipFile(tmp_path / "x.npz") as file:
        members = {name.removesuffix(".npy"): file.read(name) for name in file.namelist()}
    members["kstar"] = array_file("<i8", f"({1 << 24},)", bytes(1 << 27))
    archive(tmp_path / "x.npz", **members)
    assert (tmp_path / "x.npz").stat().st_size < 1 << 20
    tracemalloc.start()
    with pytest.raises(DamagedFileError, match="it would become too large"):
        KStarDistribution.load(tmp_path / "x.npz")
    assert tracemalloc.get_traced_memory()[1] < 1 << 22
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (6, 1, "encrypted"),
        (8, 99, "compression"),
        (8, 12, "another compression"),  # bzip2
        (28, 0xFFFF, ""),
        (42, 0xFFFFFFF0, ""),
    ],
)
def test_entries_that_are_none(place, value, message, tmp_path):
    """In the directory of the archive and in the entry itself."""
    saved(tmp_path / "x.npz")
    content = bytearray((tmp_path / "x.npz").read_bytes())
    entry = content.index(b"PK\x01\x02")
    size = 4 if value > 0xFFFF else 2
    local = {6: 6, 8: 8}.get(place)
    content[entry + place + 2 * (place < 10) : entry + place + 2 * (place < 10) + size] = (
        value.to_bytes(size, "little")
    )
    if local is not None:
        content[local : local + 2] = value.to_bytes(2, "little")
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(DamagedFileError, match=rf"x\.npz: .*({message})"):
        KStarDistribution.load(tmp_path / "x.npz")


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
