"""Small networks for images of one channel: a ResNet, a ResNeXt, an EfficientNet, and a ViT.

Each has the same named parts, in the same order, so that a list of layers fits all of them: stem,
stage1, stage2, stage3, features (one vector per image), and logits.
"""

from collections import OrderedDict
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LAYERS = ["stem", "stage?", "features", "logits"]
STRIDES = (1, 2, 2)  # of the stages of convolutional networks


def convolution(
    inputs: int, outputs: int, size: int, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    """Return a convolution that keeps the image's size up to its stride, and its normalisation."""
    kernels = nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False)
    return nn.Sequential(kernels, nn.BatchNorm2d(outputs))


class Residual(nn.Module):
    """Adds to its input what a branch makes of it."""

    def __init__(self, branch: nn.Module, shortcut: nn.Module, activation: nn.Module) -> None:
        super().__init__()
        self.branch = branch
        self.shortcut = shortcut
        self.activation = activation

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps (B, C', H', W') of maps (B, C, H, W)."""
        result: Tensor = self.activation(self.branch(maps) + self.shortcut(maps))
        return result


def resnet_block(inputs: int, outputs: int, stride: int) -> nn.Module:
    """Return a basic block (He et al., 2016, figure 5 left)."""
    branch = nn.Sequential(
        convolution(inputs, outputs, 3, stride), nn.ReLU(), convolution(outputs, outputs, 3)
    )
    return Residual(branch, _shortcut(inputs, outputs, stride), nn.ReLU())


def resnext_block(inputs: int, outputs: int, stride: int) -> nn.Module:
    """Return a bottleneck with a grouped convolution (Xie et al., 2017, figure 3c)."""
    branch = nn.Sequential(
        convolution(inputs, outputs, 1),
        nn.ReLU(),
        convolution(outputs, outputs, 3, stride, groups=8),
        nn.ReLU(),
        convolution(outputs, 2 * outputs, 1),
    )
    return Residual(branch, _shortcut(inputs, 2 * outputs, stride), nn.ReLU())


class Squeeze(nn.Module):
    """Weighs channels by what their means say (Hu et al., 2018)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weigh = nn.Sequential(
            nn.Conv2d(channels, channels // 4, 1),
            nn.SiLU(),
            nn.Conv2d(channels // 4, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Return weighed maps (B, C, H, W)."""
        result: Tensor = maps * self.weigh(maps.mean((2, 3), keepdim=True))
        return result


def efficientnet_block(inputs: int, outputs: int, stride: int) -> nn.Module:
    """Return an inverted bottleneck with squeeze and excitation (Tan and Le, 2019)."""
    wide = 3 * inputs
    branch = nn.Sequential(
        convolution(inputs, wide, 1),
        nn.SiLU(),
        convolution(wide, wide, 3, stride, groups=wide),
        nn.SiLU(),
        Squeeze(wide),
        convolution(wide, outputs, 1),
    )
    return Residual(branch, _shortcut(inputs, outputs, stride), nn.Identity())


def _shortcut(inputs: int, outputs: int, stride: int) -> nn.Module:
    if stride == 1 and inputs == outputs:
        return nn.Identity()
    return convolution(inputs, outputs, 1, stride)


def _convolutional(
    block: Callable[[int, int, int], nn.Module], widths: tuple[int, ...], expansion: int = 1
) -> nn.Sequential:
    """Return a network of three stages of two blocks."""
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    inputs = widths[0]
    parts["stem"] = nn.Sequential(convolution(1, inputs, 3, stride=2), nn.ReLU())
    for number, (width, stride) in enumerate(zip(widths, STRIDES, strict=True), 1):
        outputs = expansion * width
        blocks = (block(inputs, width, stride), block(outputs, width, 1))
        parts[f"stage{number}"] = nn.Sequential(*blocks)
        inputs = outputs
    parts["features"] = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    parts["logits"] = nn.Linear(inputs, 10)
    return nn.Sequential(parts)


def resnet() -> nn.Sequential:
    """Return an untrained residual network."""
    return _convolutional(resnet_block, (32, 64, 128))


def resnext() -> nn.Sequential:
    """Return an untrained residual network of grouped convolutions."""
    return _convolutional(resnext_block, (32, 64, 128), expansion=2)


def efficientnet() -> nn.Sequential:
    """Return an untrained network of inverted bottlenecks."""
    return _convolutional(efficientnet_block, (32, 48, 96))


class Patches(nn.Module):
    """Cuts an image into patches, and makes each a token that knows its place."""

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.size = size
        self.embed = nn.Linear(size * size, width)
        self.places = nn.Parameter(0.02 * torch.randn(1, (28 // size) ** 2, width))

    def forward(self, images: Tensor) -> Tensor:
        """Return tokens (B, T, D) of images (B, 1, 28, 28)."""
        patches = F.unfold(images, self.size, stride=self.size).transpose(1, 2)
        tokens: Tensor = self.embed(patches) + self.places
        return tokens


class MeanToken(nn.Module):
    """Makes one vector of a sequence."""

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the mean (B, D) of tokens (B, T, D)."""
        return tokens.mean(1)


def vit(width: int = 64) -> nn.Sequential:
    """Return an untrained vision transformer (Dosovitskiy et al., 2021): six layers."""

    def layers() -> nn.Sequential:
        attention = [
            nn.TransformerEncoderLayer(
                width, 4, 2 * width, 0.0, "gelu", batch_first=True, norm_first=True
            )
            for _ in range(2)
        ]
        return nn.Sequential(*attention)

    return nn.Sequential(
        OrderedDict(
            stem=Patches(4, width),
            stage1=layers(),
            stage2=layers(),
            stage3=layers(),
            features=nn.Sequential(nn.LayerNorm(width), MeanToken()),
            logits=nn.Linear(width, 10),
        )
    )


ARCHITECTURES = {"ResNet": resnet, "ResNeXt": resnext, "EfficientNet": efficientnet, "ViT": vit}
