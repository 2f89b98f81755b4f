"""Features on the device: the named sets of feature_sets.py, and clusters as networks make them."""

import torch
from feature_sets import load
from torch import Tensor

SPREADS = (0.5, 2.0)  # of classes, about their centres
AT_ONCE = 1 << 16  # samples


def named(name: str, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return features and labels of a set, on the device."""
    features, labels, _ = load(name)
    return torch.from_numpy(features).to(device), torch.from_numpy(labels).to(device)


def clusters(
    samples: int, dimensions: int, classes: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Return float32 features in clusters, made where they are to be.

    As in a network's last layers: variances fall off as 1 / k along directions that are no axes,
    and classes differ in how far they spread, so that some are alone and some overlap.
    """
    generator = torch.Generator(device).manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, device=device, generator=generator)

    spectrum = torch.arange(1, dimensions + 1, device=device).float().rsqrt()
    directions = torch.linalg.qr(normal(dimensions, dimensions)).Q
    centres = normal(classes, dimensions)
    spreads = torch.empty(classes, 1, device=device).uniform_(*SPREADS, generator=generator)
    labels = torch.randint(classes, (samples,), device=device, generator=generator)
    features = torch.empty(samples, dimensions, device=device)
    for start in range(0, samples, AT_ONCE):
        here = slice(start, min(start + AT_ONCE, samples))
        own = labels[here]
        points = centres[own] + spreads[own] * normal(len(own), dimensions)
        torch.mm(points * spectrum, directions, out=features[here])
    return features, labels
