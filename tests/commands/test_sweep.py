"""`kstar-gpu sweep` and then `kstar-gpu report`: from files to a page."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from kstar_gpu import Sweep, activations, cli, kstar
from kstar_gpu.commands import sweep

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
    assert printed.endswith("\nas a page: kstar-gpu report runs\n")
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


def several(*more):
    """A sweep of two models over two data sets."""
    models, data = ["nets.py:network", "nets.py:other"], ["images.npz", "noisy.npz"]
    layers = ["--layers", "3", "--batch", "25"]
    return ["sweep", "--model", *models, "--data", *data, *layers, "--out", "runs", *more]


@pytest.fixture
def pairs(folder, rng):
    (folder / "nets.py").write_text(MODEL + OTHER)
    inputs = rng.standard_normal((60, 1, 6, 6)).astype(np.float32)
    np.savez("noisy.npz", inputs=inputs, labels=np.arange(60) % 4)
    return [
        (f"nets.{model}", data) for model in ("network", "other") for data in ("images", "noisy")
    ]


OTHER = """
def other():
    torch.manual_seed(1)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 16, 3))
"""


def test_several_models_and_data_sets(pairs, capsys):
    assert cli.main(several()) == 0
    printed = capsys.readouterr().out
    titles = [line for line in printed.splitlines() if line.endswith("/3")]
    assert titles == [f"{model}/{data}/3" for model, data in pairs]
    assert [key[:2] for key in Sweep.load("runs").results] == pairs


@pytest.mark.parametrize("jobs", [1, 3, 5])
def test_shards(jobs, pairs, capsys):
    """All of them together are the whole, and each does its own part alone."""
    assert cli.main(several("--out", "whole")) == 0
    whole = Sweep.load("whole")
    seen = 0
    for number in range(jobs):
        capsys.readouterr()
        assert cli.main(several("--shard", f"{number + 1}/{jobs}")) == 0
        printed = capsys.readouterr().out
        own = len(pairs[number::jobs])
        assert printed.count("k* distribution: ") == own
        assert printed.startswith("shard ") == (own == 0)
        seen += own
        assert len(Sweep.load("runs")) == seen
    found = Sweep.load("runs")
    assert [*found.results] == [*whole.results]
    for key, result in whole.results.items():
        np.testing.assert_array_equal(found[key].kstar, result.kstar)


@pytest.mark.parametrize("shard", ["0/3", "4/3", "x"])
def test_shards_that_are_none(shard, pairs, capsys):
    assert cli.main(several("--shard", shard)) == 2
    assert "error: shard: I/N is wanted" in capsys.readouterr().err


def test_failures_of_several_say_whose_they_are(pairs, capsys):
    np.savez("noisy.npz", inputs=np.zeros((9, 1, 6, 6), np.float32), labels=np.zeros(9, int))
    assert cli.main(several()) == 2
    printed = capsys.readouterr()
    assert "nets.network/noisy/3: ValueError: labels: at least two" in printed.err
    assert printed.err.count("\n") == 1
    assert "nets.other/images/3" in printed.out


def test_a_pool_of_no_layer_of_several(pairs, capsys):
    pool = ("--pool", "3=flatten", "9=mean")
    with pytest.warns(UserWarning, match="pool: there is no layer '9'"):
        assert cli.main(several(*pool)) == 0
    assert cli.main(several(*pool, "--shard", "1/2")) == 0  # others may have it


def test_a_store_of_objects(pairs, capsys, tmp_path):
    assert cli.main(several("--out", "memory://cli/runs")) == 0
    assert len(Sweep.load("memory://cli/runs")) == 4
    assert cli.main(["report", "memory://cli/runs"]) == 2
    assert "--out: a path is wanted" in capsys.readouterr().err
    assert cli.main(["report", "memory://cli/runs", "--out", "page.html"]) == 0
    assert "k* of layers: memory://cli/runs" in (tmp_path / "page.html").read_text()


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
        (
            ["nets.py"],
            "hf:NAME or FILE.py:FACTORY is wanted, got 'nets.py'",
        ),
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
        (
            ["nets.py:network", "."],
            "--data: . holds pictures, and what makes inputs of them is not",
        ),
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


FAULTS = """
import sys
import torch
from torch import nn

