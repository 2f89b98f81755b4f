"""Files of the user's are modules of their own: they replace nothing, and nothing replaces them."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch

from kstar_gpu import Sweep, cli
from kstar_gpu.user_files import checking_imports, load_file

NET = """
from dataclasses import dataclass
import numpy, torch
from torch import nn
{more}
@dataclass
class Size:
    width: int = 3

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(Size().width, 2)

    def forward(self, x):
        return self.fc(x)

def net():
    torch.manual_seed(0)
    return Net()

def double(image):
    return 2 * image
"""
OURS = ["torch", "numpy", "kstar_gpu", "scipy", "tqdm", "json", "pickle"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Run each test in a folder of its own, after which modules are what they were."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    for name, module in [*sys.modules.items()]:
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.mark.parametrize("name", [*OURS, "pandas", "__main__", "user_files", "nets", "my.nets"])
def test_no_module_is_replaced_whatever_the_file_is_called(name, folder):
    (folder / f"{name}.py").write_text(NET.format(more=""))
    before = sys.modules.get(name)
    net = load_file(folder / f"{name}.py").net()
    assert net(torch.ones(1, 3)).shape == (1, 2)
    assert sys.modules.get(name) is before
    assert type(pickle.loads(pickle.dumps(net))) is type(net)


def test_a_file_named_as_torch_on_the_command_line(folder):
    (folder / "torch.py").write_text(NET.format(more=""))
    rng = np.random.default_rng(0)
    np.savez("data.npz", inputs=rng.random((9, 3), np.float32), labels=np.arange(9) % 3)
    command = ["sweep", "--model", "torch.py:net", "--data", "data.npz", "--layers", "fc"]
    for _ in range(2):  # the second time, nothing is left to do
        assert cli.main([*command, "--out", "runs"]) == 0
    assert sys.modules["torch"] is torch
    assert [key.model for key in Sweep.load("runs").results] == ["torch.net"]


def test_what_lies_beside_the_file_replaces_nothing(folder):
    for name in (*OURS, "pandas", "networkx"):
        (folder / f"{name}.py").write_text("raise RuntimeError('not the one that is installed')")
    (folder / "model").mkdir()
    (folder / "model" / "__init__.py").write_text("width = 7")
    (folder / "helper_of_mine.py").write_text("import model\nheight = model.width")
    (folder / "nets.py").write_text(NET.format(more="import helper_of_mine, json, pickle, scipy"))
    module = load_file(folder / "nets.py")
    assert module.helper_of_mine.height == 7
    assert module.torch is torch
    assert module.net().fc.weight.shape == (2, 3)
    import pandas  # later, and by ours

    assert pandas.DataFrame


def test_an_import_that_is_not_of_what_lies_beside_is_told(folder):
    sys.modules.pop("wave", None)  # of Python
    (folder / "wave.py").write_text("mine = True")
    (folder / "torch.py").touch()  # nobody could have expected that one
    (folder / "nets.py").write_text("import torch, wave")
    told = r"nets\.py imports wave, which is not that beside it, but .*lib.*wave\.py; PYTHONPATH="
    with pytest.warns(UserWarning, match=told) as warned, checking_imports(folder / "nets.py"):
        assert not hasattr(load_file(folder / "nets.py").wave, "mine")
    assert len(warned) == 1


PROGRAM = """
import sys
from pathlib import Path
import torch
from torch.utils.data import DataLoader
from kstar_gpu.user_files import load_file

if __name__ == "__main__":
    made = load_file(Path("../torch.py")).stack
    for way in ("fork", "spawn"):
        loader = DataLoader(
            torch.arange(4.0), 2, num_workers=1, multiprocessing_context=way, collate_fn=made
        )
        print([batch.tolist() for batch in loader])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="does not fork")
def test_workers_find_what_a_file_has_defined(folder):
    (folder / "work").mkdir()
    (folder / "work" / "program.py").write_text(PROGRAM)
    (folder / "beside_it.py").write_text("factor = 2")
    more = "from beside_it import factor\ndef stack(x): return factor * torch.stack(x)"
    (folder / "torch.py").write_text(NET.format(more=more))
    program = [sys.executable, "program.py"]
    found = subprocess.run(program, capture_output=True, text=True, cwd=folder / "work")
    assert found.stdout == 2 * "[[0.0, 2.0], [4.0, 6.0]]\n", found.stderr
