"""`kstar-gpu layers`: names, stages and shapes, from a file of Python."""

import numpy as np
import pytest
import torch
from helpers.command_line import error_of
from torch import nn

from kstar_gpu import Sweep, cli

NETS = """
import torch
from torch import nn

def network():
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 16, 3))

def with_transform():
    return network(), lambda picture: torch.zeros(1, 6, 6) + picture.width * 0

class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(2, 3)

    def forward(self, left, right):
        return self.body(left + right)

def picky():
    return nn.Linear(7, 2), lambda picture: torch.zeros(3)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch, rng):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets.py").write_text(NETS)
    inputs = rng.standard_normal((12, 1, 6, 6))
    np.savez("images.npz", inputs=inputs, labels=np.arange(12) % 3)
    return tmp_path


def listed(capsys, *arguments):
    assert cli.main(["layers", *arguments]) == 0
    return [line.split(maxsplit=3) for line in capsys.readouterr().out.splitlines()]


SHAPES = [
    ["0", "*", "Conv2d", "N, 4, 4, 4"],
    ["1", "ReLU", "N,", "4, 4, 4"],
    ["2", "Flatten", "N,", "64"],
    ["3", "*", "Linear", "N, 3"],
]


def test_with_data(capsys):
    assert listed(capsys, "nets.py:network", "--data", "images.npz") == SHAPES
    assert listed(capsys, "nets.py:network", "--data", "images.npz", "--layers", "3") == SHAPES[3:]


def test_with_inputs_by_name(capsys):
    np.savez("two.npz", left=np.ones((12, 2)), right=np.ones((12, 2)), labels=np.arange(12) % 3)
    assert listed(capsys, "nets.py:Two", "--data", "two.npz") == [["body", "*", "Linear", "N, 3"]]


def test_with_a_transform(capsys):
    pytest.importorskip("PIL")
    assert listed(capsys, "nets.py:with_transform") == SHAPES


def test_with_neither(capsys):
    *lines, _, told = listed(capsys, "nets.py:network")
    assert lines[0] == ["0", "*", "Conv2d", "-"]
    assert " ".join(told).startswith("without shapes: --data FILE gives")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["nets.py:network", "--layers", "9"], "layers: the model has no module named '9'"),
        (
            ["nets.py:network", "--data", "none.npz"],
            "--data: none.npz: there is no such file",
        ),
        (["nets.py:picky"], "the model failed: RuntimeError: mat1 and mat2 shapes cannot be multi"),
        (["nets.py:network", "--data", "."], "--data: . holds pictures, and what makes inputs of"),
        (["nets.py"], "hf:NAME or FILE.py:FACTORY is wanted, got 'nets.py'"),
    ],
)
def test_what_does_not_fit_is_one_line(given, message, capsys):
    assert message in error_of(capsys, "layers", *given)


def sweep(*more):
    return ["sweep", "--model", "nets.py:network", "--data", "images.npz", "--out", "runs", *more]


def test_a_sweep_takes_the_stages_where_none_are_named(capsys):
    torch.manual_seed(0)
    assert cli.main(sweep()) == 0
    assert [key.layer for key in Sweep.load("runs").results] == ["0", "3"]


def test_a_sweep_of_a_checkpoint(capsys):
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 16, 3))
    for name in ("best", "last"):
        nn.init.normal_(model[0].weight)
        torch.save({"state_dict": model.state_dict()}, f"{name}.ckpt")
        assert cli.main(sweep("--checkpoint", f"{name}.ckpt", "--table", f"{name}.csv")) == 0
    found = Sweep.load("runs").results
    names = [(f"nets.network@{name}", layer) for name in ("best", "last") for layer in "03"]
    assert [(key.model, key.layer) for key in found] == names
    assert cli.main(sweep("--checkpoint", "last.ckpt")) == 0  # all is there, of the same weights
    nn.init.normal_(model[0].weight)
    torch.save(model.state_dict(), "last.ckpt")
    assert "was made with model_sha256" in error_of(capsys, *sweep("--checkpoint", "last.ckpt"))
    assert "lacks 0.bias" in error_of(capsys, *sweep("--checkpoint", written({"0.weight": 1})))
    assert "there is no such file" in error_of(capsys, *sweep("--checkpoint", "none.pt"))
    two = ["sweep", "--model", "nets.py:network", "nets.py:picky", "--data", "images.npz"]
    error = error_of(capsys, *two, "--out", "runs", "--checkpoint", "last.ckpt")
    assert "--checkpoint: one model is wanted with it, got 2" in error


def written(entries):
    """Write a checkpoint of these weights."""
    torch.save({name: torch.ones(size) for name, size in entries.items()}, "part.pt")
    return "part.pt"
