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
