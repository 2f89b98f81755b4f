"""The examples, on a few generated images: each trains, prints its table, and draws its picture."""

import gzip
import importlib
import sys
from collections import OrderedDict
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import torch
from PIL import Image

matplotlib.use("Agg")

EXAMPLES = Path(__file__).parents[2] / "examples"
CLASSES = ["T-shirt/top", "Trouser", "Ankle boot"]


@pytest.fixture(autouse=True)
def scripts(monkeypatch):
    """Let the examples import one another, and nothing else import them afterwards."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    before = set(sys.modules)
    yield
    for name in {path.stem for path in EXAMPLES.glob("*.py")} - before:
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Write a folder as Debian's dataset-fashion-mnist has it: bars at heights of their class."""
    folder = tmp_path_factory.mktemp("fashion")
    rng = np.random.default_rng(0)
    for split, count in (("train", 200), ("t10k", 60)):
        labels = (np.arange(count) % 10).astype(np.uint8)
        images = rng.integers(60, size=(count, 28, 28), dtype=np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[2 * label + 3 : 2 * label + 6] += 190
        for kind, array, header in (("images-idx3", images, 16), ("labels-idx1", labels, 8)):
            content = gzip.compress(bytes(header) + array.tobytes())
            (folder / f"{split}-{kind}-ubyte.gz").write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("out")


def run(name, data, out, *more):
    """Run an example with little training, and return how many colours it has drawn."""
    importlib.import_module("training").EPOCHS = 1
    importlib.import_module(name).main(["--fashion-mnist", str(data), "--out", str(out), *more])
    with Image.open(out / f"{name}.png") as picture:
        colours = picture.convert("RGB").getcolors(1 << 20)
    return sum(max(rgb) > min(rgb) + 20 for _, rgb in colours)  # text and axes are grey


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("layers", ["resnet: ", "vit: ", "stage3", *CLASSES]),
        ("training_data", ["resnet-both: ", "stylised images", "pvalue", *CLASSES]),
        (
            "robustness",
            ["resnet-adversarial: ", "of 60 attacked", "pvalue", *CLASSES],
        ),
        ("transformations", ["rotation (degrees)", "blur (pixels)", *CLASSES]),
        ("embedding", ["resnet: "]),
        ("train_and_test", ["test images, each among the training images", "pattern", *CLASSES]),
    ],
)
def test_trains_prints_and_draws(name, words, data, out, capsys):
    assert run(name, data, out) > 100
    printed = capsys.readouterr().out
    assert "% of the test images right" in printed
    for word in words:
        assert word in printed
    assert f"The picture is {out / name}.png" in printed


def test_architectures(data, out, capsys, monkeypatch):
    architectures = importlib.import_module("architectures")

    class Large(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self._avg_pooling = torch.nn.AdaptiveAvgPool2d(2)

        def forward(self, images):
            assert images.shape[1:] == (3, 112, 112)
            return self._avg_pooling(images)

    parts = OrderedDict(prepare=architectures.Photograph(), network=Large())
    lite = torch.nn.Sequential(parts)
    monkeypatch.setattr(architectures, "efficientnet_lite0", lambda: lite)
    assert run("architectures", data, out) > 100
    printed = capsys.readouterr().out
    for word in ("ResNeXt", "EfficientNet-Lite0 (ImageNet)", "Classes of each pattern", *CLASSES):
        assert word in printed


def test_networks_are_trained_once(data, out, monkeypatch):
    training = importlib.import_module("training")
    networks = importlib.import_module("networks")
    training.EPOCHS = 1
    first = training.trained("once", networks.resnet, data, out).state_dict()
    fit = training._fit
    monkeypatch.setattr(training, "_fit", None)
    second = training.trained("once", networks.resnet, data, out).state_dict()
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    monkeypatch.setattr(training, "_fit", fit)
    training.EPOCHS = 2
    training.trained("once", networks.resnet, data, out)
    training.trained("once", networks.resnet, data, out, settings=0.5)
    assert len([*out.glob("once-*.pt")]) == 3  # another recipe is another network


def test_all_architectures_share_their_layers():
    networks = importlib.import_module("networks")
    for make in networks.ARCHITECTURES.values():
        names = [name for name, _ in make().named_children()]
        assert names == ["stem", "stage1", "stage2", "stage3", "features", "logits"]


def test_missing_data_is_told(tmp_path):
    with pytest.raises(SystemExit, match="is missing: apt-get install dataset-fashion-mnist"):
        run("layers", tmp_path, tmp_path)


def test_transformations_do_what_they_say():
    transformations = importlib.import_module("transformations")
    images = torch.zeros(1, 1, 28, 28)
    images[..., 13:15, 20] = 1  # right of the centre
    for transform, strengths in transformations.TRANSFORMATIONS.values():
        assert strengths[0] == 0
        torch.testing.assert_close(transform(images, 0), images, atol=1e-5, rtol=0)
    turned = transformations.rotated(images, 90)
    torch.testing.assert_close(turned, torch.rot90(images, 1, (2, 3)), atol=1e-4, rtol=0)
    blurred = transformations.blurred(images, 1)
    torch.testing.assert_close(blurred.sum(), images.sum())
    assert blurred.max() < 0.5
    noise = transformations.noisy(images + 0.5, 0.1) - (images + 0.5)
    assert 0.08 < noise[images < 1].std() < 0.12
