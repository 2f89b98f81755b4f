"""What is not installed is named, with the extra that brings it."""

import json
import sys

import pytest

from kstar_gpu import kstar_distribution
from kstar_gpu.extras import import_extra, import_pandas


def test_what_is_there_is_returned():
    assert import_extra("json", "none", "nothing") is json


def test_what_is_missing_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)  # importing it fails now
    with pytest.raises(
        ImportError, match=r'^to_frame needs pandas: pip install "kstar-gpu\[frames\]"'
    ):
        import_pandas()
    with pytest.raises(ImportError, match=r"^confused needs pandas: pip install"):
        kstar_distribution([[0.0], [1.0]], [0, 1], return_foreign=True).confused()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("raise RuntimeError('operator built::nms does not exist')", "operator built::nms"),
        ("raise ImportError('cannot import name')", "cannot import name"),
        ("raise OSError('libcudart.so: cannot open')", "libcudart"),
        ("import of_no_package", "No module named 'of_no_package'"),
    ],
)
def test_what_does_not_load_is_not_called_missing(tmp_path, monkeypatch, content, why):
    (tmp_path / "built.py").write_text(content)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match=f"^built is installed, but does not load: .*{why}"):
        import_extra("built", "zoo", "built is needed for that")
