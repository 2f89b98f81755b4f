"""Training on Fashion-MNIST, once: trained networks are kept, and found again by every example."""

import hashlib
import uuid
from collections.abc import Callable
from pathlib import Path

import torch
from real_data import fashion_mnist
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
from tqdm import tqdm

BATCH = 128
EPOCHS = 4  # passes over the 60 000 training images
RATE = 3e-3
# What becomes of a batch before the network is fitted to it: (network, images, labels) -> images.
Change = Callable[[nn.Module, Tensor, Tensor], Tensor]
Loader = DataLoader[tuple[Tensor, ...]]


def images_and_labels(split: str, folder: Path) -> tuple[Tensor, Tensor]:
    """Return images (N, 1, 28, 28), float32 from 0 to 1, and labels (N,)."""
    images, labels = fashion_mnist(split, folder)
    return images / 255, labels


def batches(images: Tensor, labels: Tensor) -> Loader:
    """Return the images in their order, as `activations` and `sweep` take them."""
    return DataLoader(TensorDataset(images, labels), batch_size=500)


def trained(
    name: str,
    make: Callable[[], nn.Module],
    data: Path,
    kept: Path,
    *,
    change: Change | None = None,
    settings: object = None,
) -> nn.Module:
    """Return a network fitted to the training images, and print its accuracy on the test images.

    Parameters
    ----------
    name : of the network, and of its file in the folder `kept`
    make : returns it untrained
    data : folder of Fashion-MNIST
    change : what becomes of each batch before the network sees it
    settings : what else the network depends on: another value is another network
    """
    torch.manual_seed(0)
    network = make()
    recipe = repr((str(network), str(data.resolve()), EPOCHS, BATCH, RATE, settings))
    path = kept / f"{name}-{hashlib.sha256(recipe.encode()).hexdigest()[:8]}.pt"
    if path.exists():
        network.load_state_dict(torch.load(path, weights_only=True))
    else:
        _fit(network, name, data, change)
        kept.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{uuid.uuid4().hex}.partial")
        torch.save(network.state_dict(), partial)
        partial.replace(path)
    network.eval()
    correct = accuracy(network, *images_and_labels("t10k", data))
    print(f"{name}: {correct:.1%} of the test images right", flush=True)
    return network


def _fit(network: nn.Module, name: str, data: Path, change: Change | None) -> None:
    images, labels = images_and_labels("train", data)
    optimizer = torch.optim.AdamW(network.parameters(), RATE)
    steps = EPOCHS * -(-len(images) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    with tqdm(total=steps, desc=f"training {name}") as progress:
        for _ in range(EPOCHS):
            for rows in torch.split(torch.randperm(len(images)), BATCH):
                seen = images[rows]
                if change is not None:
                    seen = change(network, seen, labels[rows])
                network.train()
                optimizer.zero_grad()
                torch.autograd.backward(F.cross_entropy(network(seen), labels[rows]))
                optimizer.step()
                schedule.step()
                progress.update()


@torch.no_grad()
def accuracy(network: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Return the share of images whose largest logit is that of their label."""
    hits = [(network(x).argmax(1) == y).float().sum() for x, y in batches(images, labels)]
    return float(torch.stack(hits).sum() / len(labels))
