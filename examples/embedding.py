"""Maps: what PCA, t-SNE, Isomap and UMAP show of a latent space, beside what k* says of it.

Pooled features of a ResNet on the test images of Fashion-MNIST, in the look of a printed page.

    pip install ".[embedding,frames]"
    python examples/embedding.py
"""

from collections.abc import Sequence

from networks import resnet
from options import keep, networks_in, parser
from real_data import FASHION_CLASSES
from training import batches, images_and_labels, trained

from kstar_gpu import activations, plot_embedding, theme


def main(argv: Sequence[str] | None = None) -> None:
    """Train; draw."""
    options = parser(__doc__).parse_args(argv)
    network = trained("resnet", resnet, options.fashion_mnist, networks_in(options.out))
    loader = batches(*images_and_labels("t10k", options.fashion_mnist))
    features, labels = activations(network, loader, ["features"])
    with theme():
        figure = plot_embedding(features["features"], labels, FASHION_CLASSES, samples=3000)
        keep(figure, options.out / "embedding.png")


if __name__ == "__main__":
    main()
