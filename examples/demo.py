"""What training does to a latent space: k* distributions of a small network on digits.

Run it by `make demo` on a fresh clone, or by hand:

    pip install ".[demo]"
    python examples/demo.py

It trains a small convolutional network on scikit-learn's images of digits, which takes seconds,
and compares two of its layers before and after on images that it was not trained on. Then it
sweeps over all layers of both networks. The tables are printed; the picture, the four results and
a report of the sweep (a page of HTML) are written to ./demo (elsewhere with --out).
"""

import argparse
import copy
import shutil
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from kstar_gpu import activations, kstar_distribution, plot_distributions, sweep
from kstar_gpu.report.page import write_report

EPOCHS = 25
ALL_LAYERS = ["conv.?", "fc.2", "head"]
LAYERS = {"conv": "Convolutional stage", "fc": "Fully connected layer"}

Loader = DataLoader[Any]


def digit_loaders() -> tuple[Loader, Loader]:
    """Return batches of images (B, 1, 8, 8) and labels: one half to train on, one to test."""
    digits = load_digits()
    images = torch.tensor(digits.images[:, None] / 16, dtype=torch.float32)
    samples = TensorDataset(images, torch.tensor(digits.target))
    train, test = train_test_split(samples, test_size=0.5, stratify=digits.target, random_state=0)
    return DataLoader(train, batch_size=32, shuffle=True), DataLoader(test, batch_size=256)


def digit_network() -> nn.Sequential:
    """Return an untrained network: a convolutional stage, a fully connected layer, and a head."""
    first, second = nn.Conv2d(1, 32, 3, padding=1), nn.Conv2d(32, 64, 3, padding=1)
    conv = nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), nn.MaxPool2d(2))
    fc = nn.Sequential(nn.Flatten(), nn.Linear(64 * 4 * 4, 128), nn.ReLU())
    return nn.Sequential(OrderedDict(conv=conv, fc=fc, head=nn.Linear(128, 10)))


def train(network: nn.Module, loader: Loader) -> None:
    """Fit the network to the labels."""
    optimizer = torch.optim.Adam(network.parameters())
    loss_function = nn.CrossEntropyLoss()
    for _ in range(EPOCHS):
        for images, labels in loader:
            optimizer.zero_grad()
            loss_function(network(images), labels).backward()
            optimizer.step()


def main(argv: Sequence[str] | None = None) -> None:
    """Look at the layers, train, look again; then draw and print what was seen."""
    parser = argparse.ArgumentParser(description="k* distributions of a small network on digits")
    parser.add_argument("--out", type=Path, default=Path("demo"), help="folder for the results")
    folder: Path = parser.parse_args(argv).out
    folder.mkdir(parents=True, exist_ok=True)

    torch.manual_seed(0)
    train_loader, test_loader = digit_loaders()
    network = digit_network()
    before = activations(network, test_loader, [*LAYERS], pool="flatten")
    untrained = copy.deepcopy(network)
    train(network, train_loader)
    after = activations(network, test_loader, [*LAYERS, "head"], pool="flatten")
    hits = after.features["head"].argmax(1) == after.labels
    print(f"Accuracy on the test images: {hits.double().mean():.1%}")

    figure, panels = plt.subplots(2, 2, figsize=(13, 9), layout="constrained")
    for row, (layer, name) in zip(panels, LAYERS.items(), strict=True):
        for ax, moment, (features, labels) in zip(
            row, ("before", "after"), (before, after), strict=True
        ):
            result = kstar_distribution(features[layer], labels)
            print(f"\n{name} {moment} training\n{result.summary()}")
            result.save(folder / f"{layer}_{moment}.npz")
            plot_distributions(result, ax)
            ax.set_title(f"{name} {moment} training")
    figure.savefig(folder / "kstar_digits.png", dpi=150)
    plt.close(figure)

    print(
        "\nEach k* is divided by the size of its class: a mean near 1 is a digit that lies together"
        "\nin one region, a mean near 0 one that is scattered in islands among others. Training"
        "\ndraws the digits together, and in the fully connected layer most of all."
        f"\nThe picture is {folder / 'kstar_digits.png'}; the four results are beside it (.npz)."
    )

    shutil.rmtree(folder / "sweep", ignore_errors=True)  # that of a network trained before
    models = {"untrained": untrained, "trained": network}
    layers = sweep(models, {"test images": test_loader}, ALL_LAYERS, out=folder / "sweep")
    images = test_loader.dataset  # whose items begin with one
    write_report(layers, folder / "report.html", title="Digits: k* of every layer", images=images)
    print(f"Every layer of both networks: open {folder / 'report.html'} in a browser.")


if __name__ == "__main__":
    main()
