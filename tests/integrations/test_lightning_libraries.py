"""A callback for the trainers of whichever library is there."""

import importlib
import sys

import pytest

pytest.importorskip("lightning", reason="lightning: pip install lightning")
pytest.importorskip("pytorch_lightning", reason="pytorch_lightning: pip install pytorch-lightning")

import lightning.pytorch
import pytorch_lightning

from kstar_gpu.integrations import lightning_libraries


def test_trainers_of_both_libraries_know_it():
    wanted = lightning.pytorch.Callback, pytorch_lightning.Callback
    assert lightning_libraries.Callback.__bases__ == wanted


def test_one_of_the_libraries_will_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "lightning.pytorch", None)  # importing it fails now
    wanted = (pytorch_lightning.Callback,)
    assert lightning_libraries.callback_of_all().__bases__ == wanted
    monkeypatch.setitem(sys.modules, "pytorch_lightning", None)
    with pytest.raises(ImportError, match=r'pip install "kstar-gpu\[lightning\]"'):
        importlib.reload(lightning_libraries)
