"""Input transformations: what noise, blur and rotation do to the latent space of a network.

A ResNet sees the test images of Fashion-MNIST through each transformation at rising strength. Its
pooled features are looked at, and drawn as the mean k* / class size of every class.

    python examples/transformations.py
"""

import math
from collections.abc import Callable, Sequence

import matplotlib.pyplot as plt
import pandas as pd
import torch
from networks import resnet
from options import keep, networks_in, parser
from real_data import FASHION_CLASSES
from torch import Tensor
from torch.nn import functional as F
from training import accuracy, batches, images_and_labels, trained

from kstar_gpu import sweep
from kstar_gpu.plot.colours import CLASSES


def noisy(images: Tensor, strength: float) -> Tensor:
    """Add Gaussian noise of this standard deviation; white is 1."""
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
    return (images + strength * noise).clamp(0, 1)


def blurred(images: Tensor, strength: float) -> Tensor:
    """Blur with a Gaussian of this standard deviation, in pixels."""
    if strength == 0:
        return images
    radius = math.ceil(3 * strength)
    weights = torch.exp(-(torch.arange(-radius, radius + 1.0) ** 2) / (2 * strength**2))
    weights /= weights.sum()
    along = F.conv2d(images, weights.view(1, 1, 1, -1), padding=(0, radius))
    return F.conv2d(along, weights.view(1, 1, -1, 1), padding=(radius, 0))


def rotated(images: Tensor, strength: float) -> Tensor:
    """Turn about the centre by so many degrees."""
    angle = math.radians(strength)
    turn = torch.tensor(
        [[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0]]
    )
    grid = F.affine_grid(turn.expand(len(images), 2, 3), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


TRANSFORMATIONS: dict[str, tuple[Callable[[Tensor, float], Tensor], list[float]]] = {
    "noise (standard deviation)": (noisy, [0, 0.1, 0.2, 0.4, 0.8]),
    "blur (pixels)": (blurred, [0, 0.5, 1, 2, 4]),
    "rotation (degrees)": (rotated, [0, 15, 30, 60, 90]),
}


MARKERS = "os^vD<>Pp*"


def main(argv: Sequence[str] | None = None) -> None:
    """Sweep over the transformed images; draw and print the means."""
    options = parser(__doc__).parse_args(argv)
    network = trained("resnet", resnet, options.fashion_mnist, networks_in(options.out))
    images, labels = images_and_labels("t10k", options.fashion_mnist)
    frames = []
    for name, (transform, strengths) in TRANSFORMATIONS.items():
        for strength in strengths:
            seen = transform(images, strength)
            results = sweep(
                network, batches(seen, labels), ["features"], class_names=FASHION_CLASSES
            )
            frame = results.to_frame().assign(transformation=name, strength=strength)
            frames.append(frame.assign(accuracy=accuracy(network, seen, labels)))
    frame = pd.concat(frames)

    table = frame.pivot_table(
        index=["transformation", "strength", "accuracy"], columns="class", values="mean", sort=False
    )
    print(f"\nMean k* / class size, n = {len(labels)}\n{table.round(3).to_string()}")
    figure, panels = plt.subplots(
        1, len(TRANSFORMATIONS), figsize=(12, 3.6), sharey=True, layout="constrained"
    )
    for ax, (name, part) in zip(panels, frame.groupby("transformation", sort=False), strict=True):
        means = part.pivot_table(index="strength", columns="class", values="mean", sort=False)
        for (label, line), colour, marker in zip(means.items(), CLASSES, MARKERS, strict=True):
            ax.plot(line, color=colour, marker=marker, markersize=4, linewidth=1.2, label=label)
        ax.set(title=name, xlabel="strength", ylim=(0, 1))
    panels[0].set_ylabel("mean of k* / class size")
    figure.legend(handles=panels[0].get_lines(), loc="outside right upper", frameon=False)
    keep(figure, options.out / "transformations.png")


if __name__ == "__main__":
    main()
