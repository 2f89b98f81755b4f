"""Whether a compiled extension is there, and what is said of one that is missing."""

import sys

import pytest

from kstar_gpu.engines import status


def test_an_extension_that_is_there():
    assert status.extension_status("json.decoder") == (True, "compiled extension json.decoder")


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ('{"kstar_gpu.engines.cpu._cpu": "CompileError: no g++"}', "CompileError: no g++"),
        ("{}", "None in sys.modules"),
        (None, "None in sys.modules"),
    ],
)
def test_a_missing_one_says_why_it_was_not_built(record, reason, monkeypatch, tmp_path):
    if record is not None:
        (tmp_path / "_build_failures.json").write_text(record)
    monkeypatch.setattr(status, "files", lambda package: tmp_path)
    monkeypatch.setitem(sys.modules, "kstar_gpu.engines.cpu._cpu", None)
    available, detail = status.extension_status("kstar_gpu.engines.cpu._cpu")
    assert not available
    assert detail.startswith("kstar_gpu.engines.cpu._cpu was not built when the package was: ")
    assert reason in detail


def test_one_that_finds_no_room_is_not_missing(monkeypatch):
    monkeypatch.setattr(status, "LOADED_BYTES", 1 << 60)
    monkeypatch.setitem(sys.modules, "kstar_gpu.engines.cpu._cpu", None)
    with pytest.raises(MemoryError):
        status.extension_status("kstar_gpu.engines.cpu._cpu")
