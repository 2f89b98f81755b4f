"""The example of many ranks, started by torchrun, finds what one process does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader

from kstar_gpu import kstar
from kstar_gpu.networks.activations import activations

SCRIPT = Path(__file__).parents[2] / "examples" / "many_ranks.py"


@pytest.mark.skipif(not torch.distributed.is_available(), reason="no torch.distributed")
def test_many_ranks(monkeypatch):
    monkeypatch.syspath_prepend(SCRIPT.parent)
    import many_ranks

    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    # Not by its exit status: torch's processes over gloo abort at their exit, once in a while.
    ended = subprocess.run([*torchrun, SCRIPT], timeout=300, stdout=subprocess.PIPE, text=True)
    told = dict(re.findall(r"layer (.): mean k\*/class size (0\.\d+)", ended.stdout))
    found = activations(many_ranks.network(), DataLoader(many_ranks.digits(), 256), ["?"])
    assert [*told] == [*found.features] == ["0", "1", "2"]
    for name, features in found.features.items():
        mean = kstar(features, found.labels, normalize=True).mean()
        # Of other batches a forward pass may have other last bits.
        assert float(told[name]) == pytest.approx(float(mean), rel=0.01)
