"""Networks by name and folders of pictures: `make test-zoo` has an environment for them.

Nothing is downloaded: weights are random, at the places where the libraries look for theirs.
"""

import numpy as np
import pytest
import torch
from PIL import Image

from kstar_gpu import Sweep, activations, cli, kstar
from kstar_gpu.networks.datasets import image_folder
from kstar_gpu.networks.picture_folder import ENDINGS, list_pictures
from kstar_gpu.networks.zoo import named_model

timm = pytest.importorskip("timm")
torchvision = pytest.importorskip("torchvision")
CLASSES = ["ant", "bee", "cow"]


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """Put random weights where torchvision keeps what it has downloaded; timm makes its own."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    for name in ("resnet18", "vit_b_32"):
        url = torchvision.models.get_model_weights(name).DEFAULT.url
        torch.manual_seed(0)
        state = torchvision.models.get_model(name).state_dict()
        torch.save(state, tmp_path / "checkpoints" / url.rpartition("/")[2])
    plain = timm.create_model

    def untrained(name, pretrained):
        assert pretrained
        torch.manual_seed(0)
        return plain(name)

    monkeypatch.setattr(timm, "create_model", untrained)


@pytest.fixture
def pictures(tmp_path, rng):
    folder = tmp_path / "pictures"
    for name in CLASSES:
        (folder / name).mkdir(parents=True)
        for number in range(4):
            pixels = rng.integers(256, size=(50, 70, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


@pytest.mark.parametrize(
    ("name", "layers", "widths"),
    [
        ("torchvision:resnet18", ["layer?", "avgpool", "fc"], [64, 128, 256, 512, 512, 1000]),
        ("torchvision:vit_b_32", ["encoder.layers.*_11", "encoder.ln", ""], [768, 768, 1000]),
        ("timm:resnet18", ["layer?", "global_pool", ""], [64, 128, 256, 512, 512, 1000]),
        (
            "timm:efficientnet_b0",
            ["blocks.?", "global_pool"],
            [16, 24, 40, 80, 112, 192, 320, 1280],
        ),
        ("timm:vit_tiny_patch16_224", ["blocks.11", "norm", "head"], [192, 192, 1000]),
    ],
)
def test_layers_of_named_networks(name, layers, widths, weights, pictures):
    model, transform = named_model(name)
    loader, classes = image_folder(pictures, transform, batch=5)
    assert classes == CLASSES
    features, labels = activations(model, loader, layers)
    assert labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert sorted(f.shape[1] for f in features.values()) == sorted(widths)
    assert all(len(f) == 12 for f in features.values())


def test_weights_and_transform_are_the_librarys(weights, pictures):
    model, transform = named_model("torchvision:resnet18")
    torch.manual_seed(0)
    wanted = torchvision.models.resnet18().state_dict()
    assert all(torch.equal(value, wanted[key]) for key, value in model.state_dict().items())
    image = transform(Image.open(pictures / "ant" / "0.png"))
    assert image.shape == (3, 224, 224)
    assert image.min() < -1  # normalised


def test_from_the_command_line(weights, pictures, tmp_path, capsys):
    command = ["sweep", "--model", "timm:resnet18", "--data", str(pictures), "--layers", "layer?"]
    assert cli.main([*command, "--out", str(tmp_path / "runs"), "--batch", "6"]) == 0
    assert "\nlayer4\nk* distribution: 12 samples, 3 classes" in capsys.readouterr().out
    results = Sweep.load(tmp_path / "runs")
    result = results["timm:resnet18", "pictures", "layer2"]
    assert list(result.class_names) == CLASSES
    model, transform = named_model("timm:resnet18")
    loader, _ = image_folder(pictures, transform, batch=6)
    features, labels = activations(model, loader, ["layer2"])
    np.testing.assert_array_equal(result.kstar, kstar(features["layer2"], labels).numpy())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("timm:resnet", "timm has none named 'resnet'"),
        ("torchvision:alex", "torchvision has none named 'alex'"),
        ("timm:resnet50.nope", "timm has no such weights for 'resnet50.nope'"),
        ("timm:cspresnet50d", "timm has no such weights for 'cspresnet50d'"),
    ],
)
def test_unknown_names(name, message):
    with pytest.raises(ValueError, match=message):
        named_model(name)


@pytest.mark.parametrize("library", ["timm", "torchvision"])
def test_a_checkpoint_of_ten_classes(library, pictures, tmp_path, capsys):
    model, _ = named_model(f"{library}:resnet18", weights=False, classes=10)
    torch.save({"state_dict": model.state_dict()}, tmp_path / "my.pt")
    command = ["sweep", "--model", f"{library}:resnet18", "--checkpoint", str(tmp_path / "my.pt")]
    command += ["--data", str(pictures), "--layers", "fc", "--out", str(tmp_path / "runs")]
    assert cli.main(command) == 0
    assert [*Sweep.load(tmp_path / "runs").results] == [
        (f"{library}:resnet18@my", "pictures", "fc")
    ]


def test_pictures_are_listed_in_the_order_of_image_folder(pictures):
    """As the library itself reads them: folders in folders, names in all letters, other files."""
    picture = (pictures / "ant" / "0.png").read_bytes()
    for name in ("ant/0/x.png", "ant/0/deep/w.PNG", "ant/0-/y.jpeg", "Zoo/9.bmp", "Zoo/10.webp"):
        (pictures / name).parent.mkdir(parents=True, exist_ok=True)
        (pictures / name).write_bytes(picture)
    (pictures / "ant" / "notes.txt").touch()
    (pictures / "loose.png").touch()
    wanted = torchvision.datasets.ImageFolder(pictures)
    paths, labels, _ = list_pictures(pictures)
    assert [(str(path), label) for path, label in zip(paths, labels, strict=True)] == wanted.samples
    assert len(paths) == 17
    assert ENDINGS == torchvision.datasets.folder.IMG_EXTENSIONS
