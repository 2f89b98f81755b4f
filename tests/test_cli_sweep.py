"""`kstar-gpu sweep` and then `kstar-gpu report`: from files to a page."""

import sys

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from kstar_gpu import Sweep, activations, cli, kstar

MODEL = """
import torch
from torch import nn

def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 16, 3))

number = 3

def nothing():
    return None
"""


@pytest.fixture
def folder(tmp_path, monkeypatch, rng):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets.py").write_text(MODEL)
    np.savez(
        "images.npz",
        inputs=rng.standard_normal((60, 1, 6, 6)).astype(np.float32),
        labels=np.arange(60) % 3,
        class_names=["cat", "dog", "eel"],
    )
    return tmp_path


def command(model="nets.py:network", data="images.npz", *more):
    return ["sweep", "--model", model, "--data", data, "--layers", "0", "3", "--out", "runs", *more]


def test_from_files_to_a_page(folder, capsys):
    assert cli.main(command("nets.py:network", "images.npz", "--batch", "25")) == 0
    printed = capsys.readouterr().out
    assert "\n3\nk* distribution: 60 samples, 3 classes, euclidean\n" in printed
    assert "eel" in printed
    results = Sweep.load("runs")
    assert [*results.results] == [("nets.network", "images", layer) for layer in ("0", "3")]
    data = np.load("images.npz")
    namespace = {}
    exec(MODEL, namespace)
    samples = TensorDataset(torch.tensor(data["inputs"]), torch.tensor(data["labels"]))
    loader = DataLoader(samples, batch_size=25)  # the same batches: other ones may round otherwise
    features = activations(namespace["network"](), loader, ["0"]).features["0"]
    wanted = kstar(features.numpy(), data["labels"])
    np.testing.assert_array_equal(results["nets.network", "images", "0"].kstar, wanted)
    assert cli.main(command()) == 0  # all is there
    assert cli.main(["report", "runs"]) == 0
    assert (folder / "runs" / "report.html").is_file()


def test_numbers_of_numpy_and_labels_of_any_kind(folder, capsys, rng):
    labels = np.array(["eel", "cat", "dog"])[np.arange(30) % 3]
    np.savez("wide.npz", inputs=rng.standard_normal((30, 1, 6, 6)), labels=labels)
    assert cli.main(command("nets.py:network", "wide.npz")) == 0
    assert Sweep.load("runs")["nets.network", "wide", "3"].class_names == ("cat", "dog", "eel")
    np.savez("short.npz", inputs=np.zeros((30, 1, 6, 6)), labels=labels[:9])
    assert cli.main(command("nets.py:network", "short.npz")) == 2
    assert "one label per input is wanted (30), got 9" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["nets.py"], "timm:NAME, torchvision:NAME or FILE.py:FACTORY is wanted, got 'nets.py'"),
        (["nets.py:missing"], "model: nets.py has no function 'missing'"),
        (["nets.py:number"], "model: nets.py has no function 'number'"),
        (
            ["nets.py:nothing"],
            "nothing must return a torch.nn.Module, or one and its transform, got NoneT",
        ),
        (["images.npz:network"], "FILE.py:FACTORY is wanted, got 'images.npz:network'"),
        (["none.py:network"], "model: there is no file none.py"),
        (["timm:resnet18"], 'timm is needed for that: pip install "kstar-gpu[zoo]"'),
        (["torchvision:resnet18"], 'torchvision is needed for that: pip install "kstar-gpu[zoo]"'),
        (["nets.py:network", "."], "--data: a folder of pictures is wanted with timm:NAME"),
        (["nets.py:network", "none.npz"], "none.npz: there is no such file"),
        (["nets.py:network", "images.npz", "--batch", "0"], "--batch: at least 1 is wanted, got 0"),
        (["nets.py:network", "images.npz", "--pool", "max"], "pool: auto, flatten, mean, cls or"),
    ],
)
def test_what_does_not_fit_is_told_in_one_line(given, message, folder, capsys, monkeypatch):
    for library in ("timm", "torchvision"):
        monkeypatch.setitem(sys.modules, library, None)  # as if it were not installed
    assert cli.main(command(*given)) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
