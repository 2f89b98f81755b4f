"""Layers: how classes come together along the depth of a ResNet and of a vision transformer.

Every stage, the pooled features and the logits, on the test images of Fashion-MNIST.

    python examples/layers.py
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
from networks import LAYERS, resnet, vit
from options import keep, networks_in, parser
from real_data import FASHION_CLASSES
from training import batches, images_and_labels, trained

from kstar_gpu import plot_layers, sweep


def main(argv: Sequence[str] | None = None) -> None:
    """Train, sweep; draw and print."""
    options = parser(__doc__).parse_args(argv)
    place = options.fashion_mnist, networks_in(options.out)
    networks = {
        "ResNet": trained("resnet", resnet, *place),
        "ViT": trained("vit", vit, *place),
    }
    loader = {"test": batches(*images_and_labels("t10k", options.fashion_mnist))}
    results = sweep(networks, loader, LAYERS, class_names=FASHION_CLASSES)

    table = results.to_frame().pivot_table(
        index="class", columns=["model", "layer"], values="mean", sort=False
    )
    print(f"\nMean k* / class size\n{table.round(3).to_string()}")
    figure, panels = plt.subplots(2, 2, figsize=(14, 9), layout="constrained")
    for row, name in zip(panels, networks, strict=True):
        plot_layers(results, name, ax=row[0])
        plot_layers(results, name, ax=row[1], kind="map")
    keep(figure, options.out / "layers.png")


if __name__ == "__main__":
    main()
