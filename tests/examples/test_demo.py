"""The demo: everything that it promises to print and to write, and numbers that are right."""

import importlib.util
from pathlib import Path

import pytest
from PIL import Image

from kstar_gpu import KStarDistribution, Sweep, activations, definition

SCRIPT = Path(__file__).parents[2] / "examples" / "demo.py"
NAMES = ["conv_before", "conv_after", "fc_before", "fc_after"]


@pytest.fixture(scope="module")
def demo():
    spec = importlib.util.spec_from_file_location("demo", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.EPOCHS = 3
    return module


@pytest.fixture(scope="module")
def folder(demo, tmp_path_factory):
    """Run the demo once, into a folder that it has to make."""
    path = tmp_path_factory.mktemp("demo") / "new" / "results"
    with pytest.MonkeyPatch.context() as patch:
        lines = []
        patch.setattr("builtins.print", lambda *values: lines.extend(values))
        demo.main(["--out", str(path)])
    (path / "printed.txt").write_text("\n".join(lines))
    return path


def test_writes_the_picture_and_the_four_results(folder):
    names = {path.name for path in folder.iterdir()} - {"printed.txt"}
    wanted = {"kstar_digits.png", "report.html", "sweep", *(f"{name}.npz" for name in NAMES)}
    assert names == wanted
    with Image.open(folder / "kstar_digits.png") as picture:
        assert picture.size == (1950, 1350)
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 100  # something was drawn


def test_prints_the_accuracy_and_every_table_under_its_heading(folder):
    printed = (folder / "printed.txt").read_text()
    accuracy = float(printed.splitlines()[0].removeprefix("Accuracy on the test images: ")[:-1])
    assert 85 < accuracy <= 100
    headings = {
        "conv_before": "Convolutional stage before training",
        "conv_after": "Convolutional stage after training",
        "fc_before": "Fully connected layer before training",
        "fc_after": "Fully connected layer after training",
    }
    for name, heading in headings.items():
        table = KStarDistribution.load(folder / f"{name}.npz").summary()
        assert f"\n{heading}\n{table}\n" in printed
    assert f"The picture is {folder / 'kstar_digits.png'};" in printed


def test_sweeps_over_every_layer(folder):
    layers = Sweep.load(folder / "sweep")
    assert {key.model for key in layers.results} == {"untrained", "trained"}
    assert [k.layer for k in layers.results if k.model == "trained"] == [
        *(f"conv.{number}" for number in range(5)),
        "fc.2",
        "head",
    ]
    assert "Digits: k* of every layer" in (folder / "report.html").read_text()


def test_training_draws_the_digits_together(folder):
    mean = {name: KStarDistribution.load(folder / f"{name}.npz").mean.mean() for name in NAMES}
    assert mean["fc_after"] > mean["fc_before"]
    assert mean["fc_after"] > mean["conv_after"]


def test_results_are_those_of_the_test_images(demo, folder):
    result = KStarDistribution.load(folder / "fc_before.npz")
    demo.torch.manual_seed(0)
    _, test_loader = demo.digit_loaders()
    features, labels = activations(demo.digit_network(), test_loader, ["fc"])
    assert (definition.kstar(features["fc"].numpy(), labels.numpy()) == result.kstar).all()
