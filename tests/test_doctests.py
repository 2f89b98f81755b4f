"""The examples in docstrings run, and give what they say.

They may use what is public, `features` and `labels` of three classes, their `result`, `other`, a
`model` with the layers "encoder" and "head", and a `loader` for it.
"""

import doctest
import importlib

import numpy as np
import pytest
import torch
from helpers import house

import kstar_gpu

NEEDS = {"kstar_gpu.integrations.torchmetrics": ["torchmetrics"]}
NEEDS |= {"kstar_gpu.plot": ["matplotlib"]}
# What others give, and errors.
WITHOUT = {"Activations", "Comparison", "KStarForeign", "LabelNull", "Sweep"}
WITHOUT |= {"DamagedFileError", "LayerError"}
WITH_EXAMPLES = [
    name for name, path in house.modules().items() if ">>> " in path.read_text(encoding="utf-8")
]

FEATURES = np.random.default_rng(0).standard_normal((60, 4))
LABELS = np.repeat(["ant", "bee", "cat"], 20)
FEATURES[LABELS == "ant"] += 2
GIVEN = {name: getattr(kstar_gpu, name) for name in kstar_gpu.__all__}
GIVEN |= {"np": np, "kstar_gpu": kstar_gpu, "features": FEATURES, "labels": LABELS}
GIVEN["model"] = torch.nn.Sequential()
GIVEN["model"].add_module("encoder", torch.nn.Linear(4, 8))
GIVEN["model"].add_module("head", torch.nn.Linear(8, 3))
GIVEN["loader"] = [(torch.from_numpy(FEATURES).float(), torch.arange(3).repeat_interleave(20))]
GIVEN["result"] = kstar_gpu.kstar_distribution(FEATURES, LABELS)
GIVEN["other"] = kstar_gpu.kstar_distribution(FEATURES[:, :2], LABELS)


def needed(module):
    """Return what the examples of a module, or of its room, are in need of."""
    return NEEDS.get(module, NEEDS.get(module.rpartition(".")[0], []))


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_give_what_they_say(name, tmp_path, monkeypatch):
    for package in needed(name):
        pytest.importorskip(package)
    monkeypatch.chdir(tmp_path)  # for those that write files
    found = doctest.testmod(importlib.import_module(name), extraglobs=GIVEN)
    assert found.attempted > 0
    assert found.failed == 0


def test_public_functions_have_examples():
    public = [name for name in kstar_gpu.__all__ if name != "__version__"]
    without = {name for name in public if ">>> " not in (getattr(kstar_gpu, name).__doc__ or "")}
    assert without == WITHOUT
