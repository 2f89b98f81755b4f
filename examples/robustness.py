"""Robustness: a network trained on adversarial images beside one trained on plain ones.

Both are ResNets for Fashion-MNIST. The attack is projected gradient descent in the maximum norm
(Madry et al., 2018). Their pooled features of the same test images are compared.

    python examples/robustness.py
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import torch
from networks import resnet
from options import keep, networks_in, parser
from real_data import FASHION_CLASSES
from torch import Tensor, nn
from torch.nn import functional as F
from training import accuracy, batches, images_and_labels, trained

from kstar_gpu import compare, plot_compare, plot_distributions, sweep

RADIUS = 0.05  # of the attack, of a pixel's range 0 to 1
TRAINING_STEPS, TEST_STEPS = 3, 20
ATTACKED = 1000  # test images


def pgd(network: nn.Module, images: Tensor, labels: Tensor, steps: int) -> Tensor:
    """Return images within RADIUS that raise the loss, by gradient steps from a random start."""
    network.eval()
    step = 2.5 * RADIUS / steps
    moved = images + RADIUS * (2 * torch.rand_like(images) - 1)
    for _ in range(steps):
        moved = moved.clamp(0, 1).requires_grad_()
        loss = F.cross_entropy(network(moved), labels)
        (slope,) = torch.autograd.grad(loss, moved)
        moved = moved.detach() + step * slope.sign()
        moved = images + (moved - images).clamp(-RADIUS, RADIUS)
    return moved.clamp(0, 1).detach()


def attacked(network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Let a network see nothing but attacked images."""
    return pgd(network, images, labels, TRAINING_STEPS)


def main(argv: Sequence[str] | None = None) -> None:
    """Train, attack, sweep, compare; draw and print."""
    options = parser(__doc__).parse_args(argv)
    place = options.fashion_mnist, networks_in(options.out)
    networks = {
        "plain": trained("resnet", resnet, *place),
        "adversarial": trained(
            "resnet-adversarial", resnet, *place, change=attacked, settings=(RADIUS, TRAINING_STEPS)
        ),
    }
    images, labels = images_and_labels("t10k", options.fashion_mnist)
    for name, network in networks.items():
        torch.manual_seed(0)
        moved = pgd(network, images[:ATTACKED], labels[:ATTACKED], TEST_STEPS)
        correct = accuracy(network, moved, labels[:ATTACKED])
        print(f"{name}: {correct:.1%} of {len(moved)} attacked test images right")
    loader = {"test": batches(images, labels)}
    results = sweep(networks, loader, ["features"], class_names=FASHION_CLASSES)
    plain, adversarial = (results[name, "test", "features"] for name in networks)
    print("\nMean k* / class size, trained on attacked images minus trained on plain ones:")
    print(compare(plain, adversarial).to_frame().round(3).to_string(index=False))

    names = [f"{name} training" for name in networks]
    figure, panels = plt.subplots(1, 2, figsize=(15, 6.5), layout="constrained")
    plot_distributions(dict(zip(names, (plain, adversarial), strict=True)), panels[0])
    plot_compare(plain, adversarial, names, panels[1])
    keep(figure, options.out / "robustness.png")


if __name__ == "__main__":
    main()
