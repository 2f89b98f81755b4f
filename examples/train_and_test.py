"""Train against test: two questions, and a third that is neither.

1. How does the network hold the images that it was trained on, among themselves?
2. How does it hold test images, among themselves?
3. How do test images, each alone, fit into the training set (the query form of `kstar`)?

Pooled features of a ResNet on Fashion-MNIST. The first two are about one set each; the third says
whether a new sample lands among samples of its class.

    python examples/train_and_test.py
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
from networks import resnet
from options import keep, networks_in, parser
from real_data import FASHION_CLASSES
from training import batches, images_and_labels, trained

from kstar_gpu import activations, kstar_distribution, plot_distributions


def main(argv: Sequence[str] | None = None) -> None:
    """Train, ask the three questions; draw and print."""
    options = parser(__doc__).parse_args(argv)
    network = trained("resnet", resnet, options.fashion_mnist, networks_in(options.out))
    found = {}
    for split in ("train", "t10k"):
        loader = batches(*images_and_labels(split, options.fashion_mnist))
        found[split] = activations(network, loader, ["features"], progress=True)
    train, train_labels = found["train"].features["features"], found["train"].labels
    test, test_labels = found["t10k"].features["features"], found["t10k"].labels
    results = {
        "training images, among themselves": kstar_distribution(
            train, train_labels, FASHION_CLASSES
        ),
        "test images, among themselves": kstar_distribution(test, test_labels, FASHION_CLASSES),
        "test images, each among the training images": kstar_distribution(
            test, test_labels, FASHION_CLASSES, references=train, reference_labels=train_labels
        ),
    }
    columns = ["n", "mean", "skewness_plain", "pattern"]
    for name, result in results.items():
        table = result.to_frame().set_index("class")[columns]
        print(f"\n{name}\n{table.round(3).to_string()}")

    figure, ax = plt.subplots(figsize=(9, 9), layout="constrained")
    plot_distributions(results, ax)
    keep(figure, options.out / "train_and_test.png")


if __name__ == "__main__":
    main()
