"""`kstar-gpu info`: versions, backends, and devices."""

import sys
from importlib.metadata import version

import numpy as np
import torch

from kstar_gpu import cli
from kstar_gpu.commands import info
from kstar_gpu.engines.registry import BackendStatus


def test_info(capsys, monkeypatch):
    statuses = {
        "torch": BackendStatus(True, "torch on 2 threads"),
        "cpu": BackendStatus(False, "no compiler"),
    }
    monkeypatch.setattr(info, "available_backends", lambda: statuses)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert cli.main(["info"]) == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["kstar-gpu", version("kstar-gpu")],
        ["Python", sys.version.split()[0]],
        ["torch", torch.__version__],
        ["numpy", np.__version__],
        ["threads", str(torch.get_num_threads())],
        ["backend", "torch available: torch on 2 threads"],
        ["backend", "cpu   not available: no compiler"],
        ["CUDA", "devices  none that torch sees"],
    ]


def test_info_lists_cuda_devices(capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: f"Device {index}")
    assert cli.main(["info"]) == 0
    printed = capsys.readouterr().out
    assert "cuda:0        Device 0\ncuda:1        Device 1\n" in printed
    assert "none that torch sees" not in printed