def network():
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(4 * 16, 3))

class Picky(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(1, 1)

    def forward(self, x):
        return {}["missing"]

def picky():
    return Picky()

def breaks():
    return 1 / 0

def ends():
    sys.exit("bye")
"""


@pytest.mark.parametrize(
    ("model", "data", "message"),
    [
        ("faults.py:network", "bytes.npz", "the model failed: RuntimeError: Input type (unsigned"),
        ("faults.py:network", "flat.npz", "the model failed: RuntimeError: "),
        ("faults.py:picky", "images.npz", "the model failed: KeyError: 'missing' (faults.py, line"),
        ("faults.py:breaks", "images.npz", "faults.py:breaks failed: ZeroDivisionError: division"),
        ("faults.py:ends", "images.npz", "model: faults.py ends the program, in the place of a m"),
        ("ends.py:network", "images.npz", "model: ends.py ends the program, in the place of a mod"),
        ("syntax.py:network", "images.npz", "syntax.py failed: SyntaxError: "),
        ("imports.py:network", "images.npz", "imports.py failed: ModuleNotFoundError: No module"),
        ("nets.py:network", "text.npz", "text.npz: an array of inputs and one of labels"),
        ("nets.py:network", "one.npz", "one.npz: an array of inputs and one of labels"),
        ("nets.py:network", "tuple.pt", "tuple.pt has no entry 'labels'"),
        (
            "nets.py:network",
            "nested.pt",
            "nested.pt: an array is wanted as entry 'inputs', got dict",
        ),
    ],
)
def test_what_fails_in_code_or_files_of_the_user_is_one_line(model, data, message, folder, capsys):
    (folder / "faults.py").write_text(FAULTS)
    (folder / "ends.py").write_text("raise SystemExit")
    (folder / "syntax.py").write_text("def network(:")
    (folder / "imports.py").write_text("import nothing_of_that_name")
    labels = np.arange(60) % 3
    np.savez("bytes.npz", inputs=np.zeros((60, 1, 6, 6), np.uint8), labels=labels)
    np.savez("flat.npz", inputs=np.zeros((60, 6), np.float32), labels=labels)
    np.savez("text.npz", inputs=np.array(["a"] * 60), labels=labels)
    np.savez("one.npz", inputs=np.float32(3), labels=labels)
    torch.save((torch.zeros(60, 1, 6, 6), torch.tensor(labels)), "tuple.pt")
    torch.save({"inputs": {"x": torch.zeros(60)}, "labels": torch.tensor(labels)}, "nested.pt")
    layer = "layer" if "picky" in model else "0"
    given = ["--model", model, "--data", data, "--layers", layer, "--out", "runs"]
    assert cli.main(["sweep", *given]) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""


@pytest.mark.parametrize("device", ["meta", "mps", "xpu", "cuda:99", "abacus", ""])
def test_devices_that_are_not_there(device, folder, capsys):
    if device in ("mps", "xpu") and getattr(torch, device).is_available():
        pytest.skip("it is there")
    assert cli.main(command("nets.py:network", "images.npz", "--device", device)) == 2
    error = capsys.readouterr().err
    assert "device: " in error
    assert error.count("\n") == 1


def test_a_fault_of_ours_is_not_hidden(folder, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("ours")

    monkeypatch.setattr(sweep, "sweep_pairs", broken)
    with pytest.raises(RuntimeError, match="ours"):
        cli.main(command())


def test_layers_that_fail_are_told_once(folder, recwarn, capsys):
    np.savez("same.npz", inputs=np.zeros((60, 1, 6, 6), np.float32), labels=np.zeros(60, int))
    assert cli.main(command("nets.py:network", "same.npz")) == 2
    error = capsys.readouterr().err
    assert "0: ValueError: labels: at least two classes are wanted, got 1" in error
    assert error.count("\n") == 1
    assert not recwarn.list


def test_a_damaged_file_is_told_in_one_line(folder, capsys):
    assert cli.main(command()) == 0
    (path,) = (folder / "runs").rglob("0.npz")
    path.write_bytes(path.read_bytes()[:-1])
    assert cli.main(["report", "runs"]) == 2
    error = capsys.readouterr().err
    assert "0.npz: the file is damaged" in error
    assert error.count("\n") == 1
    with pytest.warns(UserWarning, match=r"0\.npz: the file is damaged"):
        assert cli.main(command()) == 0
    assert cli.main(["report", "runs"]) == 0


def test_a_directory_of_a_version_before(tmp_path, capsys):
    (tmp_path / "net" / "data").mkdir(parents=True)
    (tmp_path / "net" / "data" / "run.json").write_text("{}")
    assert cli.main(["report", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "run.json: the directory was made by another version of kstar_gpu" in error
    assert error.count("\n") == 1


def test_a_pool_for_each_layer(folder, capsys):
    layers = ("--pool", "0=channels_last", "?=flatten")
    assert cli.main(command("nets.py:network", "images.npz", "--batch", "25", *layers)) == 0
    data = np.load("images.npz")
    namespace = {}
    exec(MODEL, namespace)
    samples = TensorDataset(torch.tensor(data["inputs"]), torch.tensor(data["labels"]))
    pool = {"0": "channels_last", "?": "flatten"}
    loader = DataLoader(samples, batch_size=25)
    found = activations(namespace["network"](), loader, ["0"], pool=pool).features["0"]
    assert found.shape == (60, 4)
    wanted = kstar(found.numpy(), data["labels"])
    results = Sweep.load("runs")
    np.testing.assert_array_equal(results["nets.network", "images", "0"].kstar, wanted)
    assert cli.main(command("nets.py:network", "images.npz", "--pool", "flatten")) == 2
    assert "was made with pool" in capsys.readouterr().err
    for words in (["median"], ["0=median"], ["0=mean", "cls"], ["7=mean"]):
        assert cli.main(command("nets.py:network", "images.npz", "--pool", *words)) == 2
        assert "error: pool: " in capsys.readouterr().err


def test_many_classes_take_a_few_lines_a_layer(folder, capsys, rng):
    """And one screen where a single layer is asked for."""
    labels = np.arange(150) % 50
    inputs = rng.standard_normal((150, 1, 6, 6)).astype(np.float32)
    np.savez("many.npz", inputs=inputs, labels=labels)
    assert cli.main(command("nets.py:network", "many.npz")) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines.count("k* distribution: 150 samples, 50 classes, euclidean") == 2
    assert len(lines) <= 2 * 9
    one = ["sweep", "--model", "nets.py:network", "--data", "many.npz", "--layers", "3"]
    assert cli.main([*one, "--out", "one"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("most ") for line in lines)
    assert len(lines) <= 42


def test_of_pictures_for_a_checkpoint_it_is_said_who_prepares_them(folder, capsys, monkeypatch):
    image = pytest.importorskip("PIL.Image")
    for name in ("a/0.png", "a/1.png", "b/0.png", "b/1.png"):
        (folder / "pictures" / name).parent.mkdir(parents=True, exist_ok=True)
        image.new("RGB", (2, 2)).save(folder / "pictures" / name)
    monkeypatch.setitem(sys.modules, "timm", TIMM)
    torch.save(torch.nn.Linear(4, 3).state_dict(), "my.pt")
    given = ["--model", "timm:net", "--data", "pictures", "--layers", "", "--out", "runs"]
    assert cli.main(["sweep", *given, "--checkpoint", "my.pt"]) == 0
    told = "\npictures: prepared as the library does it"
    assert told in capsys.readouterr().out
    assert cli.main(["sweep", *given[:-1], "others"]) == 0
    assert told not in capsys.readouterr().out


def one_number(picture):
    return torch.full((4,), float(picture.width))


TIMM = SimpleNamespace(
    is_model=lambda _: True,
    create_model=lambda name, pretrained, num_classes=1000: torch.nn.Linear(4, num_classes),
    data=SimpleNamespace(
        resolve_model_data_config=lambda _: {}, create_transform=lambda **_: one_number
    ),
)
