"""Training data: a network that saw textures, one that saw shapes alone, and one that saw both.

As the paper does with ImageNet and Stylized ImageNet, the same ResNet is fitted to plain images, to
stylised ones (their texture destroyed, their shape kept), and to either at random. All three look
at the plain test images, and at stylised ones.

    python examples/training_data.py
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import torch
from networks import resnet
from options import keep, networks_in, parser
from real_data import FASHION_CLASSES
from torch import Tensor, nn
from training import accuracy, batches, images_and_labels, trained
from transformations import blurred

from kstar_gpu import compare, plot_distributions, sweep

TONES = 4
PLAIN, STYLISED = "plain images", "stylised images"


def stylised(images: Tensor) -> Tensor:
    """Blur images (B, 1, 28, 28) into flat tones, and cover them with random stripes."""
    tones = (blurred(images, 0.7) * TONES).round() / TONES
    angle, phase, gap = torch.rand(3, len(images), 1, 1, 1)
    x = torch.arange(28.0).view(1, 1, 1, 28)
    y = x.transpose(2, 3)
    across = x * torch.cos(torch.pi * angle) + y * torch.sin(torch.pi * angle)
    stripes = torch.sin(2 * torch.pi * (across / (3 + 5 * gap) + phase))
    return (tones * (0.75 + 0.25 * stripes)).clamp(0, 1)


def only_stylised(network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Let a network see nothing but stylised images."""
    return stylised(images)


def both(network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Let a network see half of the images stylised."""
    return torch.where(torch.rand(len(images), 1, 1, 1) < 0.5, stylised(images), images)


def main(argv: Sequence[str] | None = None) -> None:
    """Train, sweep, compare; draw and print."""
    options = parser(__doc__).parse_args(argv)
    place = options.fashion_mnist, networks_in(options.out)
    networks = {
        "plain": trained("resnet", resnet, *place),
        "stylised": trained(
            "resnet-stylised", resnet, *place, change=only_stylised, settings=TONES
        ),
        "both": trained("resnet-both", resnet, *place, change=both, settings=TONES),
    }
    images, labels = images_and_labels("t10k", options.fashion_mnist)
    torch.manual_seed(0)
    seen = {PLAIN: images, STYLISED: stylised(images)}
    for name, network in networks.items():
        correct = accuracy(network, seen[STYLISED], labels)
        print(f"trained on {name}: {correct:.1%} of the stylised test images right")
    loaders = {name: batches(each, labels) for name, each in seen.items()}
    results = sweep(networks, loaders, ["features"], class_names=FASHION_CLASSES)

    table = results.to_frame().pivot_table(
        index="class", columns=["data", "model"], values="mean", sort=False
    )
    table = table.sort_index(axis=1, level="data", sort_remaining=False)
    print(f"\nMean k* / class size, n = {len(labels)}\n{table.round(3).to_string()}")
    first, second = (results[name, PLAIN, "features"] for name in ("plain", "stylised"))
    print("\nPlain images, trained on stylised minus trained on plain, paired by image:")
    print(compare(first, second).to_frame().round(3).to_string(index=False))

    figure, panels = plt.subplots(1, 2, figsize=(15, 9), layout="constrained")
    for ax, data in zip(panels, seen, strict=True):
        shown = {f"trained on {name}": results[name, data, "features"] for name in networks}
        plot_distributions(shown, ax)
        ax.set_xlabel(f"k* / class size of {data}")
    keep(figure, options.out / "training_data.png")


if __name__ == "__main__":
    main()
