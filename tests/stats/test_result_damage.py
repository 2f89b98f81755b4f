"""Damage to files of results: what is read is right, or one error names the file; nothing grows."""

import io
import tracemalloc
import zipfile

import numpy as np
import pytest
from helpers.damage import bits_of, flipped, noticed
from helpers.earlier_results import saved

from kstar_gpu import KStarDistribution, kstar_distribution
from kstar_gpu.files import DamagedFileError

X, Y = [[0.0], [1.0], [1.0], [5.0], [6.0]], [0, 0, 1, 1, 1]


def test_a_sum_of_every_byte(tmp_path):
    """No bit of it can turn, no end can be lost, and nothing can be behind it."""
    path = tmp_path / "x.npz"
    result = kstar_distribution(X, list("bba") + ["\u2605"] * 2)
    result.save(path)
    content = path.read_bytes()
    variants = [*flipped(content, bits_of(content, 97))]
    variants += [content[:length] for length in range(0, len(content), 31)]
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
    variants = [*flipped(content, bits_of(content, 29))]
    variants += [content[:length] for length in range(0, len(content), 17)]
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
