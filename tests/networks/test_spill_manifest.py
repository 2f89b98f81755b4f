"""The manifest of a spill: what it says is what was written, and nothing leads elsewhere."""

import json
import re

import pytest

from kstar_gpu.checked_json import read_checked, write_checked
from kstar_gpu.files import DamagedFileError
from kstar_gpu.networks.spill_manifest import (
    MANIFEST,
    FileEntry,
    Manifest,
    begin_manifest,
    layer_file_name,
    note_made_from,
    read_manifest,
    spilled_before,
    write_manifest,
)

OTHER = layer_file_name(1, "../x")
WHOLE = Manifest(
    5,
    {
        "fc": FileEntry("000_fc.npy", (3,), "float32", 64 * "a"),
        "../x": FileEntry(OTHER, (), "int8", 64 * "b"),
    },
    FileEntry("labels.npy", (), "int64", 64 * "c"),
    {"data": "cats"},
)


def test_what_was_written_comes_back(tmp_path):
    write_manifest(tmp_path, WHOLE, {"pool": "auto"})
    assert read_manifest(tmp_path) == WHOLE
    assert json.loads((tmp_path / MANIFEST).read_text())["pool"] == "auto"
    files = [MANIFEST, "labels.npy", "000_fc.npy", OTHER]
    assert spilled_before(tmp_path) == files
    note_made_from(tmp_path, {"model": "m", "data": "dogs"})
    assert read_manifest(tmp_path).made_from == {"model": "m", "data": "dogs"}
    assert json.loads((tmp_path / MANIFEST).read_text())["pool"] == "auto"


def test_what_is_not_finished(tmp_path):
    for _ in range(2):
        with pytest.raises(ValueError, match="a finished spill of activations is wanted, got none"):
            read_manifest(tmp_path)
        with pytest.raises(ValueError, match="a finished spill of activations is wanted, got none"):
            note_made_from(tmp_path, {})
        begin_manifest(tmp_path, ["fc"])
    assert spilled_before(tmp_path) == [MANIFEST, "labels.npy", "000_fc.npy"]


def test_no_flipped_bit_is_believed(tmp_path):
    write_manifest(tmp_path, WHOLE, {"pool": "auto"})
    content = (tmp_path / MANIFEST).read_bytes()
    noticed = 0
    for place in range(8 * len(content)):
        damaged = bytearray(content)
        damaged[place // 8] ^= 1 << place % 8
        (tmp_path / MANIFEST).write_bytes(damaged)
        try:
            assert read_manifest(tmp_path) == WHOLE
        except DamagedFileError:
            noticed += 1
    assert noticed > 6 * len(content)


SWAPPED = {"fc": WHOLE.layers["../x"]._asdict(), "../x": WHOLE.layers["fc"]._asdict()}


@pytest.mark.parametrize(
    "change",
    [
        {"samples": 0},
        {"samples": True},
        {"samples": "5"},
        {"samples": 5.0},
        {"samples": None},
        {"version": 1},
        {"version": 3},
        {"format": "kstar_gpu.sweep"},
        {"made_from": []},
        {"layers": []},
        {"layers": None},
        {"layers": {"fc": None}},
        {"layers": SWAPPED},
        {"label_file": {}},
        {"label_file": WHOLE.label_file._asdict() | {"shape": [2]}},
        {"label_file": WHOLE.label_file._asdict() | {"more": 1}},
        *(
            {"layers": {"fc": WHOLE.layers["fc"]._asdict() | change}}
            for change in (
                {"file": "../000_fc.npy"},
                {"file": "/etc/passwd"},
                {"file": None},
                {"shape": [-1]},
                {"shape": [True]},
                {"shape": ["3"]},
                {"shape": 3},
                {"shape": {}},
                {"dtype": "object"},
                {"dtype": "|O"},
                {"dtype": ["float32"]},
                {"dtype": "float32 "},
                {"sha256": "a"},
                {"sha256": 7},
                {"more": 1},
            )
        ),
    ],
    ids=str,
)
def test_a_manifest_that_nobody_has_written(change, tmp_path):
    """Though its sum is right: somebody may have made it on purpose."""
    write_manifest(tmp_path, WHOLE, {})
    write_checked(tmp_path / MANIFEST, read_checked(tmp_path / MANIFEST) | change)
    with pytest.raises(DamagedFileError, match=re.escape(f"{tmp_path / MANIFEST}: ")):
        read_manifest(tmp_path)


def test_a_manifest_that_lacks_something(tmp_path):
    write_manifest(tmp_path, WHOLE, {})
    whole = read_checked(tmp_path / MANIFEST)
    for name in whole:
        write_checked(tmp_path / MANIFEST, {key: whole[key] for key in whole if key != name})
        with pytest.raises(ValueError, match=re.escape(str(tmp_path))):
            read_manifest(tmp_path)


@pytest.mark.parametrize(
    "content", ["{}", '{"format": "kstar_gpu.activations", "layers": {}}', "x"]
)
def test_of_what_is_something_else_nothing_is_known(content, tmp_path):
    (tmp_path / MANIFEST).write_text(content)
    assert spilled_before(tmp_path) == []
    with pytest.raises(DamagedFileError, match=r"manifest\.json: the file is damaged"):
        read_manifest(tmp_path)
    write_checked(tmp_path / MANIFEST, {"format": "other", "layers": {"a": 1}})
    assert spilled_before(tmp_path) == []
