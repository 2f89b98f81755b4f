"""Real images and texts that come inside Debian packages: Fashion-MNIST and WordNet."""

import gzip
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")  # dataset-fashion-mnist
WORDNET = Path("/usr/share/wordnet")  # wordnet-base
FASHION_CLASSES = [
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
]
NOUN_CLASSES = [
    *("Tops", "act", "animal", "artifact", "attribute", "body", "cognition", "communication"),
    *("event", "feeling", "food", "group", "location", "motive", "object", "person"),
    *("phenomenon", "plant", "possession", "process", "quantity", "relation", "shape"),
    *("state", "substance", "time"),
]
FIRST_NOUN_CLASS = 3  # number of noun.Tops among WordNet's lexicographer files


def fashion_mnist(split: str, folder: Path = FASHION_MNIST) -> tuple[Tensor, Tensor]:
    """Read images (N, 1, 28, 28) uint8 and labels (N,) int64; the split is "train" or "t10k"."""
    arrays = []
    for kind, header in (("images-idx3", 16), ("labels-idx1", 8)):
        path = existing(folder / f"{split}-{kind}-ubyte.gz", "dataset-fashion-mnist")
        raw = np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=header)
        arrays.append(torch.from_numpy(raw.copy()))
    images, labels = arrays
    return images.view(-1, 1, 28, 28), labels.long()


def noun_definitions(samples: int, folder: Path = WORDNET) -> tuple[list[str], Tensor]:
    """Read a seeded selection of definitions, and their classes: indices into NOUN_CLASSES."""
    texts, labels = [], []
    path = existing(folder / "data.noun", "wordnet-base")
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):  # the licence
            continue
        entry, _, gloss = line.partition(" | ")
        texts.append(gloss.partition('; "')[0].strip())  # the definition without its examples
        labels.append(int(entry.split()[1]) - FIRST_NOUN_CLASS)
    chosen = np.random.default_rng(0).permutation(len(texts))[:samples]
    return [texts[i] for i in chosen], torch.tensor(labels)[chosen]


def existing(path: Path, package: str) -> Path:
    """Return the path if there is such a file, or say which Debian package brings it."""
    if not path.exists():
        raise SystemExit(f"{path} is missing: apt-get install {package}, or name its folder")
    return path
